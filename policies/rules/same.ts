import type { PolicySpec } from './policy.ts';
import type { TemplateSpec } from './template.ts';

/** Where a policy stands says nothing about what it does. */
const PLACE: ReadonlySet<string> = new Set(['file', 'line']);
const RANGE: ReadonlySet<string> = new Set(['start', 'end']);
const NOTHING: ReadonlySet<string> = new Set();

/** Whether two policies do the same, wherever they are written. Compares what conditions mean, not only their texts. */
export function samePolicy(a: PolicySpec, b: PolicySpec): boolean {
  return a === b || sameParts(a, b, PLACE);
}

/** Whether two templates say the same, wherever they are written. Variables in them may mean something else all the same. */
export function sameTemplate(a: TemplateSpec, b: TemplateSpec): boolean {
  return JSON.stringify(wordsOf(a)) === JSON.stringify(wordsOf(b));
}

function wordsOf({ each, roles, when, if: only, then: calls, rest }: TemplateSpec): unknown {
  const wanted = [...roles].map(([name, { pattern, property }]) => [name, pattern, property]);
  return [each, wanted, when.text, only?.text, calls.map(({ text }) => text), rest];
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  // An expression keeps its tree behind a getter; it is read from the text again where it was let go.
  if ('source' in a && 'expr' in a && 'source' in b && 'expr' in b)
    return a.source === b.source && same(a.expr, b.expr);
  return sameParts(a, b, 'op' in a ? RANGE : NOTHING);
}

function sameParts(a: object, b: object, except: ReadonlySet<string>): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) =>
      except.has(key) || (Object.hasOwn(b, key) && same(a[key as keyof typeof a], b[key as keyof typeof b])),
  );
}
