import type { EntityId } from '../../runtime/contract/ids.ts';
import type { MonoMs } from '../../runtime/contract/time.ts';

/** An answer worth keeping. */
export interface CachedAnswer {
  /** Label of the choice; labels outlive a reordering of choices, indices do not. */
  readonly label: string;
  readonly confidence: number;
  readonly explanation: string;
  /** The rung that gave it. */
  readonly by: string;
  readonly at: MonoMs;
  /** What it hangs on: the policy that asked, and the entities its features look at. */
  readonly policy?: string;
  readonly entities?: readonly EntityId[];
}

/** What has changed, so that answers that hang on it no longer count. */
export type Changed =
  | { readonly policy: string }
  | { readonly entity: EntityId }
  /** A rung that answers otherwise now, as after its model was replaced. */
  | { readonly rung: string };

export interface CacheCounters {
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
  readonly expired: number;
  readonly evicted: number;
  readonly invalidated: number;
  /** Sum of the ages of all hits, ms; by `hits` the mean age. */
  readonly hitAgeMs: number;
}

export interface DecisionCacheOptions {
  /** Answers kept; the least recently used goes first. */
  readonly capacity: number;
  /** An answer older than this no longer counts, ms. */
  readonly ttlMs: number;
}

/** A bounded least-recently-used map with an age limit. It is told the time. */
export class DecisionCache {
  readonly #options: DecisionCacheOptions;
  /** In order of use, the oldest first, as Map keeps insertion order. */
  readonly #entries = new Map<string, CachedAnswer>();
  readonly #count = { hits: 0, misses: 0, expired: 0, evicted: 0, invalidated: 0, hitAgeMs: 0 };

  constructor(options: DecisionCacheOptions) {
    this.#options = options;
  }

  /** Forgets what hangs on something that has changed; returns how many answers. */
  forget(changed: Changed): number {
    const before = this.#entries.size;
    for (const [key, answer] of this.#entries) if (hangsOn(answer, changed)) this.#entries.delete(key);
    const gone = before - this.#entries.size;
    this.#count.invalidated += gone;
    return gone;
  }

  get(key: string, now: MonoMs): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && now - entry.at < this.#options.ttlMs) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#count.hits++;
      this.#count.hitAgeMs += now - entry.at;
      return entry;
    }
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#count.expired++;
    }
    this.#count.misses++;
    return undefined;
  }

  set(key: string, answer: CachedAnswer): void {
    this.#entries.delete(key);
    this.#entries.set(key, answer);
    if (this.#entries.size <= this.#options.capacity) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      this.#count.evicted++;
      break;
    }
  }

  counters(): CacheCounters {
    return { size: this.#entries.size, ...this.#count };
  }
}

/** An answer that does not say what it hangs on may hang on anything. */
function hangsOn({ policy, entities, by }: CachedAnswer, changed: Changed): boolean {
  if ('policy' in changed) return policy === undefined || policy === changed.policy;
  if ('entity' in changed) return entities === undefined || entities.includes(changed.entity);
  return by === changed.rung;
}
