import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimulatedHouse, type Publish } from '../../../devices/simulator/house.ts';
import { runSimulator } from '../../../devices/simulator/run.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';

type Json = Readonly<Record<string, unknown>>;

/** Lets time pass in ticks and collects what is published. */
function pass(house: SimulatedHouse, ms: number, tickMs = 100): Publish[] {
  const out: Publish[] = [];
  for (let t = 0; t < ms; t += tickMs) out.push(...house.step(tickMs));
  return out;
}

function of(messages: readonly Publish[], device: string): Json[] {
  return messages
    .filter(({ topic }) => topic === `zigbee2mqtt/${device}`)
    .map(({ payload }) => JSON.parse(payload) as Json);
}

const send = (house: SimulatedHouse, device: string, payload: unknown): void =>
  house.handle(`zigbee2mqtt/${device}/set`, JSON.stringify(payload));

describe('SimulatedHouse', () => {
  test('introduces itself as a bridge does, and says that it is simulated', () => {
    const start = new SimulatedHouse().start();
    const devices = start.find(({ topic }) => topic === 'zigbee2mqtt/bridge/devices');
    expect(devices?.retain).toBe(true);
    const list = JSON.parse(devices?.payload ?? '[]') as {
      friendly_name: string;
      description: string;
      type: string;
    }[];
    expect(list[0]).toMatchObject({ type: 'Coordinator' });
    expect(list.every(({ description }) => description === 'simulated')).toBe(true);
    for (const { friendly_name: name } of list.slice(1)) {
      expect(start).toContainEqual({
        topic: `zigbee2mqtt/${name}/availability`,
        payload: '{"state":"online"}',
        retain: true,
      });
      expect(of(start, name)).toHaveLength(1);
    }
  });

  test('the same seed gives the same house, another seed another one', () => {
    const run = (seed: number): string => JSON.stringify(pass(new SimulatedHouse({ seed }), 20_000));
    expect(run(7)).toBe(run(7));
    expect(run(7)).not.toBe(run(8));
  });

  test('somebody moves within three real seconds at the start, and at any time of day within fifteen', () => {
    const motions = (messages: readonly Publish[]): number =>
      messages.filter(
        ({ topic, payload }) => topic.endsWith('_sensor') && payload.includes('"occupancy":true'),
      ).length;
    for (let seed = 1; seed <= 10; seed++)
      expect(motions(pass(new SimulatedHouse({ seed }), 3000))).toBeGreaterThan(0);
    for (let startHour = 0; startHour < 24; startHour += 3) {
      expect(motions(pass(new SimulatedHouse({ startHour }), 15_000))).toBeGreaterThan(0);
    }
  });

  test('answers a command after a moment, and only then', () => {
    const house = new SimulatedHouse({ answerDelayMs: 150 });
    house.start();
    send(house, 'hall', { state: 'ON', brightness: 127 });
    expect(of(house.step(100), 'hall')).toEqual([]);
    expect(of(house.step(100), 'hall')).toEqual([expect.objectContaining({ state: 'ON', brightness: 127 })]);
  });

  test.each<[string, string, unknown, Json]>([
    ['a bare word', 'tv', 'OFF', { state: 'OFF' }],
    [
      'colour temperature in mired',
      'living',
      { color_temp: 250 },
      { color_temp: 250, color_mode: 'color_temp' },
    ],
    [
      'colour as hex',
      'living',
      { color: { hex: '#ff0000' } },
      { color: { x: 0.6401, y: 0.33, hue: 0, saturation: 100 } },
    ],
    ['brightness 0', 'living', { brightness: 0 }, { state: 'OFF' }],
    ['fan speed', 'living_fan', { speed: 200 }, { state: 'ON', speed: 200 }],
    [
      'heating setpoint',
      'living_thermostat',
      { occupied_heating_setpoint: 21.4 },
      { occupied_heating_setpoint: 21.5 },
    ],
    [
      'heating mode',
      'living_thermostat',
      { system_mode: 'off' },
      { system_mode: 'off', running_state: 'idle' },
    ],
    ['lock', 'front_door', { state: 'LOCK' }, { state: 'LOCK', lock_state: 'locked' }],
  ])('understands %s', (_name, device, payload, shown) => {
    const house = new SimulatedHouse();
    house.handle(
      `zigbee2mqtt/${device}/set`,
      typeof payload === 'string' ? payload : JSON.stringify(payload),
    );
    expect(of(pass(house, 300), device).at(-1)).toMatchObject(shown);
  });

  test('a blind takes its time and stops where it is told to', () => {
    const house = new SimulatedHouse();
    send(house, 'living_blind', { state: 'OPEN' });
    const way = of(pass(house, 3000), 'living_blind').map(({ position }) => Number(position));
    expect(way).toEqual(way.toSorted((a, b) => a - b));
    expect(way.at(-1)).toBeGreaterThan(20);
    house.handle('zigbee2mqtt/living_blind/set', 'STOP');
    const stopped = Number(of(pass(house, 500), 'living_blind').at(-1)?.['position']);
    expect(stopped).toBeLessThan(100);
    expect(of(pass(house, 9000), 'living_blind').at(-1)).toMatchObject({ position: stopped, state: 'OPEN' });
    send(house, 'living_blind', { position: 0 });
    expect(of(pass(house, 9000), 'living_blind').at(-1)).toMatchObject({ position: 0, state: 'CLOSE' });
  });

  test('commands have physical effects: light, CO2, warmth', () => {
    const evening = { startHour: 19, seed: 3 };
    const measure = (device: string, payload: unknown, property: string, minutes: number): number => {
      const house = new SimulatedHouse(evening);
      send(house, device, payload);
      const reports = of(pass(house, minutes * 1000, 1000), 'living_sensor');
      return Number(reports.at(-1)?.[property]);
    };
    expect(measure('living', { state: 'ON', brightness: 254 }, 'illuminance', 3)).toBeGreaterThan(
      measure('living', { state: 'OFF' }, 'illuminance', 3) + 100,
    );
    expect(measure('living_fan', { state: 'ON', speed: 254 }, 'co2', 60)).toBeLessThan(
      measure('living_fan', { state: 'OFF' }, 'co2', 60) - 40,
    );
    expect(
      measure('living_thermostat', { occupied_heating_setpoint: 25 }, 'temperature', 120),
    ).toBeGreaterThan(measure('living_thermostat', { system_mode: 'off' }, 'temperature', 120) + 1);
  });

  test('stays plausible over three days', () => {
    const house = new SimulatedHouse();
    for (const { topic, payload } of pass(house, 3 * 24 * 60_000, 2000)) {
      if (!topic.endsWith('_sensor')) continue;
      const { temperature, humidity, co2 = 500, illuminance } = JSON.parse(payload) as Record<string, number>;
      expect(temperature).toBeGreaterThan(14);
      expect(temperature).toBeLessThan(30);
      expect(humidity).toBeGreaterThanOrEqual(15);
      expect(humidity).toBeLessThanOrEqual(100);
      expect(co2).toBeGreaterThanOrEqual(415);
      expect(co2).toBeLessThan(4000);
      expect(illuminance).toBeLessThan(5000);
    }
  });

  test('faults: a lost command, a slow answer, a device that is away', () => {
    const house = new SimulatedHouse();
    house.start();
    house.faults.dropAnswers('hall');
    send(house, 'hall', { state: 'ON' });
    expect(of(pass(house, 1000), 'hall')).toEqual([]);
    house.faults.delayAnswers('hall', 2000);
    send(house, 'hall', { state: 'ON' });
    expect(of(pass(house, 1500), 'hall')).toEqual([]);
    expect(of(pass(house, 1000), 'hall')).toHaveLength(1);
    house.faults.setOffline('kitchen', true);
    const away = pass(house, 12_000);
    expect(away).toContainEqual({
      topic: 'zigbee2mqtt/kitchen/availability',
      payload: '{"state":"offline"}',
      retain: true,
    });
    expect(of(away, 'kitchen')).toEqual([]);
    house.faults.setOffline('kitchen', false);
    expect(pass(house, 200).map(({ topic }) => topic)).toEqual(
      expect.arrayContaining(['zigbee2mqtt/kitchen/availability', 'zigbee2mqtt/kitchen']),
    );
  });

  test('survives whatever is published to it, and drops what is too much', () => {
    const house = new SimulatedHouse();
    fc.assert(
      fc.property(
        fc.constantFrom('hall', 'living', 'living_blind', 'front_door', '__proto__', 'bridge', ''),
        fc.constantFrom('set', 'get', 'set/state', 'set/__proto__', 'set/color', 'nonsense'),
        fc.oneof(
          fc.json(),
          fc.uint8Array({ maxLength: 64 }),
          fc.constantFrom('{"__proto__":{"state":"ON"}}', '{"brightness":1e999}', ''),
        ),
        (device, verb, payload) => {
          house.handle(`zigbee2mqtt/${device}/${verb}`, payload);
          for (const message of house.step(200))
            expect(() => JSON.parse(message.payload) as unknown).not.toThrow();
        },
      ),
      { numRuns: 300 },
    );
    expect(({} as Json)['state']).toBeUndefined();
    for (let i = 0; i < 400; i++) send(house, 'hall', { state: 'TOGGLE' });
    expect(house.dropped).toBe(400 - 256);
  });
});

