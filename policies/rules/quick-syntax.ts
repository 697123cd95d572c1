import type { PropertyKey } from '../../runtime/contract/ids.ts';
import { type Comparison, type Expr, NOW_FIELDS } from './expression.ts';

const MAX_DEPTH = 40;

/**
 * Reads what nearly all conditions are made of: comparisons of properties and literals with `&&`, `||`, `!`, `in` and
 * parentheses. Gives exactly what the CEL parser gives, ten times faster; undefined for everything else, also for what is wrong,
 * which the CEL parser then says.
 */
export function parseQuickly(source: string): Expr | undefined {
  const reader = new QuickReader(source);
  const expr = reader.or(0);
  return expr !== undefined && reader.atEnd ? expr : undefined;
}

class QuickReader {
  readonly #source: string;
  /** The token that comes next: its text, or what it stands for. */
  #symbol: string = '';
  #operand: Expr | undefined;
  /** Whether it is a comparison. */
  #compares = false;
  #start = 0;
  #end = 0;

  constructor(source: string) {
    this.#source = source;
    this.#next();
  }

  #is(symbol: string): boolean {
    return this.#symbol === symbol;
  }

  get atEnd(): boolean {
    return this.#is('end');
  }

  or(depth: number): Expr | undefined {
    let left = this.#and(depth);
    while (left !== undefined && this.#is('||')) {
      this.#next();
      const right = this.#and(depth);
      left = right && { op: 'or', left, right, start: left.start, end: right.end };
    }
    return left;
  }

  #and(depth: number): Expr | undefined {
    let left = this.#comparison(depth);
    while (left !== undefined && this.#is('&&')) {
      this.#next();
      const right = this.#comparison(depth);
      left = right && { op: 'and', left, right, start: left.start, end: right.end };
    }
    return left;
  }

  #comparison(depth: number): Expr | undefined {
    const left = this.#unary(depth);
    if (left === undefined) return undefined;
    if (this.#is('in')) return this.#in(left);
    if (!this.#compares) return left;
    const by = this.#symbol as Comparison;
    this.#next();
    const right = this.#unary(depth);
    if (right === undefined || this.#compares || this.#is('in')) return undefined;
    return { op: 'compare', by, left, right, start: left.start, end: right.end };
  }

  #in(of: Expr): Expr | undefined {
    this.#next();
    if (!this.#is('[')) return undefined;
    const list: Expr[] = [];
    do {
      this.#next();
      if (this.#operand?.op !== 'literal') return undefined;
      list.push(this.#operand);
      this.#next();
    } while (this.#is(','));
    if (!this.#is(']')) return undefined;
    const end = this.#end;
    this.#next();
    return this.#compares || this.#is('in') ? undefined : { op: 'in', of, list, start: of.start, end };
  }

  #unary(depth: number): Expr | undefined {
    if (depth > MAX_DEPTH) return undefined;
    if (this.#operand !== undefined) {
      const operand = this.#operand;
      this.#next();
      return operand;
    }
    if (this.#is('!')) {
      const start = this.#start;
      this.#next();
      const of = this.#unary(depth + 1);
      return of && { op: 'not', of, start, end: of.end };
    }
    if (!this.#is('(')) return undefined;
    this.#next();
    const inner = this.or(depth + 1);
    if (inner === undefined || !this.#is(')')) return undefined;
    this.#next();
    return inner;
  }

  #next(): void {
    this.#operand = undefined;
    this.#compares = false;
    const source = this.#source;
    let at = this.#end;
    while (isSpace(source.charCodeAt(at))) at++;
    this.#start = at;
    const code = source.charCodeAt(at);
    if (at === source.length) this.#symbol = 'end';
    else if (code >= 0x61 && code <= 0x7a) this.#word(at);
    else if (isDigit(code)) this.#number(at);
    else if (code === 0x22 || code === 0x27) this.#text(at, code);
    else {
      this.#symbol = symbolOf(code, source.charCodeAt(at + 1));
      this.#end = at + this.#symbol.length;
      this.#compares = code >= 0x3c && code <= 0x3e ? this.#symbol !== 'other' : this.#symbol === '!=';
    }
  }

  /** A property, a field of `now`, `true`, `false` or `in`. */
  #word(start: number): void {
    const source = this.#source;
    let end = start + 1;
    let dots = 0;
    // Every part must begin with a letter to be an identifier, and a kind has no digits.
    let isKey = true;
    for (; ; end++) {
      const code = source.charCodeAt(end);
      if (code === 0x2e) {
        dots++;
        const next = source.charCodeAt(end + 1);
        isKey &&= next >= 0x61 && next <= 0x7a;
      } else if (isDigit(code)) isKey &&= dots > 0;
      else if (!((code >= 0x61 && code <= 0x7a) || code === 0x5f)) break;
    }
    this.#end = end;
    const word = source.slice(start, end);
    this.#symbol = 'other';
    if (isWordEnd(source.charCodeAt(end))) {
      if (dots === 2) {
        if (isKey && !word.startsWith('now.') && !word.startsWith('sun.')) {
          this.#give({ op: 'property', key: shared(word as PropertyKey), start, end });
        }
      } else if (dots === 1) {
        const field = word.startsWith('now.') ? NOW_FIELDS.find((name) => name === word.slice(4)) : undefined;
        if (field !== undefined) this.#give({ op: 'now', field, start, end });
      } else if (word === 'in') this.#symbol = 'in';
      else if (word === 'true' || word === 'false') {
        this.#give({ op: 'literal', value: word === 'true', start, end });
      }
    }
  }

  #number(start: number): void {
    const source = this.#source;
    let end = start;
    let digits = 0;
    let decimals = 0;
    for (; isDigit(source.charCodeAt(end)); end++) digits = 10 * digits + source.charCodeAt(end) - 0x30;
    if (source.charCodeAt(end) === 0x2e && isDigit(source.charCodeAt(end + 1))) {
      end++;
      for (; isDigit(source.charCodeAt(end)); end++, decimals++) {
        digits = 10 * digits + source.charCodeAt(end) - 0x30;
      }
    }
    this.#end = end;
    this.#symbol = 'other';
    if (end - start > 15 || !isWordEnd(source.charCodeAt(end))) return;
    // Both are whole and below 2^53, so the quotient is the double nearest to what is written.
    const value = decimals === 0 ? digits : digits / POWERS[decimals]!;
    this.#give({ op: 'literal', value, start, end });
  }

  #text(start: number, quote: number): void {
    const close = this.#source.indexOf(quote === 0x22 ? '"' : "'", start + 1);
    this.#symbol = 'other';
    if (close < 0) return;
    const value = this.#source.slice(start + 1, close);
    this.#end = close + 1;
    if (!value.includes('\\') && !value.includes('\n'))
      this.#give({ op: 'literal', value, start, end: close + 1 });
  }

  #give(operand: Expr): void {
    this.#symbol = 'operand';
    this.#operand = operand;
  }
}

/** One string for each property, however often it is written: what is looked up by it is found at once. */
const KEYS = new Map<string, PropertyKey>();
const MAX_KEYS = 50_000;

function shared(key: PropertyKey): PropertyKey {
  const known = KEYS.get(key);
  if (known !== undefined) return known;
  if (KEYS.size === MAX_KEYS) KEYS.clear();
  KEYS.set(key, key);
  return key;
}

const KEY = '(?!now\\.|sun\\.)[a-z][a-z_]*(?:\\.[a-z][a-z0-9_]*){2}';
const LITERAL = `(?:[0-9]{1,9}(?:\\.[0-9]{1,5})?|"[^"\\\\\n]*"|'[^'\\\\\n]*')`;
const TEST = `!?${KEY}(?: *(?:[=!]=|[<>]=?) *${LITERAL}| in \\[ *${LITERAL}(?: *, *${LITERAL})* *\\])?`;
const JOIN = ' *(?:&&|\\|\\|) *';
const PART = `(?:${TEST}|\\( *${TEST}(?:${JOIN}${TEST})* *\\))`;
/** Tests of properties, joined, with parentheses one level deep: `parseQuickly` reads all of these, and more. */
const PLAIN = new RegExp(`^ *${PART}(?:${JOIN}${PART})* *$`);

/** Whether a condition is so plain that it can be read without doubt, found out without reading it. */
export function isPlain(source: string): boolean {
  return PLAIN.test(source);
}

const POWERS = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/** The operator that two characters begin with; `other` for what this reader leaves alone. */
function symbolOf(code: number, next: number): string {
  switch (code) {
    case 0x26:
      return next === code ? '&&' : 'other';
    case 0x7c:
      return next === code ? '||' : 'other';
    case 0x3d:
      return next === code ? '==' : 'other';
    case 0x21:
      return next === 0x3d ? '!=' : '!';
    case 0x3c:
      return next === 0x3d ? '<=' : '<';
    case 0x3e:
      return next === 0x3d ? '>=' : '>';
    case 0x28:
      return '(';
    case 0x29:
      return ')';
    case 0x5b:
      return '[';
    case 0x5d:
      return ']';
    case 0x2c:
      return ',';
    default:
      return 'other';
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** What follows belongs to no longer word, number, path or call. */
function isWordEnd(code: number): boolean {
  if (Number.isNaN(code)) return true;
  if (isDigit(code) || code === 0x2e || code === 0x28 || code === 0x5f) return false;
  return !((code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a));
}
