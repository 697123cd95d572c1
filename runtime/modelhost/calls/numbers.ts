import type { NumberRange } from '../../contract/answer.ts';
import type { ValueSpec } from '../../contract/kinds.ts';

/**
 * Numbers as they are written behind `=`. The sign is apart, because `=-` is one piece of text to a tokenizer while the
 * digits behind it are pieces of their own.
 */
export interface SignedRange {
  readonly negative: boolean;
  /** Of the amount, without its sign. */
  readonly range: NumberRange;
}

/** Values of a range at most: what the contract of answer languages allows, with room for the halves. */
const MAX_VALUES = 1000;
/** Larger ones are no setting of anything. */
const MAX_AMOUNT = 1e9;
const DECIMALS = [0, 1, 2, 3] as const;

/**
 * The numbers a model may write for a value: multiples of a step that people would use, within the value's limits.
 * Empty where a limit is missing, or so narrow that no number of at most three decimals lies within.
 */
export function rangesOf(spec: Pick<ValueSpec, 'unit' | 'min' | 'max'>): readonly SignedRange[] {
  const { min, max } = spec;
  if (min === undefined || max === undefined || !(min <= max) || min < -MAX_AMOUNT || max > MAX_AMOUNT)
    return [];
  for (let step = stepFor(spec.unit, max - min); step >= 0.001 - 1e-9; step = finer(step)) {
    const ranges = multiples(min, max, step);
    if (ranges.length > 0) return ranges;
  }
  return [];
}

/** Colour temperatures by 100 K, degrees by halves, per cents by ones; others by what gives at most 1000 values. */
function stepFor(unit: string | undefined, span: number): number {
  if (unit === 'K' && span <= 100 * MAX_VALUES) return 100;
  if (unit === '°C' && span <= MAX_VALUES / 2) return 0.5;
  if (unit === '%' && span <= MAX_VALUES) return 1;
  if (span <= 1) return 0.01;
  if (span <= 10) return 0.1;
  let step = 1;
  for (let i = 0; span / step > MAX_VALUES; i++) step *= i % 3 === 1 ? 2.5 : 2;
  return step;
}

function finer(step: number): number {
  return step === 0.5 ? 0.1 : step / 10;
}

function multiples(min: number, max: number, step: number): SignedRange[] {
  // Halves as `21` or `21.5`: whole degrees are what people mostly want, and they need no second choice then.
  if (step === 0.5) return [...signed(min, max, 1, 0), ...signed(min, max, 1, 0.5)];
  return signed(min, max, step, 0);
}

/** Multiples of `step` plus `offset`, above zero and below it apart. */
function signed(min: number, max: number, step: number, offset: number): SignedRange[] {
  const decimals = decimalsOf(offset === 0 ? step : offset);
  const range = (low: number, high: number, from: number): NumberRange | undefined => {
    const at = (index: number): number => Number((index * step + offset).toFixed(decimals));
    // One too far on either side, then back in: division rounds, and what is outside would be refused.
    let first = Math.max(from, Math.ceil((low - offset) / step) - 1);
    let last = Math.floor((high - offset) / step) + 1;
    while (first <= last && at(first) < low) first++;
    while (last >= first && at(last) > high) last--;
    if (first > last) return undefined;
    return { min: at(first), max: at(last), step, decimals };
  };
  const above = range(min, max, 0);
  // There is no −0.
  const below = range(-max, -min, offset === 0 ? 1 : 0);
  return [
    ...(above === undefined ? [] : [{ negative: false, range: above }]),
    ...(below === undefined ? [] : [{ negative: true, range: below }]),
  ];
}

function decimalsOf(step: number): number {
  return DECIMALS.find((places) => Math.abs(Number(step.toFixed(places)) - step) < 1e-9) ?? 3;
}

/** The number that a text says, if it is one of these and written as they are. */
export function readNumber(text: string, ranges: readonly SignedRange[]): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && writeNumber(value, ranges) === text ? value : undefined;
}

/** A number as it is written, or undefined if it is none of these. */
export function writeNumber(value: number, ranges: readonly SignedRange[]): string | undefined {
  const amount = Math.abs(value);
  const fits = ranges.find(({ negative, range: { min, max, step } }) => {
    if (negative !== value < 0 || amount < min - 1e-9 || amount > max + 1e-9) return false;
    const steps = (amount - min) / step;
    return Math.abs(steps - Math.round(steps)) < 1e-6;
  });
  return fits === undefined ? undefined : `${fits.negative ? '-' : ''}${amount.toFixed(fits.range.decimals)}`;
}
