import type { Encoder, WireCommand } from '../../runtime/contract/actuator.ts';
import { hsFromRgb } from '../house/color.ts';
import { miredOf } from '../house/convert.ts';
import { argColor, argNumber, Request } from './request.ts';

/** `cmnd/<topic>/<Command>` with a plain argument (https://tasmota.github.io/docs/Commands/). */
export const tasmota: Encoder = {
  dialect: 'tasmota',
  encode(action, target) {
    const request = new Request(action, target);
    const prefix = request.address('prefix');
    return commandsOf(request).map(([name, payload]): WireCommand => ({ topic: prefix + name, payload }));
  },
};

type Commands = readonly (readonly [name: string, payload: string])[];

function commandsOf(request: Request): Commands {
  switch (`${request.kind}.${request.command}`) {
    case 'light.turn_on':
      return light(request);
    case 'switch.turn_on':
    case 'siren.turn_on':
    case 'fan.turn_on':
    case 'valve.open':
      return [[request.address('power'), 'ON']];
    case 'light.turn_off':
    case 'switch.turn_off':
    case 'siren.turn_off':
    case 'fan.turn_off':
    case 'valve.close':
      return [[request.address('power'), 'OFF']];
    case 'light.toggle':
    case 'switch.toggle':
    case 'fan.toggle':
      return [[request.address('power'), 'TOGGLE']];
    case 'cover.open':
      return [[`ShutterOpen${shutter(request)}`, '']];
    case 'cover.close':
      return [[`ShutterClose${shutter(request)}`, '']];
    case 'cover.stop':
      return [[`ShutterStop${shutter(request)}`, '']];
    case 'cover.set_position':
      return [[`ShutterPosition${shutter(request)}`, String(Math.round(request.number('position')))]];
    default:
      throw request.unsupported();
  }
}

function shutter(request: Request): number {
  return request.addressNumber('shutter');
}

/** Colour and warmth before brightness: setting either resets the dimmer on some firmware. POWER last, so that it is on. */
function light(request: Request): Commands {
  const commands: [string, string][] = [];
  const color = argColor(request, 'color');
  if (color !== undefined) {
    const [hue, saturation] = hsFromRgb(color);
    const level = argNumber(request, 'brightness') ?? 100;
    commands.push([
      request.address('color'),
      `${Math.round(hue)},${Math.round(saturation)},${Math.round(level)}`,
    ]);
  }
  const kelvin = argNumber(request, 'color_temp');
  // Tasmota's CT is 153…500 mired.
  if (kelvin !== undefined) {
    commands.push([request.address('ct'), String(Math.min(500, Math.max(153, miredOf(kelvin))))]);
  }
  const brightness = argNumber(request, 'brightness');
  if (brightness !== undefined && color === undefined) {
    if (brightness <= 0) return [[request.address('power'), 'OFF']];
    commands.push([request.address('dimmer'), String(Math.round(brightness))]);
  }
  return [...commands, [request.address('power'), 'ON']];
}
