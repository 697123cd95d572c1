import { isLeaf } from '../tree/tree-file.ts';
import type { Certificate } from '../tree/tree-file.ts';
import type { RegionState, VersionRecord } from './version.ts';

/** Something about a policy's learning that is worth keeping, with a sentence for people. */
export interface DistilEvent {
  readonly kind: 'not-ready' | 'shadow' | 'certified' | 'dropped' | 'withdrawn';
  readonly policy: string;
  readonly version?: number;
  readonly text: string;
}

export function notReadyEvent(
  policy: string,
  rows: number,
  error: number,
  { agreement }: Certificate,
  next: number,
): DistilEvent {
  const text = `A tree learned from ${rows} decisions gets ${percent(error)} of others wrong, too many to show an agreement of ${percent(agreement)}; it is tried again with ${next}.`;
  return { kind: 'not-ready', policy, text };
}

export function certifiedEvent(
  policy: string,
  { id, regions, wanted }: VersionRecord,
  region: RegionState,
): DistilEvent {
  const index = regions.indexOf(region) + 1;
  const text = `Version ${id} agreed with its teacher in ${region.agreed} of ${region.cases} later decisions of region ${index} of ${regions.length}: at least ${percent(region.agreement ?? 0)} at a confidence of ${percent(wanted.confidence)}.`;
  return { kind: 'certified', policy, version: id, text };
}

export function shadowEvent(policy: string, { id, rows, regions, tree }: VersionRecord): DistilEvent {
  const testing = regions.filter(({ outcome }) => outcome === 'testing').length;
  const [only] = tree.nodes;
  const alike =
    only !== undefined && isLeaf(only)
      ? ` It always says ${only.choice}: hardly another choice was made.`
      : '';
  const text = `Version ${id}, learned from ${rows} decisions, is compared with its teacher in ${testing} of its ${regions.length} regions.${alike}`;
  return { kind: 'shadow', policy, version: id, text };
}

export function droppedEvent(policy: string, { id, reason }: VersionRecord): DistilEvent {
  return { kind: 'dropped', policy, version: id, text: `Version ${id} is given up: ${reason}.` };
}

export function withdrawnEvent(policy: string, { id }: VersionRecord, since: number): DistilEvent {
  const text = `Version ${id} has disagreed with its teacher too often in the last ${since} checked decisions; its certificates are withdrawn and the teacher decides again.`;
  return { kind: 'withdrawn', policy, version: id, text };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
