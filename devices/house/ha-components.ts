import type { Kind } from '../../runtime/contract/kinds.ts';
import { words, type ThingBuilder } from './ha-config.ts';
import { haLight } from './ha-light.ts';
import { number, object, texts } from './json.ts';

type Describe = (b: ThingBuilder) => void;

const STATE = ['state_value_template', 'value_template', 'state_template'];
const percent = { unit: '%', info: { unit: '%', min: 0, max: 100 } } as const;

function onOff(b: ThingBuilder): void {
  const on = b.text('payload_on', 'ON');
  const off = b.text('payload_off', 'OFF');
  b.listen(
    'state',
    'state_topic',
    STATE,
    words([b.text('state_off', off), 'off'], [b.text('state_on', on), 'on']),
  );
  b.send('turn_on', 'command_topic', on);
  b.send('turn_off', 'command_topic', off);
}

function openable(b: ThingBuilder): void {
  b.listen(
    'state',
    'state_topic',
    STATE,
    words(
      [b.text('state_open', 'open'), 'open'],
      [b.text('state_closed', 'closed'), 'closed'],
      [b.text('state_opening', 'opening'), 'opening'],
      [b.text('state_closing', 'closing'), 'closing'],
    ),
  );
}

function cover(b: ThingBuilder): void {
  openable(b);
  const open = b.number('position_open', 100);
  const closed = b.number('position_closed', 0);
  const convert = {
    as: 'level',
    max: Math.max(open, closed, 1),
    ...(closed > open && { invert: true }),
  } as const;
  b.listen('position', 'position_topic', ['position_template'], convert, percent);
  b.send('open', 'command_topic', b.text('payload_open', 'OPEN'));
  b.send('close', 'command_topic', b.text('payload_close', 'CLOSE'));
  if (b.config['payload_stop'] !== null) b.send('stop', 'command_topic', b.text('payload_stop', 'STOP'));
  const form = { as: 'range', from: closed, to: open } as const;
  b.carry('set_position', 'set_position_topic', 'set_position_template', 'position', form);
}

function valve(b: ThingBuilder): void {
  if (b.config['reports_position'] !== true) {
    openable(b);
    b.send('open', 'command_topic', b.text('payload_open', 'OPEN'));
    b.send('close', 'command_topic', b.text('payload_close', 'CLOSE'));
    return;
  }
  const [from, to] = [b.number('position_closed', 0), b.number('position_open', 100)];
  b.listen('position', 'state_topic', STATE, { as: 'level', max: Math.max(from, to, 1) }, percent);
  b.carry('set_position', 'command_topic', 'command_template', 'position', { as: 'range', from, to });
}

function fan(b: ThingBuilder): void {
  onOff(b);
  const max = Math.max(1, b.number('speed_range_max', 100));
  b.listen('speed', 'percentage_state_topic', ['percentage_value_template'], { as: 'level', max }, percent);
  const form = { as: 'range', from: 0, to: max } as const;
  b.carry('turn_on', 'percentage_command_topic', 'percentage_command_template', 'speed', form);
  b.carry('set_speed', 'percentage_command_topic', 'percentage_command_template', 'speed', form);
}

function lock(b: ThingBuilder): void {
  b.listen(
    'state',
    'state_topic',
    STATE,
    words(
      [b.text('state_locked', 'LOCKED'), 'locked'],
      [b.text('state_unlocked', 'UNLOCKED'), 'unlocked'],
      [b.text('state_locking', 'LOCKING'), 'locking'],
      [b.text('state_unlocking', 'UNLOCKING'), 'unlocking'],
      [b.text('state_jammed', 'JAMMED'), 'jammed'],
    ),
  );
  b.send('lock', 'command_topic', b.text('payload_lock', 'LOCK'));
  b.send('unlock', 'command_topic', b.text('payload_unlock', 'UNLOCK'));
}

const MODES = ['off', 'heat', 'cool', 'heat_cool', 'auto', 'dry', 'fan_only'];

function climate(b: ThingBuilder): void {
  const fahrenheit = b.text('temperature_unit', 'C') === 'F';
  const unit = fahrenheit ? '°F' : '°C';
  const celsius = (value: number): number => (fahrenheit ? Math.round(((value - 32) * 50) / 9) / 10 : value);
  const min = number(b.config['min_temp']);
  const max = number(b.config['max_temp']);
  b.listen(
    'target_temperature',
    'temperature_state_topic',
    ['temperature_state_template'],
    { as: 'number' },
    {
      unit,
      info: {
        unit: '°C',
        ...(min !== undefined && { min: celsius(min) }),
        ...(max !== undefined && { max: celsius(max) }),
      },
    },
  );
  b.listen(
    'temperature',
    'current_temperature_topic',
    ['current_temperature_template'],
    { as: 'number' },
    {
      unit,
      info: { unit: '°C' },
    },
  );
  b.listen('humidity', 'current_humidity_topic', ['current_humidity_template'], { as: 'number' }, percent);
  const modes = texts(b.config['modes']).filter((mode) => MODES.includes(mode));
  const offered = modes.length === 0 ? MODES : modes;
  const convert = words(...MODES.map((mode) => [mode, mode] as const));
  b.listen('mode', 'mode_state_topic', ['mode_state_template'], convert, { info: { values: offered } });
  b.carry('set_temperature', 'temperature_command_topic', 'temperature_command_template', 'temperature', {
    as: fahrenheit ? 'fahrenheit' : 'number',
  });
  b.carry('set_mode', 'mode_command_topic', 'mode_command_template', 'mode', { as: 'text' });
  if (offered.includes('off')) b.send('turn_off', 'mode_command_topic', 'off');
}

