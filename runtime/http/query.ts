import { z } from 'zod';
import { isEntityId, isPropertyKey } from '../contract/ids.ts';
import { GanglionError } from '../errors.ts';
import { parseMoment } from '../lib/moment.ts';

/** Shows a received value in an error sentence: short, on one line. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Zod's issue → "Expected X for NAME but received Y." */
export const expected = (what: string) => ({
  error: (issue: { input?: unknown }) => `${what} but received ${shown(issue.input)}`,
});

const count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,7}$/, expected(`a whole number from 1 to ${most}`))
    .transform(Number)
    .refine((value) => value >= 1 && value <= most, expected(`a whole number from 1 to ${most}`));
const text = (most: number) =>
  z
    .string(expected('text'))
    .min(1, expected('text'))
    .max(most, expected(`at most ${most} characters`));
export const id = text(64);
const entity = z.string().refine(isEntityId, expected('an entity id such as light.hall'));
const key = z
  .string(expected('a property such as sensor.hall.temperature'))
  .refine(isPropertyKey, expected('a property such as sensor.hall.temperature'));
export const moment = (nowMs: number) =>
  z.string().transform((value, context) => {
    const ms = parseMoment(value, nowMs);
    if (ms !== undefined) return ms;
    context.addIssue({
      code: 'custom',
      message: `an ISO time, milliseconds since 1970 or a span back such as -1h but received ${shown(value)}`,
    });
    return z.NEVER;
  });

export const stateQuery = z.strictObject({ entity: entity.optional() });
export const decisionQuery = z.strictObject({
  limit: count(1000).default(50),
  before: id.optional(),
  policy: text(200).optional(),
  entity: entity.optional(),
});
export const noQuery = z.strictObject({});
export const historyQuery = (nowMs: number) =>
  z.strictObject({
    key,
    from: moment(nowMs).default(nowMs - 86_400_000),
    to: moment(nowMs).default(nowMs),
    limit: count(100_000).default(1000),
  });

export const EVENT_TYPES = [
  'reading',
  'decision',
  'action',
  'outcome',
  'feedback',
  'source',
  'policies',
  'problem',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const eventsQuery = z.strictObject({
  types: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(EVENT_TYPES, expected(`any of ${EVENT_TYPES.join(', ')}`))).max(EVENT_TYPES.length))
    .default([...EVENT_TYPES]),
});

export const idParams = z.strictObject({ id });

export const askBody = z.strictObject({
  text: text(2000),
  dryRun: z.boolean(expected('true or false')).default(false),
  waitMs: z
    .number(expected('milliseconds from 0 to 60000'))
    .min(0, expected('milliseconds from 0 to 60000'))
    .max(60_000, expected('milliseconds from 0 to 60000'))
    .default(5000),
});
export const feedbackBody = z.strictObject({
  decision: id,
  reward: z
    .number(expected('a number from -1 to 1'))
    .min(-1, expected('a number from -1 to 1'))
    .max(1, expected('a number from -1 to 1')),
  note: text(1000).optional(),
});
export const approvalBody = z.strictObject({
  verdict: z.enum(['approve', 'deny'], expected('"approve" or "deny"')),
});

/** The parsed value. Throws HTTP_REQUEST_INVALID with one sentence per problem, all at once. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 10).flatMap((issue) => sentences(issue, value));
  throw new GanglionError('HTTP_REQUEST_INVALID', { problems });
}

function sentences(issue: z.core.$ZodIssue, value: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, 5)
      .map((name) => `Expected only known parameters but received ${shown(name)}.`);
  }
  if (issue.path.length === 0) return [`Expected a JSON object but received ${shown(value)}.`];
  const [what, received] = split(issue.message);
  return [`Expected ${what} for ${issue.path.map(String).join('.')} but received ${received}.`];
}

function split(message: string): [string, string] {
  const at = message.lastIndexOf(' but received ');
  return at < 0 ? ['a valid value', message] : [message.slice(0, at), message.slice(at + 14)];
}
