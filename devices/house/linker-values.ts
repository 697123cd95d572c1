import { COLORS, MAXIMA, MINIMA, MODES, WHITES } from './linker-lexicon.ts';
import type { Token } from './linker-tokenize.ts';
import type { Quantity } from './linker-types.ts';

const SMALL: ReadonlyMap<string, number> = new Map(
  `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
   eighteen nineteen`
    .split(/\s+/u)
    .map((word, value) => [word, value]),
);
const TENS: ReadonlyMap<string, number> = new Map(
  'twenty thirty forty fifty sixty seventy eighty ninety'
    .split(' ')
    .map((word, index) => [word, (index + 2) * 10]),
);

/** Replaces numbers written in words (`twenty point five`, `one hundred`) by numbers. Others stay as they are. */
export function mergeNumbers(tokens: readonly Token[]): Token[] {
  const merged: Token[] = [];
  for (let i = 0; i < tokens.length;) {
    const { value, length } = numberAt(tokens, i);
    const token = tokens[i]!;
    if (length === 0) merged.push(token);
    else
      merged.push({ text: String(value), stem: String(value), number: value, afterPause: token.afterPause });
    i += Math.max(1, length);
  }
  return merged;
}

function numberAt(tokens: readonly Token[], start: number): { value: number; length: number } {
  let at = start;
  let value = 0;
  const word = (offset = 0): string => tokens[at + offset]?.text ?? '';
  if (TENS.has(word())) {
    value = TENS.get(word())!;
    at++;
    const unit = SMALL.get(word());
    if (unit !== undefined && unit > 0 && unit < 10) {
      value += unit;
      at++;
    }
  } else if (SMALL.has(word()) && !(word() === 'one' && !isNumberContext(tokens, start))) {
    value = SMALL.get(word())!;
    at++;
  } else if (word() === 'a' && word(1) === 'hundred') {
    value = 1;
    at++;
  } else if (word() === 'half' && (word(1) === 'a' || word(1) === 'an') && word(2) === 'degree') {
    return { value: 0.5, length: 2 };
  } else {
    return { value: 0, length: 0 };
  }
  if (word() === 'hundred') {
    value *= 100;
    at++;
  }
  if (word() === 'point' && SMALL.has(word(1))) {
    value = Number(`${value}.${SMALL.get(word(1))!}`);
    at += 2;
  }
  if (word() === 'and' && word(1) === 'a' && word(2) === 'half') {
    value += 0.5;
    at += 3;
  }
  return { value, length: at - start };
}

/** `one` counts only as a number next to what makes it one: `that one` is a pronoun. */
function isNumberContext(tokens: readonly Token[], at: number): boolean {
  return ['hundred', 'percent', 'point', '%', 'degree', '°'].includes(tokens[at + 1]?.stem ?? '');
}

export interface FoundQuantity {
  readonly quantity: Quantity;
  readonly at: number;
  readonly length: number;
}

/** The value that starts at a token, if one does: a number with its unit, a colour, a white, `max`, `half`, a mode. */
export function quantityAt(tokens: readonly Token[], at: number): FoundQuantity | undefined {
  const token = tokens[at];
  if (token === undefined) return undefined;
  const found = (quantity: Quantity, length: number): FoundQuantity => ({ quantity, at, length });
  const share = shareAt(tokens, at);
  if (share !== undefined) return found({ type: 'percent', value: share }, 2);
  if (token.number !== undefined) return found(...numberWithUnit(tokens, at, token.number));
  const { text } = token;
  const next = tokens[at + 1]?.text ?? '';
  if (/^#[0-9a-f]{6}$/u.test(text)) return found({ type: 'color', value: text }, 1);
  const white = WHITES.get(text);
  if (white !== undefined && next === 'white') return found({ type: 'kelvin', value: white }, 2);
  if (COLORS.has(text)) return found({ type: 'color', value: text }, 1);
  if (MAXIMA.has(text)) return found({ type: 'percent', value: 100, limit: 'max' }, 1);
  if (MINIMA.has(text)) return found({ type: 'percent', value: 0, limit: 'min' }, 1);
  if (text === 'half' || text === 'halfway')
    return found({ type: 'percent', value: 50 }, next === 'way' ? 2 : 1);
  const mode = MODES.get(text);
  if (mode !== undefined && next === 'mode') return found({ type: 'mode', value: mode }, 1);
  return undefined;
}

/** What a share may stand before; `a third floor` is none. */
const AFTER_SHARE = new Set(
  'of open closed brightness volume speed power brighter dimmer louder quieter please and up down less more full in on at now'.split(
    ' ',
  ),
);

/** `a third`, `two thirds`, `three quarters`, in percent. */
function shareAt(tokens: readonly Token[], at: number): number | undefined {
  const after = tokens[at + 2];
  if (after !== undefined && !after.afterPause && !AFTER_SHARE.has(after.text)) return undefined;
  const count = { a: 1, one: 1, '1': 1, '2': 2, '3': 3 }[tokens[at]?.text ?? ''];
  const parts = { third: 3, quarter: 4 }[tokens[at + 1]?.stem ?? ''];
  return count === undefined || parts === undefined || count >= parts
    ? undefined
    : Math.round((100 * count) / parts);
}

function numberWithUnit(tokens: readonly Token[], at: number, value: number): [Quantity, number] {
  const unit = tokens[at + 1]?.stem ?? '';
  if (unit === '%' || unit === 'percent') return [{ type: 'percent', value }, 2];
  if (unit === 'k' || unit === 'kelvin') return [{ type: 'kelvin', value }, 2];
  const degrees = unit === '°' || unit === 'degree';
  const scale = tokens[at + (degrees ? 2 : 1)]?.text ?? '';
  if (scale === 'f' || scale === 'fahrenheit') {
    return [{ type: 'degrees', value: Math.round((((value - 32) * 5) / 9) * 2) / 2 }, degrees ? 3 : 2];
  }
  if (scale === 'c' || scale === 'celsius') return [{ type: 'degrees', value }, degrees ? 3 : 2];
  return degrees ? [{ type: 'degrees', value }, 2] : [{ type: 'number', value }, 1];
}
