import { sameColor } from './color.ts';
import type { Value } from './reading.ts';

export interface ValueSpec {
  readonly type: 'number' | 'text' | 'boolean' | 'enum' | 'color';
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  /** How far a reported number may be from a requested one and still confirm it. */
  readonly tolerance?: number;
  /** Reported values that also show the wanted one: a vacuum told to return may be docked already. */
  readonly alsoShows?: Readonly<Record<string, readonly string[]>>;
}

export interface ArgSpec extends ValueSpec {
  readonly required?: boolean;
  /** The property that shows this argument once the command has worked, if it has another name. */
  readonly property?: string;
}

export interface CommandSpec {
  readonly args: Readonly<Record<string, ArgSpec>>;
  /** `safe`: an absolute set, sending it twice does no harm. `never`: a second one would be a second effect. */
  readonly repeat: 'safe' | 'never';
  /** Properties the state topic shows once it has worked, besides the arguments. Empty: nothing to confirm by. */
  readonly shows: Readonly<Record<string, Value>>;
  /** The command that does the same in absolute terms, by the present value of `state`. */
  readonly absolute?: Readonly<Record<string, string>>;
}

export interface KindSpec {
  readonly critical: boolean;
  readonly properties: Readonly<Record<string, ValueSpec>>;
  readonly commands: Readonly<Record<string, CommandSpec>>;
  /** How long the device may take to show the effect, ms. */
  readonly confirmMs: number;
}

const percent: ValueSpec = { type: 'number', unit: '%', min: 0, max: 100, tolerance: 1 };
const onOff: ValueSpec = { type: 'enum', values: ['on', 'off'] };
const oneOf = (...values: string[]): ValueSpec => ({ type: 'enum', values });
const safe = (shows: Record<string, Value>, args: Record<string, ArgSpec> = {}): CommandSpec => ({
  args,
  repeat: 'safe',
  shows,
});
const never = (shows: Record<string, Value> = {}, args: Record<string, ArgSpec> = {}): CommandSpec => ({
  args,
  repeat: 'never',
  shows,
});
const toggle: CommandSpec = {
  args: {},
  repeat: 'never',
  shows: {},
  absolute: { on: 'turn_off', off: 'turn_on' },
};
const off = safe({ state: 'off' });
const reportOnly = (properties: Record<string, ValueSpec>): KindSpec => ({
  critical: false,
  properties,
  commands: {},
  confirmMs: 0,
});

