import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encoderFor } from '../../devices/index.ts';
import { COLOR_NAMES } from '../../runtime/contract/color.ts';
import { isGanglionError } from '../../runtime/errors.ts';
import { createPointsDecoder } from '../../sensors/decode/points.ts';
import { createShellyDecoder } from '../../sensors/decode/shelly.ts';
import { createTasmotaDecoder } from '../../sensors/decode/tasmota.ts';
import { createZigbee2mqttDecoder } from '../../sensors/decode/zigbee2mqtt.ts';
import { message, read, registry } from '../support/house/world.ts';
import * as z from '../support/house/zigbee2mqtt.ts';
import { action, disagreement, encode, type Command, type FaithfulDevice } from './encoder.ts';

const percent = fc.integer({ min: 1, max: 100 });
const kelvin = fc.integer({ min: 2000, max: 6500 });
const color = fc.oneof(
  fc.constantFrom(...COLOR_NAMES),
  fc
    .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
    .filter((rgb) => Math.max(...rgb) > 60)
    .map((rgb) => `#${rgb.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`),
);

describe('zigbee2mqtt encoder and decoder agree', () => {
  const house = registry();
  house.discover(message('zigbee2mqtt/bridge/devices', z.ALL_DEVICES));
  const decoder = createZigbee2mqttDecoder();
  const device: FaithfulDevice = ({ topic, payload }) => {
    const body = JSON.parse(payload) as Record<string, unknown>;
    const mode =
      'color' in body ? { color_mode: 'xy' } : 'color_temp' in body ? { color_mode: 'color_temp' } : {};
    return [{ topic: topic.slice(0, -'/set'.length), payload: { ...body, ...mode } }];
  };
  const COMMANDS: Command[] = [
    ['light.kitchen_ceiling', 'turn_on'],
    ['light.kitchen_ceiling', 'turn_off'],
    ['switch.wall_left', 'turn_on'],
    ['switch.wall_right', 'turn_off'],
    ['switch.living_trv_child_lock', 'turn_on'],
    ['fan.purifier', 'turn_off'],
    ['fan.purifier', 'set_speed', { speed: 33 }],
    ['fan.purifier', 'turn_on', { speed: 100 }],
    ['cover.bedroom_blind', 'open'],
    ['cover.bedroom_blind', 'close'],
    ['cover.bedroom_blind', 'set_position', { position: 37 }],
    ['valve.garden_valve', 'open'],
    ['valve.garden_valve', 'close'],
    ['lock.front_lock', 'lock'],
    ['lock.front_lock', 'unlock'],
    ['climate.living_trv', 'set_temperature', { temperature: 21.5 }],
    ['climate.living_trv', 'set_mode', { mode: 'auto' }],
    ['climate.living_trv', 'turn_off'],
    ['number.plug_countdown', 'set_value', { value: 60 }],
    ['select.plug_power_on_behavior', 'select_option', { option: 'previous' }],
  ];
  it.each(COMMANDS)('%s.%s %j', (...command: Command) => {
    expect(disagreement(house, decoder, device, ...command)).toEqual([]);
  });

  it('on any brightness, warmth and colour', () => {
    fc.assert(
      fc.property(percent, kelvin, color, (brightness, color_temp, color) => {
        const light = 'light.kitchen_ceiling';
        expect(disagreement(house, decoder, device, light, 'turn_on', { brightness })).toEqual([]);
        expect(disagreement(house, decoder, device, light, 'turn_on', { color_temp })).toEqual([]);
        expect(disagreement(house, decoder, device, light, 'turn_on', { color })).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('writes what the devices expect', () => {
    expect(encode(house, 'light.kitchen_ceiling', 'turn_on', { brightness: 20, color_temp: 2700 })).toEqual([
      {
        topic: 'zigbee2mqtt/kitchen_ceiling/set',
        payload: '{"state":"ON","brightness":51,"color_temp":370}',
      },
    ]);
    expect(encode(house, 'light.kitchen_ceiling', 'turn_on', { brightness: 0 })[0]?.payload).toBe(
      '{"state":"OFF"}',
    );
    expect(encode(house, 'switch.wall_left', 'toggle')[0]?.payload).toBe('{"state_left":"TOGGLE"}');
    expect(encode(house, 'button.plug_identify', 'press')[0]?.payload).toBe('{"identify":"identify"}');
    expect(encode(house, 'cover.bedroom_blind', 'stop')[0]?.payload).toBe('{"state":"STOP"}');
    expect(JSON.parse(encode(house, 'siren.siren', 'turn_off')[0]!.payload)).toMatchObject({
      warning: { mode: 'stop' },
    });
  });
});

describe('tasmota encoder and decoder agree', () => {
  const house = registry();
  const config = (t: string, more: object) => ({
    dn: t,
    fn: [t],
    t,
    ft: '%prefix%/%topic%/',
    tp: ['cmnd', 'stat', 'tele'],
    ...more,
  });
  house.discover(message('tasmota/discovery/A1/config', config('strip', { rl: [2], lt_st: 5 })));
  house.discover(message('tasmota/discovery/A2/config', config('plugs', { rl: [1, 1] })));
  house.discover(message('tasmota/discovery/A3/config', config('blind', { rl: [3, 3] })));
  const decoder = createTasmotaDecoder();
  const device: FaithfulDevice = ({ topic, payload }) => {
    const [, name = '', command = ''] = topic.split('/');
    const shutter = /^Shutter(Open|Close|Position)(\d)$/.exec(command);
    const position = shutter?.[1] === 'Open' ? 100 : shutter?.[1] === 'Close' ? 0 : Number(payload);
    const body =
      shutter !== null
        ? { [`Shutter${shutter[2]}`]: { Position: position, Direction: 0 } }
        : { [command]: command === 'Dimmer' || command === 'CT' ? Number(payload) : payload };
    return [{ topic: `stat/${name}/RESULT`, payload: body }];
  };
  const COMMANDS: Command[] = [
    ['light.strip', 'turn_on'],
    ['light.strip', 'turn_off'],
    ['switch.plugs', 'turn_on'],
    ['switch.plugs_2', 'turn_off'],
    ['cover.blind', 'open'],
    ['cover.blind', 'close'],
    ['cover.blind', 'set_position', { position: 40 }],
  ];
  it.each(COMMANDS)('%s.%s %j', (...command: Command) => {
    expect(disagreement(house, decoder, device, ...command)).toEqual([]);
  });

  it('on any brightness, warmth and colour', () => {
    fc.assert(
      fc.property(percent, kelvin, color, (brightness, color_temp, color) => {
        expect(disagreement(house, decoder, device, 'light.strip', 'turn_on', { brightness })).toEqual([]);
        expect(disagreement(house, decoder, device, 'light.strip', 'turn_on', { color_temp })).toEqual([]);
        expect(disagreement(house, decoder, device, 'light.strip', 'turn_on', { color })).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('writes what the devices expect', () => {
    expect(encode(house, 'switch.plugs_2', 'toggle')).toEqual([
      { topic: 'cmnd/plugs/POWER2', payload: 'TOGGLE' },
    ]);
    expect(encode(house, 'light.strip', 'turn_on', { brightness: 30 })).toEqual([
      { topic: 'cmnd/strip/Dimmer', payload: '30' },
      { topic: 'cmnd/strip/POWER', payload: 'ON' },
    ]);
  });
});

describe('shelly encoder and decoder agree', () => {
  const house = registry();
  const decoder = createShellyDecoder();
  read(house, decoder, 's/status/switch:1', { output: false });
  read(house, decoder, 's/status/cover:0', { state: 'stopped', current_pos: 50 });
  read(house, decoder, 's/status/rgbw:0', { output: false, brightness: 1, rgb: [1, 2, 3] });
  read(house, decoder, 't/status/cct:0', { output: false, brightness: 1, ct: 3000 });
  const device: FaithfulDevice = ({ topic, payload }) => {
    const { method, params } = JSON.parse(payload) as { method: string; params: Record<string, unknown> };
    const [space = '', verb = ''] = method.split('.');
    const { id, on, pos, ...rest } = params;
    const state =
      verb === 'Open'
        ? { state: 'open', current_pos: 100 }
        : verb === 'Close'
          ? { state: 'closed', current_pos: 0 }
          : verb === 'GoToPosition'
            ? { state: 'stopped', current_pos: pos }
            : { output: on, ...rest };
    return [
      {
        topic: topic.replace('/rpc', '/events/rpc'),
        payload: {
          method: 'NotifyStatus',
          params: { [`${space.toLowerCase()}:${String(id)}`]: { id, ...state } },
        },
      },
    ];
  };
  const COMMANDS: Command[] = [
    ['switch.s_1', 'turn_on'],
    ['switch.s_1', 'turn_off'],
    ['cover.s', 'open'],
    ['cover.s', 'close'],
    ['cover.s', 'set_position', { position: 12 }],
    ['light.s', 'turn_off'],
  ];
  it.each(COMMANDS)('%s.%s %j', (...command: Command) => {
    expect(disagreement(house, decoder, device, ...command)).toEqual([]);
  });

  it('on any brightness, warmth and colour', () => {
    fc.assert(
      fc.property(percent, kelvin, color, (brightness, color_temp, color) => {
        expect(disagreement(house, decoder, device, 'light.s', 'turn_on', { brightness, color })).toEqual([]);
        expect(
          disagreement(house, decoder, device, 'light.t', 'turn_on', { brightness, color_temp }),
        ).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('writes JSON-RPC with a source', () => {
    const [wire] = encode(house, 'switch.s_1', 'toggle');
    expect(wire?.topic).toBe('s/rpc');
    expect(JSON.parse(wire!.payload)).toEqual({
      id: expect.any(Number) as number,
      src: 'ganglion',
      method: 'Switch.Toggle',
      params: { id: 1 },
    });
  });
});

describe('homeassistant encoder and decoder agree', () => {
  const house = registry();
  const announce = (component: string, name: string, config: object) =>
    house.discover(
      message(`homeassistant/${component}/${name}/config`, { name, unique_id: name, ...config }),
    );
  announce('light', 'json', {
    schema: 'json',
    command_topic: 'json/c',
    state_topic: 'json/s',
    supported_color_modes: ['rgb', 'color_temp'],
  });
  announce('light', 'basic', {
    command_topic: 'basic/c',
    state_topic: 'basic/s',
    brightness_command_topic: 'brightness/c',
    brightness_state_topic: 'brightness/s',
    color_temp_command_topic: 'warmth/c',
    color_temp_state_topic: 'warmth/s',
    rgb_command_topic: 'rgb/c',
    rgb_state_topic: 'rgb/s',
  });
  announce('cover', 'blind', {
    command_topic: 'blind/c',
    state_topic: 'blind/s',
    payload_open: 'open',
    payload_close: 'closed',
    set_position_topic: 'blindpos/c',
    position_topic: 'blindpos/s',
    position_open: 0,
    position_closed: 100,
  });
  announce('lock', 'door', {
    command_topic: 'door/c',
    state_topic: 'door/s',
    payload_lock: 'L',
    state_locked: 'L',
    payload_unlock: 'U',
    state_unlocked: 'U',
  });
  announce('climate', 'heat', {
    temperature_unit: 'F',
    temperature_command_topic: 'temp/c',
    temperature_state_topic: 'temp/s',
    mode_command_topic: 'mode/c',
    mode_state_topic: 'mode/s',
    modes: ['off', 'heat'],
  });
  announce('number', 'level', {
    command_topic: 'level/c',
    state_topic: 'level/s',
    command_template: '{"v": {{ value }}}',
    value_template: '{{ value_json.v }}',
  });
  announce('fan', 'air', {
    command_topic: 'air/c',
    state_topic: 'air/s',
    percentage_command_topic: 'airspeed/c',
    percentage_state_topic: 'airspeed/s',
    speed_range_max: 10,
  });
  const decoder = createPointsDecoder({ dialect: 'homeassistant', source: house });
  const device: FaithfulDevice = ({ topic, payload }) => [{ topic: topic.replace('/c', '/s'), payload }];
  const COMMANDS: Command[] = [
    ['light.json', 'turn_off'],
    ['light.basic', 'turn_on'],
    ['light.basic', 'turn_off'],
    ['cover.blind', 'open'],
    ['cover.blind', 'close'],
    ['cover.blind', 'set_position', { position: 30 }],
    ['lock.door', 'lock'],
    ['lock.door', 'unlock'],
    ['climate.heat', 'set_temperature', { temperature: 20 }],
    ['climate.heat', 'set_mode', { mode: 'heat' }],
    ['climate.heat', 'turn_off'],
    ['number.level', 'set_value', { value: 7 }],
    ['fan.air', 'turn_on', { speed: 40 }],
    ['fan.air', 'set_speed', { speed: 90 }],
    ['fan.air', 'turn_off'],
  ];
  it.each(COMMANDS)('%s.%s %j', (...command: Command) => {
    expect(disagreement(house, decoder, device, ...command)).toEqual([]);
  });

  it('on any brightness, warmth and colour', () => {
    fc.assert(
      fc.property(percent, kelvin, color, (brightness, color_temp, color) => {
        for (const light of ['light.json', 'light.basic'] as const) {
          expect(disagreement(house, decoder, device, light, 'turn_on', { brightness, color })).toEqual([]);
          expect(disagreement(house, decoder, device, light, 'turn_on', { color_temp })).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('plain topics', () => {
  const entry = (command: object) =>
    registry({ houseFile: { devices: { 'light.a': { dialect: 'topic', state: 'a/s', command } } } });

  it.each([
    [{ topic: 'a/c' }, 'turn_on', {}, 'ON'],
    [{ topic: 'a/c' }, 'turn_on', { brightness: 30 }, '30'],
    [{ topic: 'a/c', payload: '{{ command }}:{{ brightness | default("-") }}' }, 'turn_on', {}, 'turn_on:-'],
    [{ topic: 'a/c', payload: { turn_on: 'b={{ brightness }}' } }, 'turn_on', { brightness: 5 }, 'b=5'],
    [{ topic: 'a/c', payload: { turn_off: 0 } }, 'turn_off', {}, '0'],
  ] as const)('%j %s', (command, name, args, payload) => {
    expect(encode(entry(command), 'light.a', name, args)).toEqual([{ topic: 'a/c', payload }]);
  });
});

describe('what cannot be encoded', () => {
  it.each([
    ['zigbee2mqtt', 'light.a', 'explode', {}, 'ENCODE_UNSUPPORTED'],
    ['zigbee2mqtt', 'light.a', 'turn_on', { brightness: 'much' }, 'ENCODE_ARGUMENT'],
    ['zigbee2mqtt', 'light.a', 'turn_on', { brightness: Number.NaN }, 'ENCODE_ARGUMENT'],
    ['zigbee2mqtt', 'light.a', 'turn_on', { color: 'invisible' }, 'ENCODE_ARGUMENT'],
    ['zigbee2mqtt', 'light.a', 'turn_on', { color_temp: 3000 }, 'ENCODE_ADDRESS'],
    ['tasmota', 'light.a', 'turn_on', {}, 'ENCODE_ADDRESS'],
    ['shelly', 'light.a', 'turn_on', {}, 'ENCODE_ADDRESS'],
    ['homeassistant', 'light.a', 'turn_on', {}, 'ENCODE_UNSUPPORTED'],
    ['topic', 'light.a', 'turn_on', {}, 'ENCODE_ADDRESS'],
  ] as const)('%s %s.%s %j → %s', (dialect, entity, command, args, code) => {
    const address =
      dialect === 'zigbee2mqtt'
        ? { set: 's', state: 'state', on: 'ON', off: 'OFF', brightness: 'b', color: 'c' }
        : {};
    let thrown: unknown;
    try {
      encoderFor(dialect).encode(action(entity, command, args), { dialect, address });
    } catch (error) {
      thrown = error;
    }
    expect(isGanglionError(thrown) && thrown.code).toBe(code);
  });

  it('names the dialects there are', () => {
    expect(() => encoderFor('carrier pigeon')).toThrow(/Expected a dialect with an encoder/);
  });
});
