import type { z } from 'zod';
import { didYouMean } from '../lib/suggest.ts';

/** `sources[2].as: Expected …` — every problem of a file, each with its path and what to do. */
export function problemsOf(error: z.ZodError, schema: z.ZodType, input: unknown): string[] {
  return error.issues.flatMap((issue) => describe(issue, schema, input));
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, input: unknown): string[] {
  const at = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      const hint = didYouMean(key, known);
      return `${pathText([...issue.path, key])}: unknown key${hint === '' ? '' : `; ${hint}`}`;
    });
  }
  if (issue.code === 'invalid_union') {
    // The branch that came furthest is the one the writer meant.
    const best = issue.errors.toSorted((a, b) => rank(b) - rank(a))[0] ?? [];
    if (best.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys')) {
      return best.flatMap((inner) =>
        describe({ ...inner, path: [...issue.path, ...inner.path] }, schema, input),
      );
    }
  }
  return [`${at}: ${sentence(issue.message)} but received ${shown(valueAt(input, issue.path))}`];
}

/** A branch whose only complaints lie deep inside, or are stray keys, fits better than one that failed at the top. */
function rank(issues: readonly z.core.$ZodIssue[]): number {
  const missing = issues.filter((issue) => issue.code === 'invalid_type' && issue.path.length <= 1).length;
  const shape = issues.some((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys')
    ? 100
    : 0;
  return -(shape + missing * 10 + issues.length);
}

function sentence(message: string): string {
  const text = message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
  return text.startsWith('expected') ? `E${text.slice(1)}` : text;
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(top level)';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

interface ShapeDef {
  readonly type?: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** The keys the schema knows at a path; unions offer those of all their branches. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const def = schema.def as ShapeDef;
  if (def.innerType !== undefined) return keysAt(def.innerType, path);
  if (def.options !== undefined) return def.options.flatMap((option) => keysAt(option, path));
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(def.shape ?? {});
  const next = def.shape?.[String(head)] ?? def.element ?? def.valueType;
  return next === undefined ? [] : keysAt(next, rest);
}
