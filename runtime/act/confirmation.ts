import type { Action } from '../contract/action.ts';
import { expectedState, isKind, shows } from '../contract/kinds.ts';
import type { Kind } from '../contract/kinds.ts';
import { entityOf, kindOf, propertyKey, propertyOf } from '../contract/ids.ts';
import type { EntityId, PropertyKey } from '../contract/ids.ts';
import type { Reading, Value } from '../contract/reading.ts';
import type { MonoMs } from '../contract/time.ts';

interface Expectation {
  readonly action: Action;
  readonly kind: Kind;
  readonly sinceMono: MonoMs;
  /** Properties still to be shown. */
  readonly missing: Map<string, Value>;
}

/**
 * Waits for the state topics to show what actions asked for. Only readings that arrived after the command went out
 * count, and retained ones never do: they tell what was, not what our command did.
 */
export class Confirmations {
  readonly #byEntity = new Map<EntityId, Expectation[]>();

  /** Starts watching. @returns false where the action has nothing to confirm it by */
  expect(action: Action, nowMono: MonoMs): boolean {
    const kind = kindOf(action.entity);
    if (!isKind(kind)) return false;
    const expected = expectedState(kind, action.command, action.args);
    if (Object.keys(expected).length === 0) return false;
    const list = this.#byEntity.get(action.entity);
    const entry: Expectation = {
      action,
      kind,
      sinceMono: nowMono,
      missing: new Map(Object.entries(expected)),
    };
    if (list === undefined) this.#byEntity.set(action.entity, [entry]);
    else list.push(entry);
    return true;
  }

  /** @returns the actions this reading was the last proof of */
  observe(reading: Reading): readonly Action[] {
    if (this.#byEntity.size === 0 || reading.retained) return NONE;
    const list = this.#byEntity.get(entityOf(reading.key));
    if (list === undefined) return NONE;
    const property = propertyOf(reading.key);
    const confirmed: Action[] = [];
    for (const entry of list) {
      const wanted = entry.missing.get(property);
      if (
        wanted === undefined ||
        reading.received < entry.sinceMono ||
        !shows(entry.kind, property, wanted, reading.value)
      )
        continue;
      entry.missing.delete(property);
      if (entry.missing.size === 0) confirmed.push(entry.action);
    }
    for (const action of confirmed) this.forget(action);
    return confirmed;
  }

  /** What has not been shown, as `brightness 20`. */
  missing(action: Action): string {
    const entry = this.#byEntity.get(action.entity)?.find((other) => other.action.id === action.id);
    return entry === undefined
      ? ''
      : [...entry.missing].map(([property, value]) => `${property} ${String(value)}`).join(', ');
  }

  forget(action: Action): void {
    const rest = this.#byEntity.get(action.entity)?.filter((entry) => entry.action.id !== action.id) ?? [];
    if (rest.length === 0) this.#byEntity.delete(action.entity);
    else this.#byEntity.set(action.entity, rest);
  }

  waitsFor(entity: EntityId): boolean {
    return this.#byEntity.has(entity);
  }
}

const NONE: readonly Action[] = [];

/** Whether the present state is what the action wants. */
export function alreadyShown(action: Action, current: (key: PropertyKey) => Value | undefined): boolean {
  const kind = kindOf(action.entity);
  if (!isKind(kind)) return false;
  const expected = Object.entries(expectedState(kind, action.command, action.args));
  return (
    expected.length > 0 &&
    expected.every(([property, wanted]) => {
      const value = current(propertyKey(action.entity, property));
      return value !== undefined && shows(kind, property, wanted, value);
    })
  );
}
