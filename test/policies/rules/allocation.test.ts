import { describe, expect, it } from 'vitest';
import { createRuleEngine, parsePolicies } from '../../../policies/index.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../../runtime/contract/time.ts';
import { at, TestHouse, TestState } from '../support.ts';

const PROPERTIES = 20;
const RULES = 2000;
/** Readings between two looks at the heap. */
const CHUNK = 50_000;
/** Less than this per chunk is what looking at the heap costs. */
const NOTHING_BYTES = 20_000;

describe('a reading that fires nothing', () => {
  it('allocates nothing, whatever limits it passes', () => {
    const house = new TestHouse({ 'light.hall': {} });
    for (let i = 0; i < PROPERTIES; i++)
      house.add(`sensor.s${i}`, { properties: { value: { unit: '%' }, mode: { values: ['a', 'b'] } } });
    const text = Array.from(
      { length: RULES },
      (_, i) =>
        `- id: r${i}\n  when: sensor.s${i % PROPERTIES}.value > ${(i * 7) % 100}.5 && sensor.s${(i + 1) % PROPERTIES}.mode == "b"\n  then: light.hall.turn_on\n`,
    ).join('');
    const { policies, problems } = parsePolicies([{ name: 'p.yaml', text }]);
    expect(problems).toEqual([]);
    const state = new TestState();
    const slots = Array.from({ length: PROPERTIES }, (_, i) => {
      state.set(`sensor.s${i}.mode`, 'a');
      return [state.set(`sensor.s${i}.value`, 50)];
    });
    const engine = createRuleEngine({ policies, house, tools: [], state, timezone: 'UTC' });
    engine.prime(at(0));
    const keys = slots.map(([slot]) => state.key(slot!));
    // What a reading brings is there before it; only what the engine does is counted. A list of numbers alone would
    // make an object of each that is taken out of it, hence the text.
    const values: readonly Value[] = ['', ...Array.from({ length: 1000 }, (_, i) => (i * 37.25) % 100)];
    const now: { wall: WallMs; mono: MonoMs } = { ...at(0) };
    const none: never[] = [];
    let fired = 0;
    const run = (): number => {
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < CHUNK; i++) {
        const p = i % PROPERTIES;
        state.set(keys[p]!, values[1 + (i % 1000)]);
        fired += engine.changed(slots[p]!, now, false, none).length;
      }
      return process.memoryUsage().heapUsed - before;
    };
    // Until the code is compiled every number is an object. Then three in a row: one alone may have met a collection.
    let quiet = 0;
    let grown = 0;
    for (let chunk = 0; chunk < 100 && quiet < 3; chunk++) {
      grown = run();
      quiet = Math.abs(grown) < NOTHING_BYTES ? quiet + 1 : 0;
    }
    expect(fired).toBe(0);
    expect({ quiet, grown }).toMatchObject({ quiet: 3 });
  });
});
