import { describe, expect, it } from 'vitest';
import { createPointsDecoder } from '../../../sensors/decode/points.ts';
import { message, read, registry } from '../../support/house/world.ts';

function house(configs: Readonly<Record<string, unknown>>) {
  const built = registry();
  for (const [topic, config] of Object.entries(configs)) {
    expect(built.discover(message(`homeassistant/${topic}/config`, config as object))).toBe(true);
  }
  return { built, decoder: createPointsDecoder({ dialect: 'homeassistant', source: built }) };
}

const device = { ids: ['dev1'], name: 'Boiler', sa: 'Cellar' };

describe('homeassistant discovery', () => {
  it('gathers the sensors of one device into one entity, with units, templates and abbreviations', () => {
    const { built, decoder } = house({
      'sensor/boiler/flow': {
        '~': 'heat/1',
        name: 'Flow',
        stat_t: '~/state',
        val_tpl: '{{ value_json.flow | float / 10 }}',
        unit_of_meas: '°C',
        dev: device,
      },
      'sensor/boiler/return': {
        name: null,
        dev_cla: 'temperature',
        state_topic: 'heat/1/state',
        value_template: '{{ value_json.ret }}',
        unit_of_measurement: '°F',
        device,
      },
      'binary_sensor/boiler/flame': {
        name: 'Flame',
        stat_t: 'heat/1/flame',
        pl_on: 'true',
        pl_off: 'false',
        avty_t: 'heat/1/lwt',
        dev: device,
      },
    });
    expect([...built.entities()].map((entity) => [entity.id, entity.area])).toEqual([
      ['sensor.boiler', 'cellar'],
      ['binary_sensor.boiler_flame', 'cellar'],
    ]);
    expect(decoder.topics.toSorted()).toEqual(['heat/1/flame', 'heat/1/lwt', 'heat/1/state']);
    expect(read(built, decoder, 'heat/1/state', { flow: 415, ret: 86 })).toEqual({
      'sensor.boiler.flow': 41.5,
      'sensor.boiler.temperature': 30,
    });
    expect(read(built, decoder, 'heat/1/flame', 'true')).toEqual({
      'binary_sensor.boiler_flame.state': 'on',
    });
    expect(decoder.decode(message('heat/1/lwt', 'offline'))).toEqual([
      { device: 'dev1', field: '@availability', value: false },
    ]);
  });

  it('reads a device payload with components', () => {
    const { built, decoder } = house({
      'device/plug9': {
        dev: { ids: 'plug9', name: 'Plug' },
        o: { name: 'firmware' },
        state_topic: 'plug9/state',
        cmps: {
          relay: {
            p: 'switch',
            name: null,
            command_topic: 'plug9/set',
            value_template: '{{ value_json.relay }}',
          },
          power: {
            p: 'sensor',
            device_class: 'power',
            unit_of_measurement: 'W',
            value_template: '{{ value_json.p }}',
          },
        },
      },
    });
    expect(read(built, decoder, 'plug9/state', { relay: 'ON', p: 12 })).toEqual({
      'switch.plug.state': 'on',
      'sensor.plug.power': 12,
    });
    expect(built.entity('switch.plug')?.commands).toEqual(['turn_on', 'turn_off']);
  });

  it.each([
    [
      'light',
      { schema: 'json', command_topic: 'x/set', state_topic: 'x', supported_color_modes: ['rgb'] },
      'light.thing',
    ],
    ['switch', { command_topic: 'x/set', state_topic: 'x' }, 'switch.thing'],
    ['fan', { command_topic: 'x/set', percentage_command_topic: 'x/p' }, 'fan.thing'],
    ['cover', { command_topic: 'x/set', set_position_topic: 'x/p', position_topic: 'x/pos' }, 'cover.thing'],
    ['valve', { command_topic: 'x/set', state_topic: 'x' }, 'valve.thing'],
    ['lock', { command_topic: 'x/set', state_topic: 'x' }, 'lock.thing'],
    [
      'climate',
      { temperature_command_topic: 'x/t', mode_command_topic: 'x/m', modes: ['off', 'heat'] },
      'climate.thing',
    ],
    ['humidifier', { command_topic: 'x/set', target_humidity_command_topic: 'x/h' }, 'humidifier.thing'],
    ['siren', { command_topic: 'x/set' }, 'siren.thing'],
    ['button', { command_topic: 'x/set' }, 'button.thing'],
    ['number', { command_topic: 'x/set', min: 0, max: 5 }, 'number.thing'],
    ['select', { command_topic: 'x/set', options: ['a', 'b'] }, 'select.thing'],
    ['scene', { command_topic: 'x/set', payload_on: 'GO' }, 'scene.thing'],
    ['vacuum', { command_topic: 'x/set', state_topic: 'x' }, 'vacuum.thing'],
  ] as const)('makes a commandable entity of %s', (component, config, id) => {
    const { built } = house({ [`${component}/thing`]: { name: 'Thing', unique_id: 'u1', ...config } });
    expect(built.entity(id)?.commands.length).toBeGreaterThan(0);
    expect(built.entity(id)?.target?.dialect).toBe('homeassistant');
  });

  it('takes entities back with an empty payload and keeps their ids for their return', () => {
    const config = { name: 'Lamp', unique_id: 'u', command_topic: 'l/set', state_topic: 'l' };
    const { built, decoder } = house({ 'light/lamp': config });
    built.discover(message('homeassistant/light/lamp/config', ''));
    expect([...built.entities()]).toEqual([]);
    expect(decoder.decode(message('l', 'ON'))).toEqual([]);
    built.discover(message('homeassistant/light/lamp/config', config));
    expect(read(built, decoder, 'l', 'ON')).toEqual({ 'light.lamp.state': 'on' });
    const version = built.version;
    built.discover(message('homeassistant/light/lamp/config', config));
    expect(built.version).toBe(version);
  });

  it('leaves alone what another dialect owns', () => {
    const { built } = house({
      'light/a': { name: 'A', command_topic: 'a/set', origin: { name: 'Zigbee2MQTT' } },
      'light/b': { name: 'B', command_topic: 'zigbee2mqtt/b/set' },
      'switch/c': { name: 'C', command_topic: 'cmnd/c/POWER' },
      'sensor/d': { name: 'D', state_topic: 'x', device: { ids: 'd', via_device: 'zigbee2mqtt_bridge_0x1' } },
      'sensor/e': { name: 'E', state_topic: 'ganglion/hub/stats' },
    });
    expect([...built.entities()]).toEqual([]);
  });

  it('names the entity of a template it cannot evaluate and keeps the rest', () => {
    const { built, decoder } = house({
      'sensor/x/a': { name: 'A', state_topic: 's', value_template: '{{ states("sensor.x") }}', device },
      'sensor/x/b': {
        name: 'B',
        state_topic: 's',
        value_template: '{{ value_json.b }}',
        unit_of_measurement: 'W',
        device,
      },
      'sensor/x/c': {
        name: 'C',
        state_topic: 's',
        value_template:
          '{% for i in [1,2,3] %}{% for j in value_json.l %}{% for k in value_json.l %}x{% endfor %}{% endfor %}{% endfor %}',
        device,
      },
    });
    expect(built.problems().map((problem) => problem.where)).toEqual(['homeassistant/dev1 sensor/x_a:a']);
    const l = Array.from({ length: 500 }, () => 1);
    const before = performance.now();
    expect(read(built, decoder, 's', { b: 7, l })).toEqual({ 'sensor.boiler.b': 7 });
    expect(performance.now() - before).toBeLessThan(500);
    expect(built.problems().map((problem) => problem.where)).toContain('homeassistant/dev1 sensor/x_c:c');
    expect(read(built, decoder, 's', { b: 8, l })).toEqual({ 'sensor.boiler.b': 8 });
  });

  it.each([
    ['{'],
    ['[]'],
    ['null'],
    ['{"~":{"a":1},"dev":[],"stat_t":7}'],
    ['{"cmps":{"__proto__":{"p":"light"}}}'],
  ])('survives %s', (payload) => {
    const built = registry();
    for (const component of ['sensor', 'light', 'device', 'climate']) {
      expect(built.discover(message(`homeassistant/${component}/x/config`, payload))).toBe(true);
    }
    expect([...built.entities()]).toEqual([]);
  });
});

it('keeps announcements up to a size, and takes new ones when old ones go', () => {
  const said: string[] = [];
  const built = registry({ onProblem: ({ message: text }) => said.push(text) });
  const announce = (n: number, config: object | string) =>
    built.discover(message(`homeassistant/sensor/s${n}/config`, config));
  const large = (n: number) => ({
    name: `S${n}`,
    state_topic: `s/${n}`,
    device: { identifiers: [`d${n}`] },
    filler: 'x'.repeat(240_000),
  });
  for (let n = 0; n < 80; n++) announce(n, large(n));
  const kept = [...built.entities()].length;
  expect(kept).toBeGreaterThan(60);
  expect(kept).toBeLessThan(75);
  expect(said.join()).toContain('characters of announcements');
  announce(0, '');
  announce(80, large(80));
  expect([...built.entities()].length).toBe(kept);
});
