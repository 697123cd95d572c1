import type { Action } from '../contract/action.ts';
import { entityOf, kindOf, propertyOf } from '../contract/ids.ts';
import type { EntityId } from '../contract/ids.ts';
import { expectedState, isKind, shows } from '../contract/kinds.ts';
import type { Reading, Value } from '../contract/reading.ts';
import type { MonoMs } from '../contract/time.ts';

/** An undone action within this time says that it was not wanted. */
const WINDOW_MS = 5 * 60_000;
/** Entities remembered; the oldest goes first. */
const LIMIT = 1000;
const MAIN_PROPERTIES: ReadonlySet<string> = new Set(['state', 'mode', 'option']);

interface Done {
  readonly action: Action;
  readonly atMono: MonoMs;
  readonly expected: Readonly<Record<string, Value>>;
}

/**
 * Notices that somebody undid what we did: a confirmed action whose property shows something else soon after, while
 * no action of ours is under way. MQTT does not say who acted, so this is a hint (`implied`), never proof.
 */
export class ReversalWatch {
  readonly #done = new Map<EntityId, Done>();
  readonly #actionPending: (entity: EntityId) => boolean;

  /** @param actionPending whether an action of ours on the entity is under way */
  constructor(actionPending: (entity: EntityId) => boolean) {
    this.#actionPending = actionPending;
  }

  confirmed(action: Action, nowMono: MonoMs): void {
    const kind = kindOf(action.entity);
    if (!isKind(kind)) return;
    this.#done.delete(action.entity);
    this.#done.set(action.entity, {
      action,
      atMono: nowMono,
      expected: expectedState(kind, action.command, action.args),
    });
    if (this.#done.size > LIMIT) {
      for (const oldest of this.#done.keys()) {
        this.#done.delete(oldest);
        break;
      }
    }
  }

  /** @returns the action this reading undoes, once */
  observe(reading: Reading): Action | undefined {
    if (this.#done.size === 0 || reading.retained) return undefined;
    const entity = entityOf(reading.key);
    const done = this.#done.get(entity);
    if (done === undefined) return undefined;
    if (reading.received - done.atMono > WINDOW_MS) {
      this.#done.delete(entity);
      return undefined;
    }
    const property = propertyOf(reading.key);
    const wanted = done.expected[property];
    const kind = kindOf(entity);
    // A dimmer still on its way, or a cover that is opening, is not a reversal: only the main state says so.
    if (wanted === undefined || !isKind(kind) || !MAIN_PROPERTIES.has(property)) return undefined;
    if (this.#actionPending(entity)) return undefined;
    if (shows(kind, property, wanted, reading.value)) return undefined;
    this.#done.delete(entity);
    return done.action;
  }
}
