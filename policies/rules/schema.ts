import { z } from 'zod';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { LEARN_MODES, MODES } from './policy.ts';
import { quote } from './problem.ts';

const text = z.string().min(1);
/** A file beside the policies: no way out of the folder. */
const fileName = z.string().regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[\p{L}\p{N}_.-]+(?:\/[\p{L}\p{N}_.-]+)*$/u, {
  error: (issue) => `Expected a file name inside the policies folder but received ${quote(issue.input)}`,
});
const share = z.number().min(0).max(1);
const oneOrMore = z.union([text, z.array(text).min(1).max(32)]);
const duration = z.union([z.string(), z.number()]);

const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

const common = {
  id: z.string().regex(ID, {
    error: (issue) =>
      `Expected an id of at most 64 letters, digits, _ . - but received ${quote(issue.input)}`,
  }),
  cooldown: duration.optional(),
  priority: z.number().int().min(0).max(1000).default(50),
  mode: z.enum(MODES).default('auto'),
};

export const ruleSchema = z.strictObject({
  ...common,
  when: text,
  if: z.union([text, z.boolean()]).optional(),
  for: duration.optional(),
  // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
  then: oneOrMore,
});

const word = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, {
  error: (issue) => `Expected a name of small letters, digits and _ but received ${quote(issue.input)}`,
});

export const templateSchema = z.strictObject({
  ...ruleSchema.shape,
  for_each: oneOrMore,
  with: z.record(word, text).default({}),
});

export const letSchema = z.strictObject({ let: z.record(word, z.union([text, z.number(), z.boolean()])) });

const PLAIN_KEYS: ReadonlySet<string> = new Set(['id', 'when', 'if', 'then']);

/** What the schema would give for a rule of `id`, `when`, `if` and `then` alone, all of them texts; most rules are such. */
export function plainRule(
  data: object,
): { readonly success: true; readonly data: z.infer<typeof ruleSchema> } | undefined {
  for (const key in data) {
    const value: unknown = data[key as keyof typeof data];
    if (!PLAIN_KEYS.has(key) || typeof value !== 'string' || value === '') return undefined;
  }
  const { id, when, then, if: only } = data as Record<string, string>;
  if (id === undefined || when === undefined || then === undefined || !ID.test(id)) return undefined;
  // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
  const rule = { id, when, then, priority: 50, mode: 'auto' as const };
  return { success: true, data: only === undefined ? rule : { ...rule, if: only } };
}

const callPattern = z.string().regex(/^[a-z_]+\.(?:\*|[\p{Ll}\p{Lo}\p{N}_]+\*?)\.(?:\*|[a-z_][a-z0-9_]*)$/u, {
  error: (issue) =>
    `Expected entity.command such as lock.*.unlock or valve.main.* but received ${quote(issue.input)}`,
});

export const vetoSchema = z.strictObject({
  id: common.id,
  never: z.union([callPattern, z.array(callPattern).min(1).max(32)]),
  while: text.optional(),
  because: z.string().max(200).default(''),
  mode: z.enum(['auto', 'off']).default('auto'),
});

