import type { Random } from './random.ts';

export type Slots = Readonly<Record<string, () => string>>;

/**
 * One text of a template: `(a|b|)` is one of its parts, `[x]` is there or not, `{slot}` what the slot gives. Parts may nest.
 * A slot nobody fills stays as it is written.
 */
export function expand(template: string, random: Random, slots: Slots = {}): string {
  return tidy(expandAt(template, random, slots));
}

function expandAt(template: string, random: Random, slots: Slots): string {
  let out = '';
  for (let i = 0; i < template.length; i++) {
    const char = template[i]!;
    const close = CLOSERS[char];
    const end = close === undefined ? -1 : closing(template, i, char, close);
    if (end < 0) {
      out += char;
      continue;
    }
    const inner = template.slice(i + 1, end);
    if (char === '{') out += slots[inner]?.() ?? `{${inner}}`;
    else if (char === '(') out += expandAt(random.pick(alternatives(inner)), random, slots);
    else if (random.chance(0.5)) out += expandAt(inner, random, slots);
    i = end;
  }
  return out;
}

const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function closing(template: string, from: number, open: string, close: string): number {
  let depth = 0;
  for (let i = from; i < template.length; i++) {
    if (template[i] === open) depth++;
    else if (template[i] === close && --depth === 0) return i;
  }
  return -1;
}

/** Cut at `|` outside of inner parts. */
function alternatives(inner: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of inner) {
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    if (char === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts;
}

function tidy(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([,.;?!])/g, '$1')
    .trim();
}

/**
 * Whether a template can give this text, in which every slot holds something else. Compiled once per template, and most are told
 * apart by their longest literal part: a test of all against all is cheap.
 */
export function couldSay(template: string, text: string): boolean {
  let known = compiled.get(template);
  if (known === undefined) {
    known = { pattern: new RegExp(`^${patternOf(template)}$`), literal: longestLiteral(template) };
    compiled.set(template, known);
  }
  const close = text.replaceAll(' ', '');
  return close.includes(known.literal) && known.pattern.test(close);
}

const compiled = new Map<string, { readonly pattern: RegExp; readonly literal: string }>();

/** Of what stands outside of all brackets, without spaces. */
function longestLiteral(template: string): string {
  let depth = 0;
  let outside = '';
  for (const char of template) {
    if (char in CLOSERS) depth++;
    if (depth === 0 && char !== ' ') outside += char;
    else if (depth > 0) outside += '\n';
    if (')]}'.includes(char)) depth--;
  }
  return outside.split('\n').toSorted((one, other) => other.length - one.length)[0]!;
}

/** Without spaces: an alternative may be empty, and leaves none behind. */
function patternOf(template: string): string {
  let out = '';
  for (let i = 0; i < template.length; i++) {
    const char = template[i]!;
    const close = CLOSERS[char];
    const end = close === undefined ? -1 : closing(template, i, char, close);
    if (end < 0) {
      if (char !== ' ') out += char.replace(/[.*+?^$\\/{}()|[\]]/, String.raw`\$&`);
      continue;
    }
    const inner = template.slice(i + 1, end);
    if (char === '{') out += '.+';
    else if (char === '[') out += `(?:${patternOf(inner)})?`;
    else
      out += `(?:${alternatives(inner)
        .map((one) => patternOf(one))
        .join('|')})`;
    i = end;
  }
  return out;
}
