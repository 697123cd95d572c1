import { expect, it } from 'vitest';
import { DecisionCache } from '../../../policies/index.ts';
import type { ModelListing } from '../../../runtime/contract/api.ts';
import type { EntityId } from '../../../runtime/contract/ids.ts';
import type { MonoMs } from '../../../runtime/contract/time.ts';
import { CacheWatch } from '../../../runtime/learn/cache-watch.ts';
import { entity, houseOf } from '../../support/house.ts';

const NOW = 1000 as MonoMs;
const fan = entity('fan.a');
const light = entity('light.b');

function rig() {
  const cache = new DecisionCache({ capacity: 10, ttlMs: 1e9 });
  const watch = new CacheWatch(cache, houseOf([fan, light]));
  const keep = (key: string, policy: string, entities: readonly EntityId[] | undefined, by = 'llm'): void =>
    cache.set(key, {
      label: 'none',
      confidence: 1,
      explanation: '',
      by,
      at: NOW,
      policy,
      ...(entities === undefined ? {} : { entities }),
    });
  keep('a', 'air', ['fan.a']);
  keep('b', 'light', ['light.b'], 'onnx');
  keep('c', 'any', undefined, 'onnx');
  const left = (): string[] => ['a', 'b', 'c'].filter((key) => cache.get(key, NOW) !== undefined);
  return { watch, left };
}

it('forgets what hangs on an entity that changed, came or went, and nothing else', () => {
  const { watch, left } = rig();
  watch.houseChanged(houseOf([fan, light]));
  expect(left()).toEqual(['a', 'b', 'c']);
  watch.houseChanged(houseOf([fan, light, entity('switch.new')]));
  expect(left()).toEqual(['a', 'b']);
  watch.houseChanged(houseOf([entity('fan.a', { name: 'Other' }), light]));
  expect(left()).toEqual(['b']);
  watch.houseChanged(houseOf([fan]));
  expect(left()).toEqual([]);
});

it('forgets what a policy decided that was edited', () => {
  const { watch, left } = rig();
  watch.policyChanged('air');
  expect(left()).toEqual(['b', 'c']);
});

it('forgets what a language model said when another one answers by its name', () => {
  const { watch, left } = rig();
  const model = (sizeBytes: number): ModelListing => ({
    name: 'main',
    state: 'ready',
    info: { engine: 'llama', file: '/m.gguf', name: 'm', sizeBytes, details: {} },
  });
  watch.modelsChanged([{ name: 'main', state: 'loading' }]);
  watch.modelsChanged([model(1)]);
  watch.modelsChanged([{ name: 'main', state: 'unloaded' }]);
  watch.modelsChanged([model(1)]);
  expect(left()).toEqual(['a', 'b', 'c']);
  watch.modelsChanged([model(2)]);
  expect(left()).toEqual(['b', 'c']);
});

it('shows how often, and how old, it answers', () => {
  const { watch, left } = rig();
  left();
  watch.policyChanged('air');
  left();
  expect(watch.gauges).toMatchObject({
    cache_answers: 2,
    cache_hits: 5,
    cache_misses: 1,
    cache_hit_rate: 5 / 6,
    cache_mean_age_s: 0,
    cache_invalidated: 1,
  });
});