const clockTime = /^([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)$/;
const quietHours = z.string().regex(clockTime, {
  error: (issue) => `Expected a time of day such as 22:00-07:00 but received ${quote(issue.input)}`,
});

const exploreBody = z.strictObject({
  among: z.array(oneOrMore).min(2).max(52),
  safe: z.array(oneOrMore).min(1).max(52),
  share: share.default(0.1),
  quiet: z.union([quietHours, z.array(quietHours).max(16)]).default([]),
  patience: duration.optional(),
  by: z.enum(['average', 'features']).default('average'),
});

export type ExploreBody = z.infer<typeof exploreBody>;

/** Minutes of the day: `22:00-07:00` → 1320, 420. */
export function quietMinutes(texts: string | readonly string[]): { from: number; to: number }[] {
  return [texts].flat().map((text) => {
    const [, h1, m1, h2, m2] = (clockTime.exec(text) ?? []).map(Number);
    return { from: h1! * 60 + m1!, to: h2! * 60 + m2! };
  });
}

const decideBody = z.strictObject({
  on: z.array(text).min(1).max(64),
  choices: z.array(oneOrMore).min(2).max(52),
  features: z.array(text).max(256).default([]),
  rungs: z.array(text).min(1).max(16).default(['tree', 'cache', 'llm']),
  guidance: z.string().max(4000).default(''),
  certify: z.strictObject({ agreement: share, confidence: share }).optional(),
  learn: z.enum(LEARN_MODES).default('auto'),
  explore: exploreBody.optional(),
  tree: fileName.optional(),
  model: fileName.optional(),
  minInterval: duration.optional(),
  minConfidence: share.default(0),
  timeout: duration.optional(),
});

export const decideSchema = z.strictObject({ ...common, decide: decideBody });

/** Whatever is `like` another policy may leave out what that says. */
const heirSchema = z.strictObject({ ...templateSchema.partial().shape, id: common.id, like: common.id });

/** The JSON schema editors use for policy files. */
export function policiesJsonSchema(): object {
  const entry = z.union([ruleSchema, templateSchema, heirSchema, vetoSchema, decideSchema, letSchema]);
  return z.toJSONSchema(z.array(entry), { io: 'input', unrepresentable: 'any' });
}

/** Keys per place, to name the nearest one for a key nobody knows. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  rule: [...Object.keys(ruleSchema.shape), 'like', 'for_each'],
  template: Object.keys(templateSchema.shape),
  let: ['let'],
  veto: Object.keys(vetoSchema.shape),
  decidePolicy: Object.keys(decideSchema.shape),
  decide: Object.keys(decideBody.shape),
  certify: ['agreement', 'confidence'],
  explore: Object.keys(exploreBody.shape),
};

export interface SchemaProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** zod's issues as sentences, a list of its own for every unknown key. */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  type: 'rule' | 'decide' | 'veto' | 'template' | 'let',
): SchemaProblem[] {
  return issues.flatMap((issue): SchemaProblem[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      const place = path.length === 0 ? (type === 'decide' ? 'decidePolicy' : type) : String(path.at(-1));
      const known = KEYS[place] ?? [];
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `Expected a known key but received ${quote(key)}; ${didYouMean(key, known)}`,
      }));
    }
    const value = valueAt(input, path);
    return [{ path, message: sentence(issue, value, String(path.at(-1) ?? 'policy')) }];
  });
}

function sentence(issue: z.core.$ZodIssue, value: unknown, name: string): string {
  if (issue.message.startsWith('Expected ')) return issue.message;
  if (value === undefined) return `Expected ${name} but it is missing`;
  if (isUnquotedCall(value)) {
    return `Expected a text for ${name} but received a mapping; calls contain a colon and must be quoted: "light.hall.turn_on(brightness: 20)"`;
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const near = typeof value === 'string' ? `; ${didYouMean(value, values)}` : '';
    return `Expected one of ${values.join(', ')} for ${name} but received ${quote(value)}${near}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound =
      issue.code === 'too_small' ? `at least ${String(issue.minimum)}` : `at most ${String(issue.maximum)}`;
    const unit = issue.origin === 'array' ? ' entries' : issue.origin === 'string' ? ' characters' : '';
    return `Expected ${bound}${unit} for ${name} but received ${quote(value)}`;
  }
  if (issue.code === 'invalid_type') {
    return `Expected ${issue.expected} for ${name} but received ${quote(value)}`;
  }
  return `Expected a text or a list of texts for ${name} but received ${quote(value)}`;
}

/** `then: light.hall.turn_on(brightness: 20)` without quotes is a mapping in YAML. */
function isUnquotedCall(value: unknown): boolean {
  const item: unknown = Array.isArray(value) ? value.find((entry) => typeof entry === 'object') : value;
  if (typeof item !== 'object' || item === null) return false;
  return Object.keys(item).some((key) => key.includes('('));
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
