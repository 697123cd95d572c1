import { describe, expect, it } from 'vitest';
import { createZigbee2mqttDecoder } from '../../../sensors/decode/zigbee2mqtt.ts';
import { message, read, registry } from '../../support/house/world.ts';
import * as z from '../../support/house/zigbee2mqtt.ts';

const DEVICES = 'zigbee2mqtt/bridge/devices';
const decoder = createZigbee2mqttDecoder();

function house(devices: readonly unknown[] = z.ALL_DEVICES) {
  const built = registry();
  expect(built.discover(message(DEVICES, devices))).toBe(true);
  return built;
}

describe('zigbee2mqtt discovery', () => {
  it('turns every device type into entities of its kinds', () => {
    const ids = [...house().entities()].map((entity) => entity.id).toSorted();
    expect(ids).toEqual([
      'binary_sensor.hall_front_door_contact',
      'binary_sensor.hall_front_door_tamper',
      'binary_sensor.hall_motion_occupancy',
      'button.plug_identify',
      'climate.living_trv',
      'cover.bedroom_blind',
      'fan.purifier',
      'light.kitchen_ceiling',
      'lock.front_lock',
      'number.plug_countdown',
      'select.kitchen_ceiling_effect',
      'select.plug_power_on_behavior',
      'sensor.0x00158d0001a2b3c4',
      'sensor.garden_valve',
      'sensor.hall_front_door',
      'sensor.hall_motion',
      'sensor.kitchen_ceiling',
      'sensor.living_trv',
      'sensor.plug',
      'sensor.purifier',
      'sensor.remote',
      'sensor.wall',
      'siren.siren',
      'switch.living_trv_child_lock',
      'switch.plug',
      'switch.wall_left',
      'switch.wall_right',
      'valve.garden_valve',
    ]);
  });

  it('knows ranges, commands and criticality', () => {
    const built = house();
    const light = built.entity('light.kitchen_ceiling');
    expect(light?.properties['color_temp']).toEqual({ unit: 'K', min: 2000, max: 6536 });
    expect(light?.commands).toEqual(['turn_on', 'turn_off', 'toggle']);
    expect(built.entity('lock.front_lock')?.critical).toBe(true);
    expect(built.entity('valve.garden_valve')?.critical).toBe(true);
    expect(built.entity('switch.living_trv_child_lock')?.critical).toBe(false);
    expect(built.entity('climate.living_trv')?.properties['mode']).toEqual({
      values: ['off', 'heat', 'auto'],
    });
    expect(built.entity('sensor.remote')?.target).toBeUndefined();
    expect(built.ofDevice('zigbee2mqtt/plug').map((entity) => entity.id)).toContain('switch.plug');
  });

  it('gives states their plain units and Home Assistant names', () => {
    const built = house();
    const on = (topic: string, payload: object) => read(built, decoder, `zigbee2mqtt/${topic}`, payload);
    expect(
      on('kitchen_ceiling', { state: 'ON', brightness: 127, color_mode: 'xy', color: { x: 0.64, y: 0.33 } }),
    ).toEqual({
      'light.kitchen_ceiling.state': 'on',
      'light.kitchen_ceiling.brightness': 50,
      'light.kitchen_ceiling.color': 'red',
    });
    expect(on('kitchen_ceiling', { color_temp: 370 })).toEqual({ 'light.kitchen_ceiling.color_temp': 2703 });
    expect(on('hall/front door', { contact: false, battery: 90 })).toEqual({
      'binary_sensor.hall_front_door_contact.state': 'on',
      'sensor.hall_front_door.battery': 90,
    });
    expect(on('hall motion', { occupancy: true, illuminance: 12 })).toEqual({
      'binary_sensor.hall_motion_occupancy.state': 'on',
      'sensor.hall_motion.illuminance': 12,
    });
    expect(on('wall', { state_left: 'ON', state_right: 'OFF' })).toEqual({
      'switch.wall_left.state': 'on',
      'switch.wall_right.state': 'off',
    });
    expect(on('bedroom_blind', { state: 'CLOSE', position: 0 })).toEqual({
      'cover.bedroom_blind.state': 'closed',
      'cover.bedroom_blind.position': 0,
    });
    expect(on('front_lock', { state: 'LOCK' })).toEqual({ 'lock.front_lock.state': 'locked' });
    expect(
      on('living_trv', {
        occupied_heating_setpoint: 21,
        local_temperature: 19.5,
        system_mode: 'heat',
        child_lock: 'LOCK',
      }),
    ).toEqual({
      'climate.living_trv.target_temperature': 21,
      'climate.living_trv.temperature': 19.5,
      'climate.living_trv.mode': 'heat',
      'switch.living_trv_child_lock.state': 'on',
    });
    expect(on('purifier', { fan_state: 'ON', fan_mode: 'medium' })).toEqual({
      'fan.purifier.state': 'on',
      'fan.purifier.speed': 67,
    });
    expect(on('remote', { action: 'single' })).toEqual({ 'sensor.remote.action': 'single' });
    expect(on('garden_valve', { state: 'ON' })).toEqual({ 'valve.garden_valve.state': 'open' });
  });

  it('keeps ids when a device is renamed, and forgets one that is removed', () => {
    const built = house([z.plug, z.ceiling]);
    const version = built.version;
    built.discover(message(DEVICES, [{ ...z.plug, friendly_name: 'washing machine' }]));
    expect(built.version).toBe(version + 1);
    expect(built.entity('switch.plug')).toMatchObject({
      name: 'washing machine',
      device: 'zigbee2mqtt/washing machine',
      target: { dialect: 'zigbee2mqtt', address: { set: 'zigbee2mqtt/washing machine/set' } },
    });
    expect(built.entity('light.kitchen_ceiling')).toBeUndefined();
    expect(read(built, decoder, 'zigbee2mqtt/washing machine', { state: 'ON' })).toEqual({
      'switch.plug.state': 'on',
    });
    built.discover(message(DEVICES, [{ ...z.plug, friendly_name: 'washing machine' }]));
    expect(built.version).toBe(version + 1);
  });

  it('corrects what it guessed before the hub spoke, under the same ids', () => {
    const built = registry();
    const guess = read(built, decoder, 'zigbee2mqtt/kitchen_ceiling', {
      brightness: 254,
      state: 'ON',
      linkquality: 3,
    });
    expect(guess).toEqual({
      'light.kitchen_ceiling.brightness': 100,
      'light.kitchen_ceiling.state': 'on',
      'sensor.kitchen_ceiling.linkquality': 3,
    });
    built.discover(message(DEVICES, z.ALL_DEVICES));
    expect(
      read(built, decoder, 'zigbee2mqtt/kitchen_ceiling', { brightness: 254, state: 'ON', linkquality: 3 }),
    ).toEqual(guess);
  });

  it('makes a lamp of a switch that turns out to have brightness', () => {
    const built = registry();
    expect(read(built, decoder, 'zigbee2mqtt/group', { state: 'ON' })).toEqual({
      'switch.group.state': 'on',
    });
    read(built, decoder, 'zigbee2mqtt/group', { state: 'ON', brightness: 100 });
    expect(built.entity('switch.group')).toBeUndefined();
    expect(read(built, decoder, 'zigbee2mqtt/group', { state: 'ON' })).toEqual({ 'light.group.state': 'on' });
  });

  it.each([
    ['no list', { a: 1 }],
    ['cut off', '[{"ieee'],
    ['not UTF-8', new Uint8Array([0x5b, 0xff, 0xfe])],
    ['too large', Buffer.alloc(17 * 1024 * 1024, 32)],
  ])('reports a payload that is %s and keeps the house', (_, payload) => {
    const built = house();
    const version = built.version;
    expect(built.discover(message(DEVICES, payload))).toBe(true);
    expect(built.version).toBe(version);
    expect(built.problems()).toHaveLength(1);
    expect(built.problems()[0]?.message).toMatch(/^Expected .* on zigbee2mqtt\/bridge\/devices but received/);
  });

  it('survives hostile entries', () => {
    const hostile = [
      null,
      7,
      { ieee_address: '__proto__', friendly_name: 'x' },
      { ieee_address: '0x1', friendly_name: 'evil', definition: { exposes: { length: 1e9 } } },
      {
        ieee_address: '0x2',
        friendly_name: '__proto__',
        definition: { exposes: [{ type: 'numeric', name: '__proto__', access: 1 }] },
      },
      {
        ieee_address: '0x3',
        friendly_name: 'constructor',
        definition: { exposes: [{ type: 'light' }, { type: 'binary', property: 'constructor', access: 1 }] },
      },
    ];
    const built = house([...hostile, z.plug]);
    expect(built.entity('switch.plug')).toBeDefined();
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('proto');
  });
});