describe('runSimulator', () => {
  test('publishes what happens until it is stopped, and hands commands over', () => {
    const clock = new ManualClock();
    const published: { topic: string; payload: string; retain: boolean }[] = [];
    const filters: string[] = [];
    let deliver = (_topic: string, _payload: Uint8Array): void => undefined;
    const running = runSimulator({
      house: new SimulatedHouse(),
      clock,
      client: {
        publish: (topic, payload, { retain }) => published.push({ topic, payload, retain }),
        subscribe: (filter) => filters.push(filter),
        onMessage: (listener) => {
          deliver = listener;
        },
      },
    });
    expect(filters).toEqual(['zigbee2mqtt/+/set', 'zigbee2mqtt/+/set/+', 'zigbee2mqtt/+/get']);
    deliver('zigbee2mqtt/hall/set', Buffer.from('{"state":"ON"}'));
    clock.advance(500);
    expect(of(published, 'hall').at(-1)).toMatchObject({ state: 'ON' });
    running.stop();
    running.stop();
    expect(published.at(-1)).toEqual({
      topic: 'zigbee2mqtt/bridge/state',
      payload: '{"state":"offline"}',
      retain: true,
    });
    const before = published.length;
    clock.advance(10_000);
    expect(published.length).toBe(before);
  });
});
