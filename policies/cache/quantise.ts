/**
 * Rounds a feature so that situations that hardly differ share an answer: to a multiple of `step`, or to `digits`
 * significant digits where there is no step. Returns a text; NaN, which is unknown, has one of its own.
 */
export function quantise(value: number, step: number | undefined, digits: number): string {
  if (Number.isNaN(value)) return '?';
  if (step === undefined || !(step > 0)) return String(Number(value.toPrecision(digits)) + 0);
  return String(Math.round(value / step) + 0);
}
