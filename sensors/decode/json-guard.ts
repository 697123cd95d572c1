const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Scans JSON text without parsing it. `too deep`: objects and arrays are nested deeper than `maxDepth`; `open`: the
 * text ends inside a string, object or array. Texts with few brackets are let through without a scan when only the
 * depth is asked for.
 */
export function depthProblem(text: string, maxDepth: number): 'too deep' | 'open' | undefined {
  if (maxDepth !== Infinity && !hasManyBrackets(text, maxDepth)) return undefined;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = stringEnd(text, i);
      if (i === -1) return 'open';
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return 'too deep';
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return depth > 0 ? 'open' : undefined;
}

/** Whether there are more opening brackets than `limit`: nesting cannot be deeper than their number. */
function hasManyBrackets(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let seen = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++seen > limit) return true;
    }
  }
  return false;
}

/** The index of the quote that ends the string beginning at `start`, or −1. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return -1;
}

const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a forbidden name may be in there, possibly written with `\u` escapes. */
export function hasForbiddenName(text: string): boolean {
  return text.includes('proto') || text.includes('constructor') || text.includes('\\u');
}

/**
 * Removes properties that could reach a prototype once someone copies them. The value is changed in place; it is a
 * fresh tree out of JSON.parse, not deeper than the limit that was checked before.
 */
export function withoutForbiddenNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  for (const name of Object.keys(object)) {
    if (FORBIDDEN.has(name)) Reflect.deleteProperty(object, name);
    else withoutForbiddenNames(object[name]);
  }
  return value;
}

const NON_FINITE = /(?<![\w.+-])[+-]?(?:NaN|nan|NAN|Infinity|inf|INF)(?![\w.])/g;

/** Writes `null` for numbers that are not finite, outside of strings. Takes time linear in the text. */
export function nonFiniteAsNull(text: string): string {
  if (!/nan|inf/i.test(text)) return text;
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    parts.push(text.slice(at, end).replaceAll(NON_FINITE, 'null'));
    if (quote === -1) break;
    const close = stringEnd(text, quote);
    // An open string: nothing after it can be mended.
    if (close === -1) return text;
    parts.push(text.slice(quote, close + 1));
    at = close + 1;
  }
  return parts.join('');
}
