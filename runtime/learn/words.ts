import type { LearningSummary } from '../contract/learning.ts';
import type { VersionRecord } from '../../policies/index.ts';

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** How learning stands, in a sentence. */
export function standing(
  { mode, examples, recent }: Pick<LearningSummary, 'mode' | 'examples' | 'recent'>,
  versions: readonly VersionRecord[],
): string {
  if (mode === 'off') return 'Nothing is learned (learn: off).';
  const seen = `${examples} ${examples === 1 ? 'decision' : 'decisions'}`;
  const active = versions.findLast(({ status }) => status === 'active');
  if (active !== undefined) {
    const certified = active.regions.filter(({ outcome }) => outcome === 'certified').length;
    const of = `${certified} of ${active.regions.length} regions certified`;
    return mode === 'shadow'
      ? `Version ${active.id} is good enough to answer and only watches (learn: shadow): ${of}, learned from ${active.rows} decisions.`
      : `Version ${active.id} makes ${percent(recent)} of the decisions: ${of}, learned from ${active.rows} decisions.`;
  }
  const shadow = versions.findLast(({ status }) => status === 'shadow');
  if (shadow !== undefined) {
    const cases = shadow.regions.reduce((sum, region) => sum + region.cases, 0);
    const agreed = shadow.regions.reduce((sum, region) => sum + region.agreed, 0);
    return `Version ${shadow.id}, learned from ${shadow.rows} decisions, is compared with its teacher: it agreed in ${agreed} of ${cases}.`;
  }
  const last = versions.at(-1);
  if (last?.status === 'withdrawn')
    return `The teacher decides, as it has changed; ${seen} to learn from since. ${last.reason}`;
  return `The teacher decides; ${seen} to learn from.`;
}
