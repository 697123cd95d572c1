import type { PropertyInfo } from '../../runtime/contract/house.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import type { Convert } from './convert.ts';
import { array, text, type Json } from './json.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';
import { sensorUnit } from './units.ts';
import {
  mapped,
  MAX_FEATURES,
  onOffThing,
  PUBLISHED,
  readExpose,
  SETTABLE,
  type Expose,
} from './zigbee-expose.ts';
import { specific } from './zigbee-specific.ts';

/** Everything a device's definition exposes, as entities. `set` is its command topic. */
export function thingsOf(exposes: unknown, definition: Json, set: string): ThingPlan[] {
  const things: ThingPlan[] = [];
  const sensor: { fields: FieldPlan[]; properties: Record<string, PropertyInfo> } = {
    fields: [],
    properties: {},
  };
  const valve = /\bvalve\b/i.test(text(definition['description']) ?? '');
  for (const raw of array(exposes).slice(0, MAX_FEATURES)) {
    const expose = readExpose(raw);
    if (expose === undefined) continue;
    const thing = specific(expose, set, valve) ?? generic(expose, set) ?? binary(expose);
    if (thing !== undefined) things.push(thing);
    else reported(expose, sensor);
  }
  if (sensor.fields.length > 0) {
    things.push({
      kind: 'sensor',
      suffix: '',
      properties: sensor.properties,
      commands: [],
      fields: sensor.fields,
    });
  }
  return things;
}

/** Settings and switches outside the specific kinds: number, select, switch, button, siren. */
function generic(expose: Expose, set: string): ThingPlan | undefined {
  const suffix = slugify(expose.property);
  if (expose.type === 'composite' && expose.name === 'warning') {
    return {
      kind: 'siren',
      suffix: '',
      properties: {},
      commands: ['turn_on', 'turn_off'],
      address: { set, warning: expose.property },
      fields: [],
    };
  }
  if ((expose.access & SETTABLE) === 0 || expose.property === '') return undefined;
  switch (expose.type) {
    case 'binary': {
      if (expose.name === 'alarm' || expose.name === 'siren') return onOffThing('siren', expose, set, '');
      return onOffThing('switch', expose, set, suffix);
    }
    case 'numeric':
      return {
        kind: 'number',
        suffix,
        properties: {
          value: {
            ...(expose.unit !== undefined && { unit: expose.unit }),
            ...(expose.min !== undefined && { min: expose.min }),
            ...(expose.max !== undefined && { max: expose.max }),
          },
        },
        commands: ['set_value'],
        address: { set, value: expose.property },
        fields: [
          {
            field: expose.property,
            property: 'value',
            convert: { as: 'number' },
            ...(expose.unit !== undefined && { unit: expose.unit }),
          },
        ],
      };
    case 'enum':
      if ((expose.access & PUBLISHED) === 0 && expose.values.length === 1) {
        return {
          kind: 'button',
          suffix,
          properties: {},
          commands: ['press'],
          address: { set, value: expose.property, press: expose.values[0] },
          fields: [],
        };
      }
      return {
        kind: 'select',
        suffix,
        properties: { option: { values: expose.values } },
        commands: ['select_option'],
        address: { set, value: expose.property },
        fields: [{ field: expose.property, property: 'option', convert: { as: 'text' } }],
      };
    default:
      return undefined;
  }
}

function reported(
  expose: Expose,
  sensor: { fields: FieldPlan[]; properties: Record<string, PropertyInfo> },
): void {
  if ((expose.access & PUBLISHED) === 0 || expose.property === '') return;
  const numeric = expose.type === 'numeric';
  if (!numeric && expose.type !== 'enum' && expose.type !== 'text') return;
  const property = slugify(expose.property);
  const convert: Convert = numeric ? { as: 'number' } : { as: 'text' };
  const unit = sensorUnit(expose.unit);
  sensor.fields.push({
    field: expose.property,
    property,
    convert,
    ...(expose.unit && { unit: expose.unit }),
  });
  sensor.properties[property] = {
    ...(unit !== undefined && { unit }),
    ...(expose.values.length > 0 && { values: expose.values }),
  };
}

/** A boolean that only reports: `binary_sensor.<slug>_<class>`, on as Home Assistant means it (an open door is on). */
function binary(expose: Expose): ThingPlan | undefined {
  if (expose.type !== 'binary' || expose.property === '') return undefined;
  return {
    kind: 'binary_sensor',
    suffix: slugify(expose.property),
    properties: { state: {} },
    commands: [],
    // A contact's value_on is `false`: no contact, so open.
    fields: [mapped(expose.property, 'state', { [expose.off]: 'off', [expose.on]: 'on' })],
  };
}
