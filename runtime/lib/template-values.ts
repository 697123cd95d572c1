import { GanglionError } from '../errors.ts';

type Fn = (...args: readonly unknown[]) => unknown;

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As Python prints it, as far as it matters in a payload. */
export function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value);
}

export function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'boolean' && typeof b === 'number' && Number(a) === b);
}

function within(value: unknown, list: unknown): boolean {
  if (typeof list === 'string') return list.includes(textOf(value));
  if (Array.isArray(list)) return list.some((item) => same(item, value));
  return isMapping(list) && Object.hasOwn(list, textOf(value));
}

function num(value: unknown): number {
  if (typeof value === 'string' && value.trim() === '') return Number.NaN;
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    ? Number(value)
    : Number.NaN;
}

function noNumber(value: unknown): GanglionError {
  return new GanglionError('TEMPLATE_VALUE', {
    expected: 'a number',
    received: textOf(value).slice(0, 40) || 'nothing',
  });
}

/** A number, the fallback where there is one, else TEMPLATE_VALUE: an error there as in Home Assistant. */
function numberOr(value: unknown, fallback: unknown): unknown {
  const number = num(value);
  if (Number.isFinite(number)) return number;
  if (fallback !== undefined) return fallback;
  throw noNumber(value);
}

export function compare(operator: string, left: unknown, right: unknown): unknown {
  switch (operator) {
    case '==':
      return same(left, right);
    case '!=':
      return !same(left, right);
    case 'in':
      return within(left, right);
    case 'not in':
      return !within(left, right);
    case '~':
      return textOf(left) + textOf(right);
    case '+':
      return typeof left === 'string' && typeof right === 'string'
        ? left + right
        : arithmetic(operator, left, right);
    case '<':
    case '>':
    case '<=':
    case '>=':
      return order(operator, left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

function order(operator: string, left: unknown, right: unknown): boolean {
  const words = typeof left === 'string' && typeof right === 'string';
  const a = words ? left : num(left);
  const b = words ? right : num(right);
  if (operator === '<') return a < b;
  if (operator === '>') return a > b;
  return operator === '<=' ? a <= b : a >= b;
}

/** Numbers only: a string times a number is how a template would fill the memory. */
function arithmetic(operator: string, left: unknown, right: unknown): number {
  const numeric = (value: unknown): value is number | boolean =>
    typeof value === 'number' || typeof value === 'boolean';
  if (!numeric(left)) throw noNumber(left);
  if (!numeric(right)) throw noNumber(right);
  const a = Number(left);
  const b = Number(right);
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a - b * Math.floor(a / b);
    case '**':
      return a ** b;
    default:
      throw new GanglionError('TEMPLATE_VALUE', { expected: 'an operator of Jinja', received: operator });
  }
}

function round(value: unknown, digits: unknown, mode: unknown): unknown {
  const number = num(value);
  if (!Number.isFinite(number)) throw noNumber(value);
  const factor = 10 ** Math.min(12, Math.max(0, Math.trunc(num(digits ?? 0)) || 0));
  const turn = mode === 'floor' ? Math.floor : mode === 'ceil' ? Math.ceil : Math.round;
  return turn(number * factor) / factor;
}

function whole(value: unknown, fallback: unknown): unknown {
  const number = numberOr(value, fallback ?? 0);
  return typeof number === 'number' ? Math.trunc(number) : number;
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isMapping(value)
    ? Object.keys(value)
    : typeof value === 'string'
      ? value.slice(0, 1024).split('')
      : [];
}

function replace(value: unknown, from: unknown, to: unknown): string {
  const text = textOf(value);
  const part = textOf(from);
  const by = textOf(to);
  // Every match may grow by `to`: bound the result before it is made.
  if (part === '' || text.length * Math.max(1, by.length) > 1_000_000) return text;
  return text.replaceAll(part, () => by);
}

const entries: readonly (readonly [string, Fn])[] = [
  ['float', numberOr],
  ['int', whole],
  ['round', round],
  ['abs', (value) => Math.abs(num(value))],
  ['string', textOf],
  ['lower', (value) => textOf(value).toLowerCase()],
  ['upper', (value) => textOf(value).toUpperCase()],
  ['title', (value) => textOf(value).replaceAll(/\b[a-z]/g, (c) => c.toUpperCase())],
  ['capitalize', (value) => textOf(value).slice(0, 1).toUpperCase() + textOf(value).slice(1).toLowerCase()],
  ['trim', (value) => textOf(value).trim()],
  ['replace', replace],
  [
    'default',
    (value, other, empty) =>
      value === undefined || (empty === true && !truthy(value)) ? (other ?? '') : value,
  ],
  ['is_defined', (value) => value],
  ['length', (value) => (typeof value === 'string' ? value.length : list(value).length)],
  ['first', (value) => list(value)[0]],
  ['last', (value) => list(value).at(-1)],
  ['list', (value) => [...list(value)]],
  ['join', (value, between) => list(value).map(textOf).join(textOf(between))],
  ['min', (value) => Math.min(...list(value).map(num))],
  ['max', (value) => Math.max(...list(value).map(num))],
  ['sum', (value) => list(value).reduce<number>((sum, item) => sum + num(item), 0)],
  [
    'bool',
    (value) => value === true || ['true', 'on', 'yes', '1', 'enable'].includes(textOf(value).toLowerCase()),
  ],
  ['iif', (value, yes, no) => (truthy(value) ? (yes ?? true) : (no ?? false))],
  ['tojson', (value) => JSON.stringify(value ?? null)],
  ['to_json', (value) => JSON.stringify(value ?? null)],
  ['multiply', (value, by) => num(value) * num(by)],
];

export const FILTERS: ReadonlyMap<string, Fn> = new Map<string, Fn>([
  ...entries,
  ['d', entries.find(([name]) => name === 'default')![1]],
  ['count', entries.find(([name]) => name === 'length')![1]],
]);

export const FUNCTIONS: ReadonlyMap<string, Fn> = new Map<string, Fn>([
  ['float', numberOr],
  ['int', whole],
  ['bool', FILTERS.get('bool')!],
  ['iif', FILTERS.get('iif')!],
  ['min', (...args) => Math.min(...(args.length === 1 ? list(args[0]) : args).map(num))],
  ['max', (...args) => Math.max(...(args.length === 1 ? list(args[0]) : args).map(num))],
  ['is_number', (value) => Number.isFinite(num(value))],
]);

export const METHODS: ReadonlyMap<string, Fn> = new Map<string, Fn>([
  [
    'get',
    (object, key, other) =>
      isMapping(object) && Object.hasOwn(object, textOf(key)) ? object[textOf(key)] : other,
  ],
  ['lower', FILTERS.get('lower')!],
  ['upper', FILTERS.get('upper')!],
  ['strip', FILTERS.get('trim')!],
  ['title', FILTERS.get('title')!],
  ['replace', replace],
  ['split', (value, by) => textOf(value).split(by === undefined ? ' ' : textOf(by), 256)],
  ['startswith', (value, part) => textOf(value).startsWith(textOf(part))],
  ['endswith', (value, part) => textOf(value).endsWith(textOf(part))],
  ['keys', (value) => (isMapping(value) ? Object.keys(value) : [])],
  ['values', (value) => (isMapping(value) ? Object.values(value) : [])],
]);

export const TESTS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['defined', (value: unknown) => value !== undefined],
  ['undefined', (value: unknown) => value === undefined],
  ['none', (value: unknown) => value === null],
  ['number', (value: unknown) => typeof value === 'number'],
  ['string', (value: unknown) => typeof value === 'string'],
  ['boolean', (value: unknown) => typeof value === 'boolean'],
  ['mapping', isMapping],
  [
    'iterable',
    (value: unknown) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  ],
  ['sequence', (value: unknown) => Array.isArray(value) || typeof value === 'string'],
  ['odd', (value: unknown) => num(value) % 2 === 1],
  ['even', (value: unknown) => num(value) % 2 === 0],
  ['true', (value: unknown) => value === true],
  ['false', (value: unknown) => value === false],
]);
