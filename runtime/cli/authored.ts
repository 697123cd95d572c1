import { asEntry } from '../../policies/index.ts';
import type { AuthoredReplay, AuthorReply } from '../contract/authoring.ts';
import type { CommandContext } from './command.ts';
import { clean, wrap } from './text.ts';

type Io = CommandContext['io'];
type Style = CommandContext['style'];

/** A rule that came of a sentence, for people: in words, as YAML, where each part came from, its tests, and the next step. */
export function printAuthored(
  reply: AuthorReply,
  verdict: 'accept' | 'reject' | undefined,
  io: Io,
  style: Style,
): void {
  const line = (text: string): void => io.out(`${text}\n`);
  const paragraph = (text: string, indent = ''): void => line(wrap(clean(text), io.columns, indent));
  if (verdict === 'reject') return paragraph('It was rejected and is not proposed for this sentence again.');
  if (reply.status === 'refused') return printRefused(reply, paragraph, style);
  if (reply.words !== undefined) {
    paragraph(reply.words);
    line('');
  }
  if (reply.diff === undefined) {
    for (const { text } of reply.policies)
      for (const one of asEntry(text).trimEnd().split('\n')) line(`  ${clean(one)}`);
  } else {
    for (const { sign, text } of reply.diff) {
      const shown = `${sign} ${clean(text)}`;
      line(sign === '+' ? style.good(shown) : sign === '-' ? style.bad(shown) : shown);
    }
  }
  line('');
  for (const { part, words } of reply.parts) {
    if (words.length > 0)
      line(`${style.dim(part.padEnd(8))} ${words.map((one) => `“${clean(one)}”`).join(', ')}`);
  }
  for (const note of reply.notes) paragraph(note);
  for (const conflict of reply.conflicts) paragraph(`${style.warn('conflict')} ${conflict}`);
  for (const other of reply.others) paragraph(`${style.dim('or')} ${other}`);
  for (const { name, passed, failures } of reply.tests) {
    line(`${passed ? style.good('passed') : style.bad('failed')} ${clean(name)}`);
    for (const failure of failures) paragraph(failure, '  ');
  }
  if (reply.replay !== undefined) printReplay(reply.replay, line, style);
  printNext(reply, line, style);
}

function printRefused(
  { reason = '', notUnderstood, rules = [] }: AuthorReply,
  paragraph: (text: string, indent?: string) => void,
  style: Style,
): void {
  paragraph(`${style.bad('No rule')}: ${reason}.`);
  if (notUnderstood.length > 0)
    paragraph(`Not understood: ${notUnderstood.map((word) => `“${word}”`).join(', ')}.`);
  for (const rule of rules) paragraph(rule, '  ');
}

function printReplay(
  { fromMs, toMs, policies, conflicts }: AuthoredReplay,
  line: (text: string) => void,
  style: Style,
): void {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  line(`\nReplayed from ${day(fromMs)} to ${day(toMs)} UTC:`);
  for (const { id, fired, days, examples, held } of policies) {
    const on = days.length === 0 ? '' : ` on ${days.length} ${days.length === 1 ? 'day' : 'days'}`;
    line(`  ${style.bold(clean(id))} would have fired ${fired} ${fired === 1 ? 'time' : 'times'}${on}`);
    for (const { atMs, explanation } of examples.slice(0, 3)) line(`    ${day(atMs)} ${clean(explanation)}`);
    for (const { reason, count } of held.slice(0, 3)) line(`    ${count} times not: ${clean(reason)}`);
  }
  for (const conflict of conflicts.slice(0, 5)) line(`  ${style.warn('conflict')} ${clean(conflict)}`);
}

const SUGGESTS = /^mode: suggest$/m;

function printNext(
  { status, draft, versions, policies }: AuthorReply,
  line: (text: string) => void,
  style: Style,
): void {
  line('');
  if (status === 'installed') {
    for (const { policy, version } of versions) line(`${clean(policy)} is kept as version ${version}.`);
    const [first] = versions;
    const only = policies.find(({ id }) => id === first?.policy)?.text;
    if (first !== undefined && only !== undefined && SUGGESTS.test(only))
      line(
        style.dim(
          `It only suggests. Put it to work: ganglion policy author "put it to work" --edit ${clean(first.policy)} --install`,
        ),
      );
    else if (first !== undefined) line(style.dim(`Go back: ganglion policy versions ${clean(first.policy)}`));
    return;
  }
  line(
    style.dim(
      `Keep it: ganglion policy author --accept ${draft ?? ''}   Turn it down: --reject ${draft ?? ''}`,
    ),
  );
}
