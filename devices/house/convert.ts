import type { Value } from '../../runtime/contract/reading.ts';
import { readColor } from './color.ts';

/** How a wire value becomes a plain one. Plain data, because the mapping is stored; `compileConvert` makes it run. */
export type Convert =
  /** Finite number or its text, times `scale`; °F by unit → °C. */
  | { readonly as: 'number'; readonly scale?: number }
  | { readonly as: 'text' }
  | { readonly as: 'boolean' }
  /** By the text of the value (`true`, `ON`, `1`); what is not listed has no meaning here. */
  | { readonly as: 'map'; readonly map: Readonly<Record<string, Value>> }
  /** Anything that says on or off, in any dialect's way. */
  | { readonly as: 'onOff'; readonly invert?: boolean }
  /** 0…max → 0–100 %, whole; what is not quite off is at least 1. */
  | { readonly as: 'level'; readonly max: number; readonly invert?: boolean }
  | { readonly as: 'mired' }
  /** A colour as `readColor` takes it; `model` where the text does not begin with one. */
  | { readonly as: 'color'; readonly model?: 'rgb' | 'hs' | 'xy' };

export type Converter = (value: Value, unit: string | undefined) => Value | undefined;

const ON: ReadonlySet<string> = new Set(['on', 'true', '1', 'yes', 'open', 'detected', 'home', 'online']);
const OFF: ReadonlySet<string> = new Set([
  'off',
  'false',
  '0',
  'no',
  'closed',
  'clear',
  'not_home',
  'offline',
]);

export function compileConvert(convert: Convert): Converter {
  switch (convert.as) {
    case 'number': {
      const scale = convert.scale ?? 1;
      return (value, unit) => {
        const number = finite(value);
        if (number === undefined) return undefined;
        if (unit === '°F' || unit === 'F') return tenths(((number - 32) * 5) / 9);
        // Rounded to 12 digits: 0.1 * 3 is not 0.30000000000000004 to anyone.
        return scale === 1 ? number : Number((number * scale).toPrecision(12));
      };
    }
    case 'text':
      return (value) => String(value);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : onOff(value));
    case 'map': {
      const map = new Map(Object.entries(convert.map));
      return (value) => map.get(String(value));
    }
    case 'onOff': {
      const invert = convert.invert === true;
      return (value) => {
        const on = onOff(value);
        return on === undefined ? undefined : on === invert ? 'off' : 'on';
      };
    }
    case 'level': {
      const { max } = convert;
      const invert = convert.invert === true;
      return (value) => {
        const number = finite(value);
        return number === undefined ? undefined : percentOf(invert ? max - number : number, max);
      };
    }
    case 'mired':
      return (value) => {
        const number = finite(value);
        return number === undefined || number <= 0 ? undefined : kelvinOf(number);
      };
    case 'color':
    default: {
      const { model } = convert;
      return (value) => {
        if (typeof value !== 'string') return undefined;
        return readColor(model === undefined || value.includes(':') ? value : `${model}:${value}`);
      };
    }
  }
}

function finite(value: Value): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function onOff(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  const word = value.toLowerCase();
  if (ON.has(word)) return true;
  return OFF.has(word) ? false : undefined;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** 0…max → 0–100 %, whole. */
export function percentOf(level: number, max: number): number {
  const percent = Math.round((Math.min(max, Math.max(0, level)) / max) * 100);
  return percent === 0 && level > 0 ? 1 : percent;
}

/** 0–100 % → 0…max, whole; what is not quite off is at least 1. */
export function levelOf(percent: number, max: number): number {
  const level = Math.round((Math.min(100, Math.max(0, percent)) / 100) * max);
  return level === 0 && percent > 0 ? 1 : level;
}

/** Mired (millionths of reciprocal kelvin) → K and back; whole. */
export function kelvinOf(mired: number): number {
  return Math.round(1_000_000 / mired);
}

export function miredOf(kelvin: number): number {
  return Math.round(1_000_000 / kelvin);
}
