import { array, number, object, text } from './json.ts';
import type { DeviceBook } from './book.ts';
import { mergeThing } from './device.ts';
import { tasmotaThing } from './infer-tasmota.ts';
import { kindSpec } from '../../runtime/contract/kinds.ts';
import type { ThingPlan } from './plan.ts';
import { infer } from './infer.ts';
import { thingKey } from './plan.ts';

/** `rl`: what each relay output is. */
const RELAY = 1;
const LIGHT = 2;
const SHUTTER = 3;

const MAX_RELAYS = 32;

/**
 * `tasmota/discovery/<mac>/config`: what a device is, in the short keys of Tasmota's own discovery (SetOption19 0).
 * An empty payload removes it.
 * @returns whether the house changed, or undefined if the payload is no such configuration
 */
export function discoverTasmota(mac: string, payload: unknown, book: DeviceBook): boolean | undefined {
  if (payload === undefined) {
    for (const device of book.all()) {
      if (device.dialect !== 'tasmota' || device.identity !== mac) continue;
      book.remove(device);
      return true;
    }
    return false;
  }
  const json = object(payload);
  const topic = text(json?.['t']);
  if (json === undefined || !topic) return undefined;
  const names = array(json['fn']).map((name) => text(name));
  const relays = array(json['rl'])
    .slice(0, MAX_RELAYS)
    .map((kind) => number(kind) ?? 0);
  const things = thingsOf(relays, names, number(json['lt_st']) ?? 0, commandPrefix(json, topic), topic);
  const known = book.find('tasmota', topic);
  // What /sensors announced stays; it comes in a message of its own.
  const sensors =
    known === undefined ? [] : [...known.things.values()].map((thing) => thing.plan).filter(reportsOnly);
  return book.apply(
    {
      dialect: 'tasmota',
      device: topic,
      identity: mac,
      name: text(json['dn']) ?? names[0] ?? topic,
      things: [...things, ...sensors],
    },
    'announced',
  );
}

function reportsOnly(plan: ThingPlan): boolean {
  return plan.kind === 'sensor' || plan.kind === 'binary_sensor';
}

/** `tasmota/discovery/<mac>/sensors`: `{"sn": …}` in the shape of SENSOR; every field of it becomes a property at once. */
export function discoverTasmotaSensors(mac: string, payload: unknown, book: DeviceBook): boolean {
  const sensors = object(object(payload)?.['sn']);
  if (sensors === undefined) return false;
  for (const device of book.all()) {
    if (device.dialect !== 'tasmota' || device.identity !== mac) continue;
    const things = new Map([...device.things].map(([key, thing]) => [key, { plan: thing.plan }]));
    const fahrenheit = sensors['TempUnit'] === 'F';
    for (const [group, raw] of Object.entries(sensors).slice(0, 64)) {
      for (const [leaf, value] of Object.entries(object(raw) ?? {}).slice(0, 64)) {
        if (typeof value !== 'number' && typeof value !== 'string') continue;
        const warm = typeof value === 'number' && (leaf === 'Temperature' || leaf === 'DewPoint');
        const guess = infer(
          'tasmota',
          {
            device: device.device,
            field: `${group}.${leaf}`,
            value,
            ...(warm && { unit: fahrenheit ? '°F' : '°C' }),
          },
          {
            announced: true,
            device: device.device,
            place: () => ({ base: '', topic: device.device }),
            things,
            taken: (property) => {
              const plan = things.get('sensor')?.plan;
              return (
                plan?.properties[property] !== undefined &&
                !plan.fields.some((field) => field.field === `${group}.${leaf}`)
              );
            },
          },
        );
        if (guess === undefined) continue;
        const key = thingKey(guess.thing.kind, guess.thing.suffix);
        things.set(key, { plan: mergeThing(things.get(key)?.plan, guess.thing) });
      }
    }
    return book.apply(
      { ...device.plan(), things: [...things.values()].map((thing) => thing.plan) },
      'announced',
    );
  }
  return false;
}

/** `ft` is the full topic's pattern, `tp` the prefixes: command, state, telemetry. */
function commandPrefix(json: Readonly<Record<string, unknown>>, topic: string): string {
  const pattern = text(json['ft']) ?? '%prefix%/%topic%/';
  const command = text(array(json['tp'])[0]) ?? 'cmnd';
  const full = pattern.replace('%prefix%', () => command).replace('%topic%', () => topic);
  return full.endsWith('/') ? full : `${full}/`;
}

function thingsOf(
  relays: readonly number[],
  names: readonly (string | undefined)[],
  lightType: number,
  prefix: string,
  topic: string,
): ThingPlan[] {
  const things: ThingPlan[] = [];
  const used = relays.filter((kind) => kind !== 0).length;
  let shutters = 0;
  for (const [index, kind] of relays.entries()) {
    const relay = used === 1 ? 0 : index + 1;
    const name = used > 1 ? names[index] : undefined;
    let thing: ThingPlan | undefined;
    if (kind === RELAY) thing = tasmotaThing('switch', topic, relay, prefix);
    else if (kind === LIGHT) thing = light(tasmotaThing('light', topic, relay, prefix), lightType);
    else if (kind === SHUTTER && relays[index - 1] === SHUTTER && shutters % 2 === 1) {
      // A shutter takes two relays in a row.
      shutters++;
      continue;
    } else if (kind === SHUTTER) thing = tasmotaThing('cover', topic, Math.floor(shutters++ / 2) + 1, prefix);
    if (thing !== undefined) things.push(name === undefined ? thing : { ...thing, name });
  }
  return things;
}

/** `lt_st`: 1 dimmer, 2 warm and cold white, 3 colour, 4 colour and white, 5 colour and both whites. */
function light(thing: ThingPlan | undefined, type: number): ThingPlan | undefined {
  if (thing === undefined) return undefined;
  const has = new Set(['state', ...(type >= 1 || type === 0 ? ['brightness'] : [])]);
  if (type === 2 || type === 5) has.add('color_temp');
  if (type >= 3) has.add('color');
  return {
    ...thing,
    properties: Object.fromEntries(Object.entries(thing.properties).filter(([name]) => has.has(name))),
    fields: thing.fields.filter((field) => has.has(field.property)),
    commands: thing.commands.filter((name) => Object.hasOwn(kindSpec('light').commands, name)),
  };
}