/** Home Assistant's names in plain units. One row per kind: properties, commands, ranges, repeat, critical, confirmation. */
export const KINDS = {
  light: {
    critical: false,
    properties: {
      state: onOff,
      brightness: percent,
      color_temp: { type: 'number', unit: 'K', min: 1000, max: 10_000, tolerance: 60 },
      color: { type: 'color' },
    },
    commands: {
      turn_on: safe(
        { state: 'on' },
        {
          brightness: percent,
          color_temp: { type: 'number', unit: 'K', min: 1000, max: 10_000, tolerance: 60 },
          color: { type: 'color' },
        },
      ),
      turn_off: off,
      toggle,
    },
    confirmMs: 5000,
  },
  switch: {
    critical: false,
    properties: { state: onOff },
    commands: { turn_on: safe({ state: 'on' }), turn_off: off, toggle },
    confirmMs: 5000,
  },
  fan: {
    critical: false,
    properties: { state: onOff, speed: percent },
    commands: {
      turn_on: safe({ state: 'on' }, { speed: { ...percent, tolerance: 5 } }),
      turn_off: off,
      toggle,
      set_speed: safe({}, { speed: { ...percent, tolerance: 5, required: true } }),
    },
    confirmMs: 5000,
  },
  cover: {
    critical: false,
    properties: { state: oneOf('open', 'closed', 'opening', 'closing', 'stopped'), position: percent },
    commands: {
      open: safe({ state: 'open' }),
      close: safe({ state: 'closed' }),
      stop: safe({}),
      set_position: safe({}, { position: { ...percent, tolerance: 3, required: true } }),
    },
    confirmMs: 90_000,
  },
  valve: {
    critical: true,
    properties: { state: oneOf('open', 'closed', 'opening', 'closing'), position: percent },
    commands: {
      open: safe({ state: 'open' }),
      close: safe({ state: 'closed' }),
      set_position: safe({}, { position: { ...percent, tolerance: 3, required: true } }),
    },
    confirmMs: 60_000,
  },
  lock: {
    critical: true,
    properties: { state: oneOf('locked', 'unlocked', 'locking', 'unlocking', 'jammed') },
    commands: { lock: safe({ state: 'locked' }), unlock: safe({ state: 'unlocked' }) },
    confirmMs: 15_000,
  },
  climate: {
    critical: false,
    properties: {
      mode: oneOf('off', 'heat', 'cool', 'heat_cool', 'auto', 'dry', 'fan_only'),
      target_temperature: { type: 'number', unit: '°C', min: 4, max: 40, tolerance: 0.3 },
      temperature: { type: 'number', unit: '°C' },
      humidity: percent,
    },
    commands: {
      set_temperature: safe(
        {},
        {
          temperature: {
            type: 'number',
            unit: '°C',
            min: 4,
            max: 40,
            tolerance: 0.3,
            required: true,
            property: 'target_temperature',
          },
        },
      ),
      set_mode: safe(
        {},
        { mode: { ...oneOf('off', 'heat', 'cool', 'heat_cool', 'auto', 'dry', 'fan_only'), required: true } },
      ),
      turn_off: safe({ mode: 'off' }),
    },
    confirmMs: 15_000,
  },
  humidifier: {
    critical: false,
    properties: { state: onOff, target_humidity: percent, humidity: percent },
    commands: {
      turn_on: safe({ state: 'on' }),
      turn_off: off,
      toggle,
      set_humidity: safe({}, { humidity: { ...percent, required: true, property: 'target_humidity' } }),
    },
    confirmMs: 10_000,
  },
  media_player: {
    critical: false,
    properties: {
      state: oneOf('off', 'on', 'idle', 'playing', 'paused', 'buffering'),
      volume: percent,
      muted: { type: 'boolean' },
      source: { type: 'text' },
    },
    commands: {
      turn_on: safe({}),
      turn_off: off,
      play: safe({ state: 'playing' }),
      pause: safe({ state: 'paused' }),
      stop: safe({}),
      next: never(),
      previous: never(),
      mute: safe({ muted: true }),
      unmute: safe({ muted: false }),
      set_volume: safe({}, { volume: { ...percent, required: true } }),
      select_source: safe({}, { source: { type: 'text', required: true } }),
    },
    confirmMs: 10_000,
  },
  vacuum: {
    critical: false,
    properties: {
      state: {
        ...oneOf('cleaning', 'returning', 'docked', 'paused', 'idle', 'error'),
        alsoShows: { returning: ['docked'], idle: ['paused', 'docked'] },
      },
      battery: percent,
    },
    commands: {
      start: safe({ state: 'cleaning' }),
      stop: safe({ state: 'idle' }),
      pause: safe({ state: 'paused' }),
      return_to_base: safe({ state: 'returning' }),
      locate: never(),
    },
    confirmMs: 30_000,
  },
  siren: {
    critical: true,
    properties: { state: onOff },
    commands: { turn_on: never({ state: 'on' }), turn_off: off },
    confirmMs: 5000,
  },
  button: { critical: false, properties: {}, commands: { press: never() }, confirmMs: 0 },
  number: {
    critical: false,
    properties: { value: { type: 'number', tolerance: 0.01 } },
    commands: { set_value: safe({}, { value: { type: 'number', required: true, tolerance: 0.01 } }) },
    confirmMs: 5000,
  },
  select: {
    critical: false,
    properties: { option: { type: 'text' } },
    commands: { select_option: safe({}, { option: { type: 'text', required: true } }) },
    confirmMs: 5000,
  },
  scene: { critical: false, properties: {}, commands: { activate: never() }, confirmMs: 0 },
  camera: {
    critical: false,
    properties: { state: { type: 'text' } },
    commands: { snapshot: never() },
    confirmMs: 0,
  },
  notify: {
    critical: false,
    properties: {},
    commands: { send: never({}, { message: { type: 'text', required: true }, title: { type: 'text' } }) },
    confirmMs: 0,
  },
  sensor: reportOnly({}),
  binary_sensor: reportOnly({ state: onOff }),
  person: reportOnly({ state: { type: 'text' } }),
} as const satisfies Record<string, KindSpec>;

export type Kind = keyof typeof KINDS;

export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text);
}

export function kindSpec(kind: Kind): KindSpec {
  return KINDS[kind];
}

/**
 * The properties and values that show a command has worked: `turn_on(brightness: 20)` → `{state: 'on', brightness: 20}`.
 * Empty where nothing can be read back.
 */
export function expectedState(
  kind: Kind,
  command: string,
  args: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const spec = kindSpec(kind).commands[command];
  if (spec === undefined) return {};
  const expected: Record<string, Value> = { ...spec.shows };
  for (const [name, value] of Object.entries(args)) {
    const arg: ArgSpec | undefined = spec.args[name];
    if (arg === undefined) continue;
    const property = arg.property ?? name;
    if (kindSpec(kind).properties[property] !== undefined) expected[property] = value;
  }
  return expected;
}

/** Whether a reported value shows the wanted one, within the property's tolerance. */
export function shows(kind: Kind, property: string, wanted: Value, reported: Value): boolean {
  if (wanted === reported) return true;
  const spec = kindSpec(kind).properties[property];
  if (typeof wanted === 'number' && typeof reported === 'number') {
    return Math.abs(wanted - reported) <= (spec?.tolerance ?? 0);
  }
  if (typeof wanted !== 'string' || typeof reported !== 'string') return false;
  if (spec?.type === 'color') return sameColor(wanted, reported);
  return spec?.alsoShows?.[wanted]?.includes(reported) ?? false;
}
