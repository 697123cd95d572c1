import type { DecisionCache } from '../../policies/index.ts';
import type { ModelListing } from '../contract/api.ts';
import type { Entity, House } from '../contract/house.ts';
import type { EntityId } from '../contract/ids.ts';

/** Rungs whose answers come from a language model of the configuration. */
const MODEL_RUNGS = ['llm', 'remote'] as const;

/** Has the decision cache forget what hangs on something that has changed. */
export class CacheWatch {
  readonly #cache: DecisionCache;
  /** As they were when it was last looked; entities are replaced when they change, never altered. */
  #entities: ReadonlyMap<EntityId, Entity>;
  #models = new Map<string, string>();

  constructor(cache: DecisionCache, house: House) {
    this.#cache = cache;
    this.#entities = byId(house);
  }

  houseChanged(house: House): void {
    const before = this.#entities;
    const now = byId(house);
    this.#entities = now;
    if (this.#cache.counters().size === 0) return;
    for (const [id, entity] of now) if (before.get(id) !== entity) this.#cache.forget({ entity: id });
    for (const id of before.keys()) if (!now.has(id)) this.#cache.forget({ entity: id });
  }

  /** A policy was edited, or its teacher is not what it was. */
  policyChanged(policy: string): void {
    this.#cache.forget({ policy });
  }

  /** Looks whether another model answers by the name of one that did. One that is not loaded says nothing. */
  modelsChanged(models: readonly ModelListing[]): void {
    for (const { name, info } of models) {
      if (info === undefined) continue;
      const identity = JSON.stringify([info.file, info.name, info.sizeBytes, info.details]);
      const before = this.#models.get(name);
      this.#models.set(name, identity);
      if (before === undefined || before === identity) continue;
      for (const rung of MODEL_RUNGS) this.#cache.forget({ rung });
    }
  }

  get gauges(): Record<string, number> {
    const { size, hits, misses, expired, evicted, invalidated, hitAgeMs } = this.#cache.counters();
    return {
      cache_answers: size,
      cache_hits: hits,
      cache_misses: misses,
      cache_hit_rate: hits + misses === 0 ? 0 : hits / (hits + misses),
      cache_mean_age_s: hits === 0 ? 0 : hitAgeMs / hits / 1000,
      cache_expired: expired,
      cache_evicted: evicted,
      cache_invalidated: invalidated,
    };
  }
}

function byId(house: House): Map<EntityId, Entity> {
  return new Map([...house.entities()].map((entity) => [entity.id, entity]));
}
