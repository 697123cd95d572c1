import { describe, expect, test } from 'vitest';
import { encoderFor, SimulatedHouse } from '../../../devices/index.ts';
import type { Action } from '../../../runtime/contract/action.ts';
import type { EntityId } from '../../../runtime/contract/ids.ts';
import { expectedState, shows } from '../../../runtime/contract/kinds.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { createZigbee2mqttDecoder } from '../../../sensors/decode/zigbee2mqtt.ts';
import { message, read, registry } from '../../support/house/world.ts';

/** Command → dialect → simulated device → its state topic → the house's own words: the whole way round. */
describe('the simulated house and the Zigbee2MQTT dialect agree', () => {
  test.each<[string, string, Record<string, Value>]>([
    ['light.hall', 'turn_on', { brightness: 35 }],
    ['light.living', 'turn_on', { color_temp: 2700 }],
    ['light.living', 'turn_on', { color: '#ff0000' }],
    ['light.kitchen', 'turn_off', {}],
    ['switch.tv', 'turn_off', {}],
    ['fan.living_fan', 'turn_on', { speed: 60 }],
    ['fan.living_fan', 'set_speed', { speed: 25 }],
    ['fan.bathroom_fan', 'turn_off', {}],
    ['cover.living_blind', 'open', {}],
    ['cover.bedroom_blind', 'set_position', { position: 40 }],
    ['climate.living_thermostat', 'set_temperature', { temperature: 22 }],
    ['climate.living_thermostat', 'set_mode', { mode: 'auto' }],
    ['climate.living_thermostat', 'turn_off', {}],
    ['lock.front_door', 'lock', {}],
    ['lock.front_door', 'unlock', {}],
  ])('%s.%s %o', (id, command, args) => {
    const simulated = new SimulatedHouse();
    const house = registry();
    for (const { topic, payload } of simulated.start()) house.discover(message(topic, payload));
    const entity = house.entity(id as EntityId);
    if (entity?.target === undefined) throw new TypeError(`${id} has no target`);
    const action: Action = {
      entity: entity.id,
      command,
      args,
      id: 'a',
      decision: 'd',
      idempotencyKey: 'k',
      deadline: 0 as WallMs,
      repeat: 'safe',
      critical: false,
      before: {},
    };
    for (const { topic, payload } of encoderFor('zigbee2mqtt').encode(action, entity.target))
      simulated.handle(topic, payload);
    const seen: Record<string, Value> = {};
    const decoder = createZigbee2mqttDecoder();
    for (let t = 0; t < 8000; t += 100) {
      for (const { topic, payload } of simulated.step(100))
        Object.assign(seen, read(house, decoder, topic, payload));
    }
    for (const [property, wanted] of Object.entries(expectedState(entity.kind, command, args))) {
      const reported = seen[`${id}.${property}`];
      expect(shows(entity.kind, property, wanted, reported ?? 'nothing'), `${property} is ${reported}`).toBe(
        true,
      );
    }
  });
});
