import type { AnswerLanguage } from '../../contract/answer.ts';
import type { Call } from '../../contract/action.ts';
import { expectedState, type Kind } from '../../contract/kinds.ts';
import type { Value } from '../../contract/reading.ts';
import type { Choice } from '../../contract/rung.ts';
import { callOf, type Amount, type Present } from './commands.ts';
import { answersLanguage } from './language.ts';
import type { Line, Listing } from './listing.ts';
import { resolveCalls } from './resolve.ts';
import { writeSaid, type Operand, type SaidCall } from './said.ts';
import { ACTIONS, MAX_VALUES, WORD_VALUES, type TargetKind } from './tokens.ts';
import type { SaidValue } from './values.ts';

/** All answers are scored, so that the ways to say one choice can be added up. */
export const MAX_ANSWERS = 48;
/** Ways to say one choice. */
const MAX_WAYS = 4;
const MAX_CALLS = 4;
/** A policy's calls are what they are, whatever the state: only absolute ones are looked for. */
const UNKNOWN: Present = () => undefined;
const RELATIVE: ReadonlySet<string> = new Set(['up', 'down']);

/** The choices of a policy in the embedded model's language. */
export interface PolicyAnswers {
  readonly language: AnswerLanguage;
  /** The choice an answer stands for, by its tokens without spaces. */
  readonly choiceOf: ReadonlyMap<string, number>;
}

/**
 * Every way to say each of a policy's choices: `fan.bath.turn_on(speed: 60)` is `<set><k_fan><e3><v1>` where the guidance
 * names 60 %, and `<on><k_fan><e3>` in any case; calls on all lamps of an area are said for the area too. What two choices
 * could be is said by neither.
 *
 * Returns the label of a choice that cannot be told from another one, or not be said at all, where there is one.
 */
export function policyAnswers(
  choices: readonly Choice[],
  listing: Listing,
  values: readonly SaidValue[],
): PolicyAnswers | { readonly unsayable: string } {
  const ways = choices.map(({ calls }) => waysOf(calls, listing, values));
  const owners = new Map<string, Set<number>>();
  ways.forEach((own, choice) => {
    for (const way of own) owners.set(way.join(''), (owners.get(way.join('')) ?? new Set()).add(choice));
  });
  const clear = ways.map((own) =>
    own.filter((way) => owners.get(way.join(''))!.size === 1).slice(0, MAX_WAYS),
  );
  const mute = clear.findIndex((own) => own.length === 0);
  if (mute !== -1) return { unsayable: choices[mute]!.label };
  const answers = new Map(clear.flatMap((own, choice) => own.map((way) => [way.join(''), { way, choice }])));
  return {
    language: answersLanguage([...answers.values()].map(({ way }) => way)),
    choiceOf: new Map([...answers].map(([text, { choice }]) => [text, choice])),
  };
}

function waysOf(
  calls: readonly Call[],
  listing: Listing,
  values: readonly SaidValue[],
): readonly (readonly string[])[] {
  if (calls.length === 0) return [writeSaid({ type: 'none' })];
  const grouped = calls.length > 1 ? places(calls, listing, values) : [];
  const single = calls.map((call) => entityWays(call, listing, values));
  if (calls.length > MAX_CALLS || single.some((own) => own.length === 0)) return grouped;
  // Values named or left out for all of them alike.
  const most = Math.max(...single.map((own) => own.length));
  const joined = Array.from({ length: most }, (_, i) =>
    writeSaid({ type: 'calls', calls: single.map((own) => own[Math.min(i, own.length - 1)]!) }),
  );
  return [...grouped, ...joined];
}

/** An area, a floor or the house, where that is exactly these calls. */
function places(calls: readonly Call[], listing: Listing, values: readonly SaidValue[]): string[][] {
  const wanted = new Set(calls.map((call) => spelled(call)));
  const entity = listing.members.find(({ id }) => id === calls[0]!.entity);
  if (entity === undefined) return [];
  const targets = [
    ...listing.lines.filter(({ type }) => type !== 'entity').map(({ pointer }) => ({ pointer })),
    'house' as const,
  ];
  return targets.flatMap((target) =>
    sayings(values).flatMap(({ call }) => {
      const said = { ...call, kind: entity.kind as TargetKind, target };
      const resolved = resolveCalls([said], listing, values, UNKNOWN);
      const same = resolved.length === wanted.size && resolved.every((one) => wanted.has(spelled(one)));
      return same ? [[...writeSaid({ type: 'calls', calls: [said] })]] : [];
    }),
  );
}

/** With its values first, then without those that the guidance does not name. */
function entityWays(call: Call, listing: Listing, values: readonly SaidValue[]): SaidCall[] {
  const line = listing.lines.find(
    (one): one is Extract<Line, { type: 'entity' }> => one.type === 'entity' && one.entity.id === call.entity,
  );
  if (line === undefined) return [];
  const { entity, pointer } = line;
  const wanted = effectOf(entity.kind, call);
  const made = (said: Saying): { said: SaidCall; tells: number } | undefined => {
    const own = callOf(entity, said.action, said.amount, UNKNOWN);
    if (own === undefined) return undefined;
    const effect = Object.entries(effectOf(entity.kind, own));
    if (effect.length === 0 || effect.some(([name, value]) => wanted[name] !== value)) return undefined;
    const whole = { ...said.call, kind: entity.kind as TargetKind, target: { pointer } };
    return { said: whole, tells: effect.filter(([name]) => name !== 'state').length };
  };
  const found = sayings(values).flatMap((saying) => made(saying) ?? []);
  return found.toSorted((a, b) => b.tells - a.tells).map(({ said }) => said);
}

/** What a call comes to: a fan is set to 60 % by `turn_on` and by `set_speed`. Itself where no state shows it. */
function effectOf(kind: Kind, call: Call): Record<string, Value> {
  const effect = expectedState(kind, call.command, call.args);
  return Object.keys(effect).length > 0 ? effect : { [call.command]: JSON.stringify(call.args) };
}

interface Saying {
  readonly action: SaidCall['action'];
  readonly amount: Amount | undefined;
  readonly call: Pick<SaidCall, 'action' | 'but' | 'operand'>;
}

function sayings(values: readonly SaidValue[]): Saying[] {
  const operands: readonly (readonly [Operand, Amount])[] = [
    ...values.slice(0, MAX_VALUES).map((value, i) => [{ value: i }, value] as const),
    ...WORD_VALUES.map((word) => [{ word }, word] as const),
  ];
  return ACTIONS.filter((action) => !RELATIVE.has(action)).flatMap((action): Saying[] =>
    action === 'set'
      ? operands.map(([operand, amount]) => ({ action, amount, call: { action, but: [], operand } }))
      : [{ action, amount: undefined, call: { action, but: [] } }],
  );
}

function spelled({ entity, command, args }: Call): string {
  return JSON.stringify([entity, command, Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
