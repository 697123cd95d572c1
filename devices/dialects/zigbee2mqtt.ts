import type { Encoder } from '../../runtime/contract/actuator.ts';
import { hsFromRgb, xyFromRgb } from '../house/color.ts';
import { levelOf, miredOf } from '../house/convert.ts';
import { argColor, argNumber, Request } from './request.ts';

/** `<base>/<name>/set` with one JSON object; property names are those of the device's exposes, kept in its address. */
export const zigbee2mqtt: Encoder = {
  dialect: 'zigbee2mqtt',
  encode(action, target) {
    const request = new Request(action, target);
    return [{ topic: request.address('set'), payload: JSON.stringify(bodyOf(request)) }];
  },
};

type Body = Record<string, unknown>;

function bodyOf(request: Request): Body {
  const { kind, command } = request;
  switch (`${kind}.${command}`) {
    case 'light.turn_on':
      return light(request);
    case 'fan.turn_on':
    case 'fan.set_speed':
      return fan(request);
    case 'switch.turn_on':
    case 'humidifier.turn_on':
      return on(request);
    case 'siren.turn_on':
      return siren(request, true);
    case 'siren.turn_off':
      return siren(request, false);
    case 'light.turn_off':
    case 'switch.turn_off':
    case 'humidifier.turn_off':
      return { [request.address('state')]: wire(request.address('off')) };
    case 'fan.turn_off':
      if (request.optional('state') === undefined) return { [request.address('mode')]: 'off' };
      return { [request.address('state')]: wire(request.address('off')) };
    case 'light.toggle':
    case 'switch.toggle':
    case 'fan.toggle':
    case 'humidifier.toggle':
      return { [request.address('state')]: 'TOGGLE' };
    case 'cover.open':
    case 'valve.open':
      return { [request.optional('state') ?? 'state']: wire(request.address('open')) };
    case 'cover.close':
    case 'valve.close':
      return { [request.optional('state') ?? 'state']: wire(request.address('close')) };
    case 'cover.stop':
      return { [request.optional('state') ?? 'state']: request.address('stop') };
    case 'cover.set_position':
    case 'valve.set_position':
      return { [request.address('position')]: Math.round(request.number('position')) };
    case 'lock.lock':
      return { [request.address('state')]: wire(request.address('on')) };
    case 'lock.unlock':
      return { [request.address('state')]: wire(request.address('off')) };
    case 'climate.set_temperature':
      return { [request.address('temperature')]: request.number('temperature') };
    case 'climate.set_mode':
      return { [request.address('mode')]: request.text('mode') };
    case 'climate.turn_off':
      return { [request.address('mode')]: 'off' };
    case 'number.set_value':
      return { [request.address('value')]: request.number('value') };
    case 'select.select_option':
      return { [request.address('value')]: request.text('option') };
    case 'button.press':
      return { [request.address('value')]: request.address('press') };
    default:
      throw request.unsupported();
  }
}

/** `true` and `false` are JSON's, every other word is text: what the exposes of the device say. */
function wire(word: string): string | boolean {
  return word === 'true' ? true : word === 'false' ? false : word;
}

function on(request: Request): Body {
  return { [request.address('state')]: wire(request.address('on')) };
}

function light(request: Request): Body {
  const body = on(request);
  const brightness = argNumber(request, 'brightness');
  if (brightness !== undefined) {
    const max = request.optionalNumber('brightness_max') ?? 254;
    body[request.address('brightness')] = levelOf(brightness, max);
    // Zero per cent is off: lamps take a brightness of 0 for their dimmest.
    if (brightness <= 0) return { [request.address('state')]: wire(request.address('off')) };
  }
  const kelvin = argNumber(request, 'color_temp');
  if (kelvin !== undefined) body[request.address('color_temp')] = miredOf(kelvin);
  const color = argColor(request, 'color');
  if (color !== undefined) {
    if (request.optional('color_model') === 'hs') {
      const [hue, saturation] = hsFromRgb(color);
      body[request.address('color')] = { hue, saturation };
    } else {
      const [x, y] = xyFromRgb(color);
      body[request.address('color')] = { x, y };
    }
  }
  return body;
}

function fan(request: Request): Body {
  const speed = argNumber(request, 'speed');
  const body: Body = {};
  const state = request.optional('state');
  if (state !== undefined) body[state] = wire(request.address(speed === 0 ? 'off' : 'on'));
  else if (speed === undefined) body[request.address('mode')] = 'on';
  if (speed === undefined || (speed === 0 && state !== undefined)) return body;
  const property = request.optional('speed');
  if (property !== undefined) {
    body[property] = levelOf(speed, request.optionalNumber('speed_max') ?? 254);
    return body;
  }
  const steps = request.list('steps');
  const step = Math.round((speed / 100) * steps.length);
  body[request.address('mode')] = speed === 0 ? 'off' : steps[Math.max(0, step - 1)];
  return body;
}

function siren(request: Request, sound: boolean): Body {
  const warning = request.optional('warning');
  if (warning === undefined)
    return { [request.address('state')]: wire(request.address(sound ? 'on' : 'off')) };
  return {
    [warning]: sound
      ? { mode: 'emergency', level: 'high', strobe: true, strobe_duty_cycle: 10, duration: 180 }
      : { mode: 'stop', level: 'low', strobe: false, duration: 0 },
  };
}
