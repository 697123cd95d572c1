import type { Call } from '../../contract/action.ts';
import type { Entity } from '../../contract/house.ts';
import { callOf, SWITCHED, type Amount, type Present } from './commands.ts';
import type { Listing } from './listing.ts';
import type { Operand, SaidCall, Target } from './said.ts';
import type { TargetKind } from './tokens.ts';
import type { SaidValue } from './values.ts';

export function amountOf(operand: Operand | undefined, values: readonly SaidValue[]): Amount | undefined {
  if (operand === undefined) return undefined;
  return 'word' in operand ? operand.word : values[operand.value];
}

/** The entities of a kind that a target holds, without those left out. */
export function entitiesOf(
  target: Target,
  kind: TargetKind,
  but: readonly number[],
  listing: Listing,
): readonly Entity[] {
  const members =
    target === 'house' ? listing.members : (listing.byPointer.get(target.pointer)?.members ?? []);
  const out = new Set(but.flatMap((pointer) => listing.byPointer.get(pointer)?.members ?? []));
  return members.filter(
    (entity) => (kind === 'any' ? SWITCHED.has(entity.kind) : entity.kind === kind) && !out.has(entity),
  );
}

/**
 * The calls that were said: areas, floors and the house become their entities, relative changes absolute ones. Entities that
 * cannot do it are passed over: `turn the kitchen red` is about the lamps that have colours.
 */
export function resolveCalls(
  said: readonly SaidCall[],
  listing: Listing,
  values: readonly SaidValue[],
  present: Present,
): Call[] {
  return said.flatMap(({ action, kind, target, but, operand }) => {
    const amount = amountOf(operand, values);
    if (operand !== undefined && amount === undefined) return [];
    return entitiesOf(target, kind, but, listing).flatMap(
      (entity) => callOf(entity, action, amount, present) ?? [],
    );
  });
}
