import type { Encoder } from '../../runtime/contract/actuator.ts';
import { argColor, argNumber, Request } from './request.ts';

/** JSON-RPC on `<id>/rpc` (https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Mqtt). */
export const shelly: Encoder = {
  dialect: 'shelly',
  encode(action, target) {
    const request = new Request(action, target);
    const [method, params] = callOf(request);
    const id = request.addressNumber('id');
    const frame = { id: numberOf(action.id), src: 'ganglion', method, params: { id, ...params } };
    return [{ topic: request.address('rpc'), payload: JSON.stringify(frame) }];
  },
};

/** A request id of its own per action, the same when it is encoded again (FNV-1a). */
function numberOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 1;
}

/** RPC namespaces as the device writes them. */
const NAMESPACES: Readonly<Record<string, string>> = {
  switch: 'Switch',
  light: 'Light',
  cover: 'Cover',
  rgb: 'RGB',
  rgbw: 'RGBW',
  cct: 'CCT',
  thermostat: 'Thermostat',
};

type Params = Record<string, unknown>;

function callOf(request: Request): readonly [method: string, params: Params] {
  const component = request.address('component');
  const space = Object.hasOwn(NAMESPACES, component) ? NAMESPACES[component] : undefined;
  if (space === undefined) throw request.unsupported();
  switch (`${request.kind}.${request.command}`) {
    case 'light.turn_on':
      return [`${space}.Set`, light(request)];
    case 'switch.turn_on':
    case 'siren.turn_on':
    case 'valve.open':
      return [`${space}.Set`, { on: true }];
    case 'light.turn_off':
    case 'switch.turn_off':
    case 'siren.turn_off':
    case 'valve.close':
      return [`${space}.Set`, { on: false }];
    case 'light.toggle':
    case 'switch.toggle':
      return [`${space}.Toggle`, {}];
    case 'cover.open':
      return ['Cover.Open', {}];
    case 'cover.close':
      return ['Cover.Close', {}];
    case 'cover.stop':
      return ['Cover.Stop', {}];
    case 'cover.set_position':
      return ['Cover.GoToPosition', { pos: Math.round(request.number('position')) }];
    case 'climate.set_temperature':
      return ['Thermostat.SetConfig', { config: { target_C: request.number('temperature') } }];
    case 'climate.turn_off':
      return ['Thermostat.SetConfig', { config: { enable: false } }];
    case 'climate.set_mode': {
      const mode = request.text('mode');
      if (mode !== 'heat' && mode !== 'cool' && mode !== 'off')
        throw request.bad('mode', 'heat, cool or off', mode);
      return ['Thermostat.SetConfig', { config: { enable: mode !== 'off' } }];
    }
    default:
      throw request.unsupported();
  }
}

function light(request: Request): Params {
  const brightness = argNumber(request, 'brightness');
  if (brightness !== undefined && brightness <= 0) return { on: false };
  const params: Params = { on: true };
  if (brightness !== undefined) params['brightness'] = Math.round(brightness);
  const kelvin = argNumber(request, 'color_temp');
  if (kelvin !== undefined) params['ct'] = Math.round(kelvin);
  const color = argColor(request, 'color');
  if (color !== undefined) params['rgb'] = color;
  return params;
}
