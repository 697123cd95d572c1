import { formatProblem } from '../../../policies/index.ts';
import type { Config } from '../../config/load.ts';
import { formatDuration } from '../../lib/units.ts';
import { timezoneOf, type PolicyReplay, type ReplayConflict, type ReplayResult } from '../../replay/index.ts';
import { callText } from '../format.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';
import { clean, padEnd, wrap } from '../text.ts';
import { siteTime } from './times.ts';

export interface ReplayReportOptions {
  readonly columns: number;
  readonly style: Style;
  /** Every policy in full, not only those that did something. */
  readonly detailed: boolean;
  readonly config: Config;
}

/** Policies told in full where nobody asked for certain ones, and conflicts. */
const SHOWN = 10;
const TERM = 10;

/** What a replay found, for people: one line for each policy, then what the busiest did, then conflicts and problems. */
export function replayReport(result: ReplayResult, options: ReplayReportOptions): string {
  const { columns, style, detailed, config } = options;
  const at = siteTime(timezoneOf(config));
  const lines: string[] = [`${head(result, at)}\n`];
  const policies = result.policies.toSorted((a, b) => b.fired - a.fired);
  if (policies.length === 0) lines.push('There is no policy to replay.\n');
  else lines.push(overview(policies, result.compared, at, columns));
  const told = detailed
    ? policies
    : policies.filter(({ fired, held }) => fired > 0 || held.length > 0).slice(0, SHOWN);
  for (const policy of told) lines.push(`\n${details(policy, options, at)}`);
  for (const conflict of result.conflicts.slice(0, SHOWN))
    lines.push(`\n${wrap(`${style.warn('conflict')}  ${clean(conflictText(conflict, at))}`, columns)}`);
  if (result.conflicts.length > 0) lines.push('\n');
  if (result.conflictCount > SHOWN) lines.push(`${result.conflictCount} conflicts in all.\n`);
  for (const problem of result.problems) {
    const severity = problem.severity === 'error' ? style.bad('error') : style.warn('warning');
    lines.push(`${wrap(`${severity} ${clean(formatProblem(problem))}`, columns)}\n`);
  }
  return lines.join('');
}

function head(
  { fromMs, toMs, readings, entities, tookMs }: ReplayResult,
  at: (ms: number) => string,
): string {
  const faster = Math.round((toMs - fromMs) / Math.max(1, tookMs)).toLocaleString('en');
  const span = `${at(fromMs)} to ${at(toMs)} (${formatDuration(toMs - fromMs)})`;
  const amount = `${readings.toLocaleString('en')} readings of ${entities} entities`;
  return `Replayed ${span}: ${amount} in ${formatDuration(tookMs)}, ${faster} times as fast as they came.`;
}

function overview(
  policies: readonly PolicyReplay[],
  compared: boolean,
  at: (ms: number) => string,
  columns: number,
): string {
  const rows = policies.map(({ id, mode, fired, firstMs, lastMs, real }) => [
    id,
    mode,
    String(fired),
    firstMs === undefined ? '-' : at(firstMs),
    lastMs === undefined ? '-' : at(lastMs),
    ...(compared ? [real === undefined ? '-' : String(real.decisions)] : []),
  ]);
  return `\n${table(
    [
      { title: 'POLICY', min: Infinity },
      { title: 'MODE' },
      { title: 'FIRED', align: 'right', min: 5 },
      { title: 'FIRST', min: 19 },
      { title: 'LAST', min: 19 },
      ...(compared ? [{ title: 'REALLY', align: 'right', min: 6 } as const] : []),
    ],
    rows,
    columns,
  )}`;
}

function details(
  policy: PolicyReplay,
  { columns, style }: ReplayReportOptions,
  at: (ms: number) => string,
): string {
  const lines = [wrap(`${style.bold(clean(policy.id))}  ${clean(policy.summary)}`, columns)];
  const row = (term: string, text: string): void => {
    const told = wrap(clean(text), columns, ' '.repeat(TERM + 2)).trimStart();
    lines.push(`  ${style.dim(padEnd(term, TERM))}${told}`);
  };
  const { fired, days, calls, refusals, held, real, examples } = policy;
  row(
    'fired',
    fired === 0
      ? 'not once'
      : days.length === 1
        ? `${times(fired)}, on ${days[0]!.day}`
        : `${times(fired)}: ${days.map((one) => `${one.fired} on ${one.day}`).join(', ')}`,
  );
  for (const { entity, command, count, carriedOut, approval } of calls) {
    const fate = [
      ...(carriedOut > 0 ? [`${carriedOut} carried out`] : []),
      ...(approval > 0 ? [`${approval} for a person to approve`] : []),
      ...(count > carriedOut + approval ? [`${count - carriedOut - approval} stopped`] : []),
    ];
    row('did', `${entity}.${command} ${times(count)}: ${fate.join(', ')}`);
  }
  for (const { call, code, reason, count } of refusals)
    row('stopped', `${call} ${times(count)} (${code}): ${reason}`);
  for (const { reason, count } of held) row('held back', `${times(count)}: ${reason}`);
  if (real !== undefined) {
    row(
      'really',
      real.decisions === 0
        ? 'nothing was decided'
        : `decided ${times(real.decisions)}, ${real.same} of them the same as here`,
    );
    if (real.onlyReplayed.length > 0)
      row('', `only here: ${real.onlyReplayed.slice(0, 5).map(at).join(', ')}`);
    if (real.onlyReal.length > 0) row('', `only really: ${real.onlyReal.slice(0, 5).map(at).join(', ')}`);
  }
  for (const { atMs, calls: made, explanation } of examples) {
    const did = made.length === 0 ? 'asked its rungs' : made.map(callText).join(', ');
    row('such as', `${at(atMs)} ${did}${explanation === '' ? '' : `, because ${explanation}`}`);
  }
  return `${lines.join('\n')}\n`;
}

function conflictText({ entity, first, second, kind }: ReplayConflict, at: (ms: number) => string): string {
  if (kind === 'overridden')
    return `${entity}: at ${at(second.atMs)} ${first.policy} did ${first.call}, and ${second.policy} gave way with ${second.call}`;
  const after = formatDuration(second.atMs - first.atMs);
  return `${entity}: at ${at(first.atMs)} ${first.policy} did ${first.call}, ${after} later ${second.policy} did ${second.call}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
