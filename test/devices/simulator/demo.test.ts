import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRegistry, labelOf, link, SimulatedHouse, type HouseRegistry } from '../../../devices/index.ts';
import { checkPolicies, readTree } from '../../../policies/index.ts';
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

  test('the tree of the fresh-air policy fits its features and choices', () => {
    const name = 'fresh-air.yaml';
    const text = readFileSync(`${DEMO}policies/${name}`, 'utf8');
    const [policy] = checkPolicies([{ name, text }], learned(), []).policies;
    if (policy?.type !== 'decide' || policy.tree === undefined) throw new TypeError('fresh-air has no tree');
    const tree = readTree(policy.tree, readFileSync(`${DEMO}policies/${policy.tree}`, 'utf8'));
    const labels = policy.choices.map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining([...tree.choices]));
    const flat = tree.bind(policy.features.map(({ source }) => source));
    const choose = (on: number, co2: number, hour: number): string | undefined =>
      tree.leaves[flat.predict(Float64Array.of(on, co2, hour, 20, 10))]?.choice;
    expect(choose(0, 500, 12)).toBe('none');
    expect(choose(0, 900, 12)).toBe('fan.living_fan.turn_on(speed: 90)');
    expect(choose(1, 900, 12)).toBe('none');
    expect(choose(1, 500, 12)).toBe('fan.living_fan.turn_off');
  });

  test.each([
    ['turn on the hall light', 'light.hall.turn_on'],
    ['kitchen light off', 'light.kitchen.turn_off'],
    ['dim the bedside lamp to 20 percent', 'light.bedroom.turn_on(brightness: 20)'],
    ['lights off upstairs', 'light.bedroom.turn_off; light.bathroom.turn_off'],
    ['open the blinds in the bedroom', 'cover.bedroom_blind.open'],
    ['set the heating to 21', 'climate.living_thermostat.set_temperature(temperature: 21)'],
    ['lock the front door', 'lock.front_door.lock'],
    ['turn off the coffee machine and the tv', 'switch.coffee_machine.turn_off; switch.tv.turn_off'],
    ['set the ventilation to 60 %', 'fan.living_fan.set_speed(speed: 60)'],
  ])('people can say “%s” to it', (text, expected) => {
    const unknown = { get: () => ({ value: undefined, standing: 'unknown', at: 0 as WallMs }) as const };
    const result = link(text, learned(), unknown);
    expect(result.kind === 'certain' ? labelOf(result.calls) : result).toBe(expected);
  });
});
