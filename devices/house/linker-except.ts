import type { Present } from './linker-command.ts';
import type { HouseIndex } from './linker-index.ts';
import { KIND_WORDS } from './linker-lexicon.ts';
import { parseClause } from './linker-parse.ts';
import { splitClauses } from './linker-split.ts';
import { named, targetsOf, type Reading } from './linker-target.ts';
import type { Token } from './linker-tokenize.ts';

/** What comes before what is left out. */
const EXCEPTIONS: readonly (readonly string[])[] = [
  ['except', 'for'],
  ['except'],
  ['apart', 'from'],
  ['aside', 'from'],
  ['other', 'than'],
  ['excluding'],
  ['besides'],
];
/** `except the ones in the hall` */
const STAND_INS = new Set(['ones', 'those', 'that']);

export interface Excepting {
  readonly tokens: readonly Token[];
  readonly inSpan: readonly boolean[];
  readonly typos: number;
}

/**
 * `turn off everything upstairs except the hall`: what is asked for, without what is left out, where both are certain by
 * themselves, some of it is left out and some is not. Undefined otherwise.
 */
export function linkExcept(
  { tokens, inSpan, typos }: Excepting,
  index: HouseIndex,
  present: Present,
  area: string | undefined,
): Reading | undefined {
  const at = tokens.findIndex((_, i) => inSpan[i] !== true && markerAt(tokens, i) !== undefined);
  const marker = at < 1 ? undefined : markerAt(tokens, at);
  if (marker === undefined) return undefined;
  const orders = splitClauses(tokens.slice(0, at), inSpan.slice(0, at));
  if (orders.length !== 1) return undefined;
  const order = parseClause(orders[0]!.tokens, orders[0]!.inSpan, typos);
  const whole = targetsOf(order, index, present, area).certain;
  if (whole === undefined) return undefined;
  const from = at + marker.length;
  const kept = new Set<string>();
  for (const part of splitClauses(tokens.slice(from), inSpan.slice(from))) {
    const meant = part.tokens.map((token, i) => part.inSpan[i] === true || !STAND_INS.has(token.text));
    const clause = parseClause(
      part.tokens.filter((_, i) => meant[i]),
      part.inSpan.filter((_, i) => meant[i]),
      typos,
    );
    // `except the hall, and lock the door`: another order.
    if (clause.verb !== undefined || clause.quantity !== undefined || clause.nouns.length === 0)
      return undefined;
    if (order.verb !== undefined) clause.verb = order.verb;
    if (order.quantity !== undefined) clause.quantity = order.quantity;
    if (order.aspect !== undefined) clause.aspect ??= order.aspect;
    clause.relative = order.relative;
    clause.kindHints = order.nouns.filter(({ stem }) => KIND_WORDS.has(stem)).slice(-1);
    const left = targetsOf(clause, index, present, area).certain;
    if (left === undefined) return undefined;
    for (const { entity } of left.calls) kept.add(entity);
  }
  const calls = whole.calls.filter(({ entity }) => !kept.has(entity));
  if (calls.length === 0 || calls.length === whole.calls.length) return undefined;
  const members = index.entities.filter(({ entity }) => calls.some((call) => call.entity === entity.id));
  return { ...whole, calls, what: named(members) };
}

function markerAt(tokens: readonly Token[], at: number): readonly string[] | undefined {
  return EXCEPTIONS.find((words) => words.every((word, i) => tokens[at + i]?.text === word));
}