describe('groups', () => {
  const GROUPS = 'zigbee2mqtt/bridge/groups';
  const member = (device: unknown): object => ({
    ieee_address: (device as { ieee_address: string }).ieee_address,
    endpoint: 1,
  });
  const lights = { id: 1, friendly_name: 'all_lights', members: [member(z.ceiling)], scenes: [] };
  const mixed = { id: 2, friendly_name: 'evening', members: [member(z.ceiling), member(z.plug)], scenes: [] };
  const blinds = { id: 3, friendly_name: 'blinds', members: [member(z.blind)], scenes: [] };
  const odd = { id: 4, friendly_name: 'odd', members: [member(z.ceiling), member(z.motion)], scenes: [] };
  const empty = { id: 5, friendly_name: 'empty', members: [], scenes: [] };
  const groups = [lights, mixed, blinds, odd, empty];
  const ids = (house: ReturnType<typeof registry>): string[] =>
    [...house.entities()]
      .filter(({ device }) => /all_lights|evening|blinds$|odd|empty/.test(device))
      .map(({ id }) => id)
      .toSorted();

  it.each([
    ['devices first', [[DEVICES, z.ALL_DEVICES] as const, [GROUPS, groups] as const]],
    ['groups first', [[GROUPS, groups] as const, [DEVICES, z.ALL_DEVICES] as const]],
  ])('are what all of their members are, %s', (_order, messages) => {
    const house = registry();
    expect(house.discoveryTopics).toContain(GROUPS);
    for (const [topic, payload] of messages) house.discover(message(topic, payload));
    expect(house.problems()).toEqual([]);
    expect(ids(house)).toEqual(['cover.blinds', 'light.all_lights', 'switch.evening']);
    expect(house.entity('light.all_lights')?.target?.address['set']).toBe('zigbee2mqtt/all_lights/set');
    expect(house.entity('light.all_lights')?.commands).toContain('turn_on');
    expect(read(house, decoder, 'zigbee2mqtt/all_lights', { state: 'ON', brightness: 254 })).toEqual({
      'light.all_lights.state': 'on',
      'light.all_lights.brightness': 100,
    });
  });

  it('follow a new name, and go when they are no longer listed', () => {
    const house = registry();
    house.discover(message(DEVICES, z.ALL_DEVICES));
    house.discover(message(GROUPS, groups));
    house.discover(message(GROUPS, [{ ...lights, friendly_name: 'lamps' }]));
    expect(house.entity('light.all_lights')?.target?.address['set']).toBe('zigbee2mqtt/lamps/set');
    expect(house.entity('cover.blinds')).toBeUndefined();
    house.discover(message(GROUPS, []));
    expect(house.entity('light.all_lights')).toBeUndefined();
    expect(house.entity('light.kitchen_ceiling')).toBeDefined();
  });

  it.each([
    [[7]],
    [[{ id: 'x', friendly_name: 7, members: 'y' }]],
    [[{ id: 1, friendly_name: 'a', members: [null, 3, {}] }]],
  ])('stand %j', (payload) => {
    const house = registry();
    house.discover(message(DEVICES, z.ALL_DEVICES));
    const before = [...house.entities()].length;
    house.discover(message(GROUPS, payload));
    expect([...house.entities()]).toHaveLength(before);
  });
});