function humidifier(b: ThingBuilder): void {
  onOff(b);
  b.listen(
    'target_humidity',
    'target_humidity_state_topic',
    ['target_humidity_state_template'],
    { as: 'number' },
    percent,
  );
  b.listen('humidity', 'current_humidity_topic', ['current_humidity_template'], { as: 'number' }, percent);
  const template = 'target_humidity_command_template';
  b.carry('set_humidity', 'target_humidity_command_topic', template, 'humidity', { as: 'number' });
}

function vacuum(b: ThingBuilder): void {
  const convert = words(
    ...['cleaning', 'returning', 'docked', 'paused', 'idle', 'error'].map((word) => [word, word] as const),
  );
  b.listen('state', 'state_topic', [], convert, { path: 'state' });
  b.listen('battery', 'state_topic', [], { as: 'number' }, { path: 'battery_level', unit: '%' });
  b.send('start', 'command_topic', b.text('payload_start', 'start'));
  b.send('stop', 'command_topic', b.text('payload_stop', 'stop'));
  b.send('pause', 'command_topic', b.text('payload_pause', 'pause'));
  b.send('return_to_base', 'command_topic', b.text('payload_return_to_base', 'return_to_base'));
  b.send('locate', 'command_topic', b.text('payload_locate', 'locate'));
}

function numberOf(b: ThingBuilder): void {
  const unit = b.text('unit_of_measurement', '');
  const info = { min: b.number('min', 1), max: b.number('max', 100), ...(unit !== '' && { unit }) };
  b.listen('value', 'state_topic', STATE, { as: 'number' }, { info, ...(unit !== '' && { unit }) });
  b.carry('set_value', 'command_topic', 'command_template', 'value', { as: 'number' });
}

function select(b: ThingBuilder): void {
  const values = texts(b.config['options']);
  b.listen('option', 'state_topic', STATE, { as: 'text' }, { info: { values } });
  b.carry('select_option', 'command_topic', 'command_template', 'option', { as: 'text' });
}

/** The components that become an entity of their own; `sensor` and `binary_sensor` are parts of a device. */
export const COMPONENTS: Readonly<Record<string, { readonly kind: Kind; readonly describe: Describe }>> = {
  light: { kind: 'light', describe: haLight },
  switch: { kind: 'switch', describe: onOff },
  siren: { kind: 'siren', describe: onOff },
  fan: { kind: 'fan', describe: fan },
  cover: { kind: 'cover', describe: cover },
  valve: { kind: 'valve', describe: valve },
  lock: { kind: 'lock', describe: lock },
  climate: { kind: 'climate', describe: climate },
  humidifier: { kind: 'humidifier', describe: humidifier },
  vacuum: { kind: 'vacuum', describe: vacuum },
  number: { kind: 'number', describe: numberOf },
  select: { kind: 'select', describe: select },
  button: {
    kind: 'button',
    describe: (b) => b.send('press', 'command_topic', b.text('payload_press', 'PRESS')),
  },
  scene: { kind: 'scene', describe: (b) => b.send('activate', 'command_topic', b.text('payload_on', 'ON')) },
  binary_sensor: {
    kind: 'binary_sensor',
    describe: (b) => {
      const convert = words([b.text('payload_off', 'OFF'), 'off'], [b.text('payload_on', 'ON'), 'on']);
      b.listen('state', 'state_topic', STATE, convert);
    },
  },
};

/** What tells the device's availability: one topic, or a list of them. */
export function availabilityOf(
  b: ThingBuilder,
): readonly { topic: string; template?: string; map: Record<string, boolean> }[] {
  const list = Array.isArray(b.config['availability']) ? b.config['availability'] : [b.config];
  return list.flatMap((raw: unknown) => {
    const json = object(raw);
    const topic = json?.['topic'] ?? json?.['availability_topic'];
    if (json === undefined || typeof topic !== 'string' || topic === '' || /[+#]/.test(topic)) return [];
    const template = json['value_template'] ?? json['availability_template'];
    const word = (key: string, fallback: string): string =>
      typeof json[key] === 'string' ? json[key] : fallback;
    return [
      {
        topic,
        ...(typeof template === 'string' && json !== b.config && { template }),
        ...(typeof b.config['availability_template'] === 'string' &&
          json === b.config && { template: b.config['availability_template'] }),
        map: {
          [word('payload_not_available', 'offline')]: false,
          [word('payload_available', 'online')]: true,
        },
      },
    ];
  });
}
