import type { Encoder, WireCommand } from '../../runtime/contract/actuator.ts';
import type { Rgb } from '../../runtime/contract/color.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { compileTemplate, type Template } from '../../runtime/lib/template.ts';
import { hsFromRgb, xyFromRgb } from '../house/color.ts';
import { levelOf, miredOf } from '../house/convert.ts';
import { object } from '../house/json.ts';
import type { ArgumentForm, Recipe } from '../house/recipe.ts';
import { argColor, argNumber, Request } from './request.ts';

/** Home Assistant command topics: each command is a list of publishes, kept in the address as discovery described them. */
export const homeassistant: Encoder = {
  dialect: 'homeassistant',
  encode(action, target) {
    const request = new Request(action, target);
    const recipes = object(request.raw('commands'))?.[action.command];
    if (!Array.isArray(recipes)) throw request.unsupported();
    return (recipes as readonly Recipe[])
      .map((recipe) => publish(request, recipe))
      .filter((command) => command !== undefined);
  },
};

function publish(request: Request, recipe: Recipe): WireCommand | undefined {
  const { args } = request.action;
  if (recipe.unless?.some((name) => Object.hasOwn(args, name)) === true) return undefined;
  const { topic, arg } = recipe;
  if (recipe.payload !== undefined) return { topic, payload: recipe.payload };
  if (recipe.json !== undefined) return { topic, payload: JSON.stringify(jsonLight(request, recipe.json)) };
  if (arg === undefined) return { topic, payload: render(recipe.template ?? '', variables(request)) };
  if (!Object.hasOwn(args, arg)) return undefined;
  const value = formed(request, recipe, arg);
  if (recipe.template === undefined) return { topic, payload: String(value) };
  const color = typeof value === 'string' && recipe.form?.as === 'rgb' ? value.split(',').map(Number) : [];
  const [red, green, blue] = color;
  return { topic, payload: render(recipe.template, { value, red, green, blue }) };
}

function formed(request: Request, recipe: Recipe, arg: string): Value {
  const form: ArgumentForm = recipe.form ?? { as: 'text' };
  switch (form.as) {
    case 'range': {
      const percent = request.number(arg);
      return form.to >= form.from
        ? form.from + levelOf(percent, form.to - form.from)
        : form.from - levelOf(percent, form.from - form.to);
    }
    case 'mired':
      return miredOf(request.number(arg));
    case 'fahrenheit':
      return Math.round((request.number(arg) * 9) / 5 + 32);
    case 'number':
      return request.number(arg);
    case 'rgb':
    case 'hs':
    case 'xy':
      return colorText(argColor(request, arg)!, form.as);
    case 'text':
    default:
      return request.text(arg);
  }
}

function colorText(rgb: Rgb, model: 'rgb' | 'hs' | 'xy'): string {
  return (model === 'rgb' ? rgb : model === 'hs' ? hsFromRgb(rgb) : xyFromRgb(rgb)).join(',');
}

function jsonLight(request: Request, light: NonNullable<Recipe['json']>): Record<string, unknown> {
  const body: Record<string, unknown> = { state: light.state };
  const brightness = argNumber(request, 'brightness');
  if (brightness !== undefined) body['brightness'] = levelOf(brightness, light.scale);
  const kelvin = argNumber(request, 'color_temp');
  if (kelvin !== undefined) body['color_temp'] = light.kelvin ? Math.round(kelvin) : miredOf(kelvin);
  const rgb = argColor(request, 'color');
  if (rgb !== undefined) {
    const [r, g, b] = rgb;
    const [h, s] = hsFromRgb(rgb);
    const [x, y] = xyFromRgb(rgb);
    body['color'] = light.color === 'rgb' ? { r, g, b } : light.color === 'hs' ? { h, s } : { x, y };
  }
  return body;
}

/** What Home Assistant hands a light's templates, beside our own arguments by name. */
function variables(request: Request): Record<string, unknown> {
  const { args } = request.action;
  const known: Record<string, unknown> = { ...args, state: request.command === 'turn_off' ? 'off' : 'on' };
  const brightness = argNumber(request, 'brightness');
  if (brightness !== undefined) known['brightness'] = levelOf(brightness, 255);
  const kelvin = argNumber(request, 'color_temp');
  if (kelvin !== undefined) known['color_temp'] = miredOf(kelvin);
  const rgb = argColor(request, 'color');
  if (rgb !== undefined) [known['red'], known['green'], known['blue']] = rgb;
  return known;
}

/** Throws GanglionError TEMPLATE_… */
export function render(template: string, scope: Readonly<Record<string, unknown>>): string {
  return templateOf(template).render(scope);
}

const COMPILED = new Map<string, Template>();
const MAX_COMPILED = 500;

function templateOf(source: string): Template {
  const known = COMPILED.get(source);
  if (known !== undefined) return known;
  if (COMPILED.size >= MAX_COMPILED) COMPILED.clear();
  const compiled = compileTemplate(source);
  COMPILED.set(source, compiled);
  return compiled;
}
