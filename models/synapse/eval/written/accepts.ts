import type { PropertyKey } from '../../../../runtime/contract/ids.ts';
import { entityOf, propertyKey, propertyOf } from '../../../../runtime/contract/ids.ts';
import { isKind, shows } from '../../../../runtime/contract/kinds.ts';
import { kindOf } from '../../../../runtime/contract/ids.ts';
import type { Value } from '../../../../runtime/contract/reading.ts';
import type { StateSnapshot } from '../../../../runtime/contract/state.ts';
import type { Wanted } from './end.ts';

/** Whether the house went from one state to the other as wanted: every property nothing is said of as it was. */
export function endedAs(
  wanted: ReadonlyMap<PropertyKey, readonly Wanted[]>,
  before: StateSnapshot,
  after: StateSnapshot,
): boolean {
  for (const key of keysOf(before, after)) {
    const [was, is] = [valueAt(before, key), valueAt(after, key)];
    const fits = wanted.get(key)?.some((one) => isAs(one, key, was, is)) ?? was === is;
    if (!fits) return false;
  }
  return true;
}

function isAs(wanted: Wanted, key: PropertyKey, was: Value | undefined, is: Value | undefined): boolean {
  if (wanted === 'any') return true;
  if (wanted === 'same') return was === is;
  if (wanted === 'higher') return Number(is) > Number(was);
  if (wanted === 'lower') return Number(is) < Number(was);
  if ('from' in wanted) return typeof is === 'number' && is >= wanted.from && is <= wanted.to;
  const kind = kindOf(entityOf(key));
  return is !== undefined && isKind(kind) && shows(kind, propertyOf(key), wanted.is, is);
}

function keysOf(...states: readonly StateSnapshot[]): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  for (const state of states)
    for (const [id, own] of Object.entries(state))
      for (const property of Object.keys(own)) keys.add(propertyKey(id as `${string}.${string}`, property));
  return keys;
}

function valueAt(state: StateSnapshot, key: PropertyKey): Value | undefined {
  return state[entityOf(key)]?.[propertyOf(key)];
}
