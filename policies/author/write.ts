import { formatDuration } from '../rules/duration.ts';
import { type Draft, END_SUFFIX, type PartSource } from './draft.ts';
import { conjunction } from './expressions.ts';
import { endOf } from './undo.ts';

/** One policy alone, as YAML. */
export interface PolicyText {
  readonly id: string;
  readonly text: string;
}

/** The policies a draft becomes: the rule, and the one that ends it where it lasts. */
export function writeDraft(id: string, draft: Draft): PolicyText[] {
  const { when, if: conditions, hold, then, cooldownMs, priority, mode } = draft;
  const rule = entry(id, [
    ['when', scalar(when.value)],
    ['if', conditions.length === 0 ? undefined : scalar(conjunction(conditions.map(({ value }) => value)))],
    ['for', hold === undefined ? undefined : formatDuration(hold.value)],
    ['then', callsText(then.map(({ value }) => value))],
    ['cooldown', cooldownMs === undefined ? undefined : formatDuration(cooldownMs)],
    ['priority', priority === undefined ? undefined : String(priority)],
    ['mode', mode],
  ]);
  const end = endOf(draft);
  if (end === undefined) return [rule];
  const ending = entry(`${id}${END_SUFFIX}`, [
    ['when', scalar(end.when)],
    ['if', end.if === undefined ? undefined : scalar(end.if)],
    ['then', callsText(end.then)],
    ['mode', mode],
  ]);
  return [rule, ending];
}

/** Every part that words or the rule's defaults gave, in the order of the file. */
export function partsOf(draft: Draft): PartSource[] {
  return [
    { part: 'when', text: draft.when.value, words: draft.when.words },
    ...draft.if.map(({ value, words }, i) => ({ part: `if[${i}]`, text: value, words })),
    ...(draft.hold === undefined
      ? []
      : [{ part: 'for', text: formatDuration(draft.hold.value), words: draft.hold.words }]),
    ...draft.then.map(({ value, words }, i) => ({ part: `then[${i}]`, text: value, words })),
    ...(draft.lasts === undefined
      ? []
      : [{ part: 'lasts', text: formatDuration(draft.lasts.value), words: draft.lasts.words }]),
  ];
}

function entry(id: string, keys: readonly (readonly [string, string | undefined])[]): PolicyText {
  const lines = keys.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}:${value.startsWith('\n') ? '' : ' '}${value}`],
  );
  return { id, text: `id: ${id}\n${lines.join('\n')}\n` };
}

/** A policy as an entry of a file, which is a list. */
export function asEntry(text: string): string {
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (first?.startsWith('-') === true) return text;
  return `- ${text.trimEnd().replaceAll('\n', '\n  ')}\n`;
}

function callsText(calls: readonly string[]): string {
  return calls.length === 1
    ? scalar(calls[0]!)
    : `\n${calls.map((call) => `  - ${scalar(call)}`).join('\n')}`;
}

/** Plain where YAML reads it as the same text, else quoted as in JSON, which YAML takes. */
function scalar(text: string): string {
  const plain = /^[A-Za-z(][^\n\r\t]*$/.test(text) && !/: | #|:$|\s$/.test(text);
  const word = /^(?:true|false|null|yes|no|on|off)$/i.test(text);
  return plain && !word ? text : JSON.stringify(text);
}

/** An id that says what a rule is about, not taken yet: `hall-light-on-when-hall-motion`. */
export function idFor(words: readonly string[], taken: ReadonlySet<string>): string {
  const base =
    words
      .join('-')
      .toLowerCase()
      .normalize('NFKD')
      .replaceAll(/\p{M}/gu, '')
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 48)
      .replace(/-+$/, '') || 'rule';
  let id = base;
  for (let i = 2; taken.has(id) || taken.has(`${id}${END_SUFFIX}`); i++) id = `${base}-${i}`;
  return id;
}
