import type { House } from '../../runtime/contract/house.ts';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import type { Expr } from '../rules/expression.ts';
import { parseExpression } from '../rules/syntax.ts';
import { describeCondition, spanText } from './describe.ts';
import type { Draft } from './draft.ts';
import { allows, mentionsTime, momentsOf, momentWhere, type Sky } from './moment.ts';
import { situationFor, type Situation } from './situation.ts';
import { endOf } from './undo.ts';

type Values = Readonly<Record<PropertyKey, Value>>;

/** A test of a rule: what is given, what happens, what it must do. Times count from the start, ms. */
export interface Scenario {
  /** What it shows: `acts`, `not unless the sun is down`. */
  readonly name: string;
  readonly at: WallMs;
  readonly given: Values;
  readonly when: readonly { readonly afterMs: number; readonly set: Values }[];
  /** Calls in the rule language, in their order; empty: it must do nothing. */
  readonly then: readonly { readonly afterMs: number; readonly calls: readonly string[] }[];
  /** How long it is watched. */
  readonly forMs: number;
}

export interface ScenarioOptions {
  readonly house: Pick<House, 'entity'>;
  readonly sky: Sky;
  /** Scenarios play in the fortnight from here on. */
  readonly from: WallMs;
}

/** From the start to the event. */
const LEAD_MS = 60_000;
const AFTER_MS = 60_000;

/** The sides of a draft's trigger: values before and after it comes true, or the moments at which it comes. */
interface Trigger {
  readonly before: Situation;
  readonly after: Situation;
  readonly moments: readonly number[] | undefined;
}

/**
 * Tests that a draft must pass: it acts; it does not while one of its conditions is not met; not before its time is up; and
 * what lasts ends. None where its trigger asks for more than the present, such as windows.
 */
export function scenariosFor(draft: Draft, options: ScenarioOptions): Scenario[] {
  const when = exprOf(draft.when.value);
  const conditions = draft.if.map(({ value }) => exprOf(value));
  if (when === undefined || conditions.includes(undefined)) return [];
  const parts = conditions.filter((one) => one !== undefined);
  const scenarios: Scenario[] = [];
  const all = played(when, parts, undefined, draft, options);
  if (all !== undefined) scenarios.push({ ...all, name: 'acts' });
  parts.forEach((_, i) => {
    const text = describeCondition(draft.if[i]!.value, options.house);
    const without = played(when, parts, i, draft, options);
    if (without !== undefined) scenarios.push({ ...without, name: `does nothing unless ${text}` });
  });
  const early = all === undefined ? undefined : tooEarly(when, all, draft, options);
  return early === undefined ? scenarios : [...scenarios, early];
}

/** @param broken the condition that is not met */
function played(
  when: Expr,
  conditions: readonly Expr[],
  broken: number | undefined,
  draft: Draft,
  options: ScenarioOptions,
): Omit<Scenario, 'name'> | undefined {
  const { house, sky, from } = options;
  let given: Situation | undefined = new Map();
  for (const [i, condition] of conditions.entries()) {
    if (i === broken && mentionsTime(condition)) continue;
    given = given && situationFor(condition, i !== broken, house, given);
  }
  const trigger = given && triggerOf(when, given, options);
  if (trigger === undefined) return undefined;
  const holdMs = draft.hold?.value ?? 0;
  const end = endOf(draft);
  const ends = end?.if === undefined ? undefined : exprOf(end.if);
  const brokenTime = broken !== undefined && mentionsTime(conditions[broken]!);
  const lastsMs = draft.lasts?.value ?? 0;
  const suits = (wall: number): boolean =>
    allows(when, wall, sky) &&
    // What ends it has limits that are a little wider.
    (!brokenTime || ends === undefined || !allows(ends, wall + holdMs + lastsMs, sky)) &&
    conditions.every((condition, i) => {
      const held = allows(condition, wall + holdMs, sky) && allows(condition, wall + holdMs + AFTER_MS, sky);
      return i === broken && brokenTime ? !allows(condition, wall + holdMs, sky) : held;
    });
  const moment =
    trigger.moments === undefined ? momentWhere(from + LEAD_MS, suits) : trigger.moments.find(suits);
  if (moment === undefined) return undefined;
  const endMs = LEAD_MS + holdMs + lastsMs;
  const then: { afterMs: number; calls: readonly string[] }[] = [];
  if (broken === undefined)
    then.push({ afterMs: LEAD_MS + holdMs, calls: draft.then.map(({ value }) => value) });
  // What ends it does not ask whether it began.
  if (end !== undefined && !brokenTime) then.push({ afterMs: endMs, calls: end.then });
  return {
    at: (moment - LEAD_MS) as WallMs,
    given: Object.fromEntries([...trigger.after, ...trigger.before]),
    when: [{ afterMs: LEAD_MS, set: changesOf(trigger) }],
    // oxlint-disable-next-line unicorn/no-thenable -- given, when, then
    then,
    forMs: endMs + AFTER_MS,
  };
}

/** The same, but its trigger is over before its time is up. */
function tooEarly(
  when: Expr,
  scenario: Omit<Scenario, 'name'>,
  draft: Draft,
  { house }: ScenarioOptions,
): Scenario | undefined {
  const holdMs = draft.hold?.value ?? 0;
  const back = situationFor(when, false, house);
  if (holdMs < 2000 || back === undefined || back.size === 0) return undefined;
  const over = { afterMs: LEAD_MS + holdMs - 1000, set: Object.fromEntries(back) };
  const name = `does nothing where it is over before ${spanText(holdMs)}`;
  // oxlint-disable-next-line unicorn/no-thenable -- given, when, then
  return { ...scenario, name, when: [...scenario.when, over], then: [], forMs: LEAD_MS + holdMs + AFTER_MS };
}

function triggerOf(when: Expr, given: Situation, { house, sky, from }: ScenarioOptions): Trigger | undefined {
  const moments = momentsOf(when, from + LEAD_MS, sky);
  if (moments.length > 0) return { before: given, after: given, moments };
  const after = situationFor(when, true, house, given);
  const before = situationFor(when, false, house, given);
  if (after === undefined || before === undefined || after.size === given.size) return undefined;
  return { before, after, moments: undefined };
}

function changesOf({ before, after }: Trigger): Values {
  return Object.fromEntries([...after].filter(([key, value]) => before.get(key) !== value));
}

function exprOf(source: string): Expr | undefined {
  const parsed = parseExpression(source);
  return parsed.ok ? parsed.value.expr : undefined;
}

/** A scenario in words: `given …; when …; then …`. */
export function describeScenario({ given, when, then }: Scenario): string {
  const values = (set: Values): string =>
    Object.entries(set)
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(', ');
  const start = Object.keys(given).length === 0 ? '' : `given ${values(given)}; `;
  const events = when.map(({ set }) => (Object.keys(set).length === 0 ? 'its time comes' : values(set)));
  const calls = then.map(({ calls: own }) => own.join(', '));
  return `${start}when ${events.join(', then ')}: ${calls.length === 0 ? 'nothing' : calls.join('; then ')}`;
}
