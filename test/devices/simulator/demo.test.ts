import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRegistry, SimulatedHouse, type HouseRegistry } from '../../../devices/index.ts';
import { checkPolicies } from '../../../policies/index.ts';
import type { Message } from '../../../runtime/contract/message.ts';
import type { MonoMs, WallMs } from '../../../runtime/contract/time.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';

const DEMO = fileURLToPath(new URL('../../../examples/demo/', import.meta.url));

function message(topic: string, payload: string): Message {
  return {
    topic,
    payload: Buffer.from(payload),
    qos: 0,
    retained: true,
    duplicate: false,
    at: 0 as WallMs,
    received: 0 as MonoMs,
  };
}

/** The house as the daemon learns it: house.yaml over what the simulator announces. */
function learned(): HouseRegistry {
  const registry = createRegistry({
    clock: new ManualClock(),
    houseFile: parse(readFileSync(`${DEMO}house.yaml`, 'utf8')) as unknown,
  });
  for (const { topic, payload } of new SimulatedHouse().start()) registry.discover(message(topic, payload));
  return registry;
}

describe('examples/demo', () => {
  test('house.yaml names the devices the simulator announces, and nothing else', () => {
    const registry = learned();
    expect(registry.problems()).toEqual([]);
    const named = Object.keys(
      (parse(readFileSync(`${DEMO}house.yaml`, 'utf8')) as { devices: object }).devices,
    );
    const announced = createRegistry({ clock: new ManualClock() });
    for (const { topic, payload } of new SimulatedHouse().start())
      announced.discover(message(topic, payload));
    const ids = [...announced.entities()].map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(named));
    const unnamed = [...registry.entities()].filter(
      ({ commands, area }) => commands.length > 0 && area === undefined,
    );
    expect(unnamed).toEqual([]);
  });

  test('every policy is understood and fits the simulated house', () => {
    const files = readdirSync(`${DEMO}policies`)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => ({ name, text: readFileSync(`${DEMO}policies/${name}`, 'utf8') }));
    const { policies, problems } = checkPolicies(files, learned(), []);
    expect(problems).toEqual([]);
    expect(policies.length).toBeGreaterThanOrEqual(12);
    expect(new Set(policies.map(({ mode }) => mode))).toEqual(new Set(['auto', 'suggest', 'approve']));
    expect(policies.some(({ type }) => type === 'decide')).toBe(true);
  });
});
