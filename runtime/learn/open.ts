import { CacheRung, DecisionCache } from '../../policies/index.ts';
import type { HouseRegistry } from '../../devices/index.ts';
import type { RuntimeEvent } from '../contract/api.ts';
import type { Rung } from '../contract/rung.ts';
import type { EventBus } from '../lib/event-bus.ts';
import type { Teardown } from '../lib/teardown.ts';
import type { Models } from '../models.ts';
import type { RuntimeStats } from '../stats.ts';
import { CacheWatch } from './cache-watch.ts';
import { Learning, type LearningParts } from './learning.ts';

export interface OpenLearningParts extends Omit<LearningParts, 'onChanged' | 'train'> {
  readonly house: HouseRegistry;
  readonly models: Pick<Models, 'list'>;
  readonly stats: RuntimeStats;
  readonly events: EventBus<RuntimeEvent>;
  readonly teardown: Teardown;
}

export interface OpenedLearning {
  readonly learning: Learning;
  /** Rung `cache` of all policies. */
  readonly cache: Rung;
  /** To be told of every policy that was edited: what it decided before does not count any more. */
  readonly policyChanged: (policy: string) => void;
}

const CACHE_ENTRIES = 1000;
const CACHE_MS = 24 * 3_600_000;

/** Learning and the cache of decisions, told of all that concerns them. `load` is called once the ladders are built. */
export function openLearning(parts: OpenLearningParts): OpenedLearning {
  const { house, models, stats, events, teardown, clock } = parts;
  const cache = new DecisionCache({ capacity: CACHE_ENTRIES, ttlMs: CACHE_MS });
  const watch = new CacheWatch(cache, house);
  const policyChanged = (policy: string): void => watch.policyChanged(policy);
  const learning = new Learning({ ...parts, onChanged: policyChanged });
  teardown.add('learning', async () => learning.stop());
  stats.watch(() => ({ ...watch.gauges, ...learning.gauges }));
  house.onChange(() => watch.houseChanged(house));
  events.subscribe((event) => event.type === 'feedback' && learning.feedback(event.feedback), ['feedback']);
  const mono = () => {
    watch.modelsChanged(models.list());
    return clock.mono();
  };
  return { learning, cache: new CacheRung({ cache, mono }), policyChanged };
}
