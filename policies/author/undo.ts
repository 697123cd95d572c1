import { kindOf } from '../../runtime/contract/ids.ts';
import { parseCall } from '../rules/calls.ts';
import { formatDuration } from '../rules/duration.ts';
import { type Expr, parts, usesNow } from '../rules/expression.ts';
import { parseExpression } from '../rules/syntax.ts';
import type { Draft } from './draft.ts';
import { clockText, conjunction } from './expressions.ts';
import { conjunctsOf, printExpr } from './print.ts';

/** What undoes a command, by kind. Nothing unlocks or opens a valve by itself, and what a value was before nobody knows. */
const UNDO: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  light: { turn_on: 'turn_off', turn_off: 'turn_on' },
  switch: { turn_on: 'turn_off', turn_off: 'turn_on' },
  fan: { turn_on: 'turn_off', turn_off: 'turn_on', set_speed: 'turn_off' },
  humidifier: { turn_on: 'turn_off', turn_off: 'turn_on' },
  media_player: {
    turn_on: 'turn_off',
    turn_off: 'turn_on',
    play: 'pause',
    pause: 'play',
    mute: 'unmute',
    unmute: 'mute',
  },
  cover: { open: 'close', close: 'open' },
  valve: { open: 'close' },
  lock: { unlock: 'lock' },
  siren: { turn_on: 'turn_off' },
  vacuum: { start: 'return_to_base', pause: 'start' },
};

/** The call that undoes another one; undefined where there is none. */
export function undoOf(source: string): string | undefined {
  const parsed = parseCall(source);
  if (!parsed.ok) return undefined;
  const { entity, command } = parsed.value;
  const undo = UNDO[kindOf(entity)]?.[command];
  return undo === undefined ? undefined : `${entity}.${undo}`;
}

/** The rule that ends what `draft` began; undefined where something of it cannot be undone. */
export interface EndRule {
  readonly when: string;
  readonly if?: string;
  readonly then: readonly string[];
}

/**
 * What ends a draft that lasts: some time after its trigger last came true. It keeps the draft's limits of time, moved by
 * that time, so that it lets alone what a person switched on at another hour; other conditions may have changed meanwhile.
 */
export function endOf(draft: Draft): EndRule | undefined {
  if (draft.lasts === undefined) return undefined;
  const when = parseExpression(draft.when.value);
  const then = draft.then.map(({ value }) => undoOf(value));
  if (!when.ok || usesNow(when.value.expr) || then.includes(undefined)) return undefined;
  const after = (draft.hold?.value ?? 0) + draft.lasts.value;
  const limits = draft.if.flatMap(({ value }) => {
    const parsed = parseExpression(value);
    return parsed.ok
      ? conjunctsOf(parsed.value.expr).flatMap((one) => later(one, draft.lasts!.value) ?? [])
      : [];
  });
  return {
    when: `count(${printExpr(when.value.expr)}, ${JSON.stringify(formatDuration(after))}) == 0`,
    ...(limits.length === 0 ? {} : { if: conjunction(limits) }),
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: then.filter((call) => call !== undefined),
  };
}

/** How long a rule lasts whose end is `when`, ms; undefined where it is the end of none. */
export function lastingOf(when: string): { readonly of: string; readonly ms: number } | undefined {
  const parsed = parseExpression(when);
  if (!parsed.ok) return undefined;
  const { expr } = parsed.value;
  if (expr.op !== 'compare' || expr.by !== '==' || expr.left.op !== 'watch') return undefined;
  const { watch } = expr.left;
  if (watch.kind !== 'count' || expr.right.op !== 'literal' || expr.right.value !== 0) return undefined;
  return { of: printExpr(watch.of), ms: watch.ms };
}

/** Degrees the sun moves in a minute, at most. */
const SUN_PER_MINUTE = 0.25;

/** A limit of time, stretched so that it still holds so long after it held; undefined where it is no such limit. */
function later(expr: Expr, ms: number): string | undefined {
  const minutes = Math.ceil(ms / 60_000);
  if (!isOfTime(expr) || minutes >= 1440) return undefined;
  if (expr.op === 'or' || expr.op === 'and') {
    const both = [later(expr.left, ms), later(expr.right, ms)];
    if (both.includes(undefined)) return undefined;
    return both.map((one) => `(${one})`).join(expr.op === 'or' ? ' || ' : ' && ');
  }
  if (expr.op === 'compare' && expr.right.op === 'literal') {
    const limit = expr.right.value;
    if (expr.left.op === 'watch' && typeof limit === 'number') {
      const slack = Math.min(20, Math.round(minutes * SUN_PER_MINUTE * 10) / 10);
      return `sun.elevation ${expr.by} ${limit + (expr.by.startsWith('<') ? slack : -slack)}`;
    }
    if (expr.left.op === 'now' && expr.left.field === 'time' && typeof limit === 'string') {
      if (expr.by.startsWith('>')) return `${printExpr(expr)} || now.time < "${clockText(minutes)}"`;
      const [hour = 0, minute = 0] = limit.split(':').map(Number);
      const end = hour * 60 + minute + minutes;
      return end >= 1440 ? undefined : `now.time ${expr.by} "${clockText(end)}"`;
    }
  }
  return `${printExpr(expr)} || now.time < "${clockText(minutes)}"`;
}

function isOfTime(expr: Expr): boolean {
  if (expr.op === 'literal' || expr.op === 'now') return true;
  if (expr.op === 'watch') return expr.watch.kind === 'elevation';
  if (expr.op === 'property') return false;
  return parts(expr).every(isOfTime);
}
