import { slugify } from '../../runtime/contract/ids.ts';
import type { PropertyInfo } from '../../runtime/contract/house.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import { kindSpec } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { shellyThing } from './infer-shelly.ts';
import { tasmotaThing } from './infer-tasmota.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';

/** Which part of which device: what house.yaml says beside `dialect`. */
export interface PartOptions {
  readonly topic: string;
  readonly base?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Tasmota: POWER<n>, Shutter<n>. */
  readonly relay?: number | undefined;
  /** Shelly: `switch:1`. */
  readonly component?: string | undefined;
}

/**
 * An entity that no hub has described, as devices of its kind usually are in that dialect. Undefined where there is no
 * usual way.
 */
export function defaultThing(dialect: string, kind: Kind, options: PartOptions): ThingPlan | undefined {
  switch (dialect) {
    case 'zigbee2mqtt':
      return zigbeeThing(kind, options);
    case 'tasmota':
      return tasmotaThing(kind, options.topic, options.relay ?? 0);
    case 'shelly':
      return shellyThing(kind, options.topic, options.component);
    default:
      return undefined;
  }
}

const map = (entries: Record<string, Value>): FieldPlan['convert'] => ({ as: 'map', map: entries });

function zigbeeThing(
  kind: Kind,
  { topic, base = 'zigbee2mqtt', endpoint = '' }: PartOptions,
): ThingPlan | undefined {
  const tail = endpoint === '' ? '' : `_${endpoint}`;
  const suffix = endpoint === '' ? '' : slugify(endpoint);
  const set = `${base}/${topic}/set`;
  const state = `state${tail}`;
  const onOff: FieldPlan = { field: state, property: 'state', convert: map({ ON: 'on', OFF: 'off' }) };
  const switching = { set, state, on: 'ON', off: 'OFF' };
  const make = (
    address: ThingPlan['address'],
    fields: readonly FieldPlan[],
    commands: readonly string[],
  ): ThingPlan => ({
    kind,
    suffix,
    properties: Object.fromEntries(
      fields.map((field): [string, PropertyInfo] => [
        field.property,
        field.unit === undefined ? {} : { unit: field.unit },
      ]),
    ),
    commands,
    ...(address !== undefined && { address }),
    fields,
  });
  switch (kind as string) {
    case 'switch':
    case 'siren':
    case 'fan':
    case 'humidifier':
      return make(
        switching,
        [onOff],
        Object.keys(kindSpec(kind).commands).filter((name) => !name.startsWith('set_')),
      );
    case 'light':
      return make(
        {
          ...switching,
          brightness: `brightness${tail}`,
          brightness_max: 254,
          color_temp: `color_temp${tail}`,
          color: `color${tail}`,
          color_model: 'xy',
        },
        [
          onOff,
          {
            field: `brightness${tail}`,
            property: 'brightness',
            convert: { as: 'level', max: 254 },
            unit: '%',
          },
          { field: `color_temp${tail}`, property: 'color_temp', convert: { as: 'mired' }, unit: 'K' },
          { field: `color${tail}`, property: 'color', convert: { as: 'color' } },
        ],
        ['turn_on', 'turn_off', 'toggle'],
      );
    case 'cover':
    case 'valve': {
      const words = map({
        OPEN: 'open',
        CLOSE: 'closed',
        CLOSED: 'closed',
        STOP: 'stopped',
        ON: 'open',
        OFF: 'closed',
      });
      const cover = kind === 'cover';
      return make(
        {
          set,
          state,
          open: cover ? 'OPEN' : 'ON',
          close: cover ? 'CLOSE' : 'OFF',
          ...(cover && { stop: 'STOP', position: `position${tail}` }),
        },
        [
          { field: state, property: 'state', convert: words },
          ...(cover
            ? [
                {
                  field: `position${tail}`,
                  property: 'position',
                  convert: { as: 'number' },
                  unit: '%',
                } as const,
              ]
            : []),
        ],
        cover ? ['open', 'close', 'stop', 'set_position'] : ['open', 'close'],
      );
    }
    case 'lock':
      return make(
        { set, state, on: 'LOCK', off: 'UNLOCK' },
        [{ field: state, property: 'state', convert: map({ LOCK: 'locked', UNLOCK: 'unlocked' }) }],
        ['lock', 'unlock'],
      );
    case 'climate':
      return make(
        { set, temperature: 'occupied_heating_setpoint', mode: 'system_mode' },
        [
          {
            field: 'occupied_heating_setpoint',
            property: 'target_temperature',
            convert: { as: 'number' },
            unit: '°C',
          },
          { field: 'system_mode', property: 'mode', convert: { as: 'text' } },
          { field: 'local_temperature', property: 'temperature', convert: { as: 'number' }, unit: '°C' },
        ],
        ['set_temperature', 'set_mode', 'turn_off'],
      );
    case 'sensor':
      return make(undefined, [], []);
    default:
      return undefined;
  }
}
