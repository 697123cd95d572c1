import type { Action } from '../contract/action.ts';
import { kindOf, propertyKey } from '../contract/ids.ts';
import type { EntityId, PropertyKey } from '../contract/ids.ts';
import { expectedState, isKind, shows } from '../contract/kinds.ts';
import type { Kind } from '../contract/kinds.ts';
import type { Reading, Value } from '../contract/reading.ts';
import type { MonoMs } from '../contract/time.ts';

/** An undone action within this time says that it was not wanted. */
const WINDOW_MS = 5 * 60_000;
/** Entities remembered; the oldest goes first. */
const LIMIT = 1000;
const MAIN_PROPERTIES = ['state', 'mode', 'option'] as const;

interface Done {
  readonly action: Action;
  readonly kind: Kind;
  readonly property: string;
  readonly wanted: Value;
  readonly atMono: MonoMs;
}

/**
 * Notices that somebody undid what we did: a confirmed action whose property shows something else soon after, while
 * no action of ours is under way. MQTT does not say who acted, so this is a hint (`implied`), never proof.
 */
export class ReversalWatch {
  /** By the main property of each entity: the one whose change says that somebody disagreed. */
  readonly #done = new Map<PropertyKey, Done>();
  readonly #actionPending: (entity: EntityId) => boolean;

  /** @param actionPending whether an action of ours on the entity is under way */
  constructor(actionPending: (entity: EntityId) => boolean) {
    this.#actionPending = actionPending;
  }

  confirmed(action: Action, nowMono: MonoMs): void {
    const kind = kindOf(action.entity);
    if (!isKind(kind)) return;
    const expected = expectedState(kind, action.command, action.args);
    // A dimmer still on its way is not a reversal: only the main state says so.
    const property = MAIN_PROPERTIES.find((name) => expected[name] !== undefined);
    if (property === undefined) return;
    const key = propertyKey(action.entity, property);
    this.#done.delete(key);
    this.#done.set(key, { action, kind, property, wanted: expected[property]!, atMono: nowMono });
    if (this.#done.size > LIMIT) {
      for (const oldest of this.#done.keys()) {
        this.#done.delete(oldest);
        break;
      }
    }
  }

  /** One look-up for each of the many readings that undo nothing. @returns the action this reading undoes, once */
  observe(reading: Reading): Action | undefined {
    const done = this.#done.get(reading.key);
    if (done === undefined || reading.retained) return undefined;
    const { action, kind, property, wanted, atMono } = done;
    if (reading.received - atMono > WINDOW_MS) {
      this.#done.delete(reading.key);
      return undefined;
    }
    if (this.#actionPending(action.entity) || shows(kind, property, wanted, reading.value)) return undefined;
    this.#done.delete(reading.key);
    return action;
  }
}
