import type { Config } from '../../config/load.ts';
import { formatDuration } from '../../lib/units.ts';
import { timezoneOf, type PartAccount, type PolicyAccount } from '../../replay/index.ts';
import { callText } from '../format.ts';
import type { Style } from '../style.ts';
import { clean, padEnd, wrap } from '../text.ts';
import { siteTime } from './times.ts';

export interface AccountReportOptions {
  readonly columns: number;
  readonly style: Style;
  readonly whyNot: boolean;
  readonly config: Config;
}

const TERM = 11;

/** Why a policy does or does not fire, for people. */
export function accountReport(account: PolicyAccount, options: AccountReportOptions): string {
  const { columns, style, whyNot } = options;
  const { explanation, when, if: only, calls, verdict, needs, fired, held } = account;
  const at = siteTime(timezoneOf(options.config));
  const lines: string[] = [];
  const row = (term: string, text: string): void => {
    const told = wrap(clean(text), columns, ' '.repeat(TERM)).trimStart();
    lines.push(`${style.dim(padEnd(term, TERM))}${told}`);
  };
  row('policy', `${explanation.id} (${explanation.type}, ${explanation.mode}, ${explanation.status})`);
  const source = account.from === 'live' ? 'as the daemon sees it' : 'as history has it';
  row('at', `${at(account.atMs)}, ${source}`);
  if (!whyNot) {
    row('rule', explanation.summary);
    for (const [name, part] of [
      ['when', when],
      ['if', only],
    ] as const) {
      if (part === undefined) continue;
      for (const [i, line] of partLines(part, account, at).entries())
        lines.push(`${style.dim(padEnd(i === 0 ? name : '', TERM))}${wrapPart(line, columns, style)}`);
    }
    for (const { call, fate, reason } of calls) {
      const because = reason === undefined ? '' : `: ${reason}`;
      row('then', `${call}, ${FATES[fate]}${because}`);
    }
    const { lastFired, cooldownLeftMs, holdLeftMs } = explanation;
    row('last fired', lastFired === undefined ? 'never, as far as is known' : at(lastFired));
    if (cooldownLeftMs > 0) row('cooldown', `${formatDuration(cooldownLeftMs)} to go`);
    if (holdLeftMs !== undefined) row('for', `${formatDuration(holdLeftMs)} to go`);
    for (const { atMs, calls: made, explanation: because } of fired) {
      const did = made.length === 0 ? 'asked its rungs' : made.map(callText).join(', ');
      row('fired', `${at(atMs)} ${did}, because ${because}`);
    }
  }
  for (const { atMs, reason } of held) row('held back', `${at(atMs)} ${reason}`);
  for (const { since, reason } of explanation.overdue) row('missed', `${at(since)} ${reason}`);
  lines.push('', wrap(clean(verdict), columns));
  if (needs.length > 0)
    lines.push(
      'For it to act:',
      ...needs.map((need) => `  - ${wrap(clean(need), columns, '    ').trimStart()}`),
    );
  return `${lines.join('\n')}\n`;
}

const FATES = {
  'carried-out': 'nothing stands in its way',
  approval: 'a person has to approve it',
  refused: 'it would be refused',
  open: 'its arguments are worked out when it fires',
} as const;

interface PartLine {
  readonly indent: number;
  readonly value: PartAccount['value'];
  readonly text: string;
}

function partLines(
  part: PartAccount,
  account: PolicyAccount,
  at: (ms: number) => string,
  indent = 0,
): PartLine[] {
  const { value, parts, join } = part;
  if (parts !== undefined) {
    const text = join === 'any' ? 'any of' : 'all of';
    return [{ indent, value, text }, ...parts.flatMap((one) => partLines(one, account, at, indent + 1))];
  }
  return [{ indent, value, text: `${part.source}: ${part.because}${sinceText(part, account, at)}` }];
}

function sinceText({ sinceMs }: PartAccount, account: PolicyAccount, at: (ms: number) => string): string {
  const { atMs, historyFromMs } = account;
  if (sinceMs !== undefined) return `, since ${at(sinceMs)} (${formatDuration(Math.max(0, atMs - sinceMs))})`;
  return historyFromMs === undefined ? '' : `, for at least ${formatDuration(atMs - historyFromMs)}`;
}

function wrapPart({ indent, value, text }: PartLine, columns: number, style: Style): string {
  const paint = value === true ? style.good : value === false ? style.bad : style.warn;
  const room = ' '.repeat(TERM + 2 * indent + 9);
  const told = wrap(clean(text), columns, room).trimStart();
  return `${'  '.repeat(indent)}${paint(padEnd(String(value), 9))}${told}`;
}
