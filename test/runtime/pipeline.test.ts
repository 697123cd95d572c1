import { expect, it } from 'vitest';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Reading } from '../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { Pipeline } from '../../runtime/pipeline.ts';
import type { PipelineParts } from '../../runtime/pipeline.ts';
import { RuntimeStats } from '../../runtime/stats.ts';

function reading(key: PropertyKey, retained: boolean): Reading {
  return { key, value: 1, at: 0 as WallMs, received: 0 as MonoMs, retained };
}

it('judges what was already so first, and as such, where one message brings both', () => {
  const judged: [boolean, string[]][] = [];
  const stored: string[] = [];
  const keys = (readings: readonly Reading[]) => readings.map(({ key }) => key);
  const parts = {
    fusion: { fuse: () => [1] },
    reflexes: {
      changed: (_slots: readonly number[], retained: boolean, readings: readonly Reading[]) =>
        judged.push([retained, keys(readings)]),
    },
    executor: { observe: () => {} },
    journal: {
      record: (readings: readonly Reading[]) => stored.push(...keys(readings)),
      settle: () => true,
    },
    stats: new RuntimeStats(),
    clock: new ManualClock(),
    onReadings: () => {},
  };
  const pipeline = new Pipeline(parts as unknown as PipelineParts);
  pipeline.readings([reading('sensor.a.x', false), reading('sensor.b.x', true)]);
  pipeline.readings([reading('sensor.a.x', false), reading('sensor.b.x', false)]);
  expect(judged).toEqual([
    [true, ['sensor.b.x']],
    [false, ['sensor.a.x']],
    [false, ['sensor.a.x', 'sensor.b.x']],
  ]);
  expect(stored.length).toBe(4);
});
