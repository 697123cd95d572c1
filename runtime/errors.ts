import { ACT_ERRORS } from './errors/act.ts';
import { CLI_ERRORS } from './errors/cli.ts';
import { BENCH_ERRORS } from './errors/bench.ts';
import { CONFIG_ERRORS } from './errors/config.ts';
import { HOUSE_ERRORS } from './errors/house.ts';
import { HTTP_ERRORS } from './errors/http.ts';
import { MODEL_ERRORS } from './errors/model.ts';
import { NETWORK_ERRORS } from './errors/network.ts';
import { POLICY_ERRORS } from './errors/policy.ts';
import { SENSE_ERRORS } from './errors/sense.ts';

export type { Blame, ErrorSpec } from './errors/spec.ts';

/** Every error this project throws on purpose. docs/errors.md is generated from it and a test keeps the two in step. */
export const CATALOGUE = {
  ...CONFIG_ERRORS,
  ...SENSE_ERRORS,
  ...HOUSE_ERRORS,
  ...POLICY_ERRORS,
  ...ACT_ERRORS,
  ...MODEL_ERRORS,
  ...NETWORK_ERRORS,
  ...HTTP_ERRORS,
  ...CLI_ERRORS,
  ...BENCH_ERRORS,
} as const;

export type ErrorCode = keyof typeof CATALOGUE;

type FieldsOf<C extends ErrorCode> = Parameters<(typeof CATALOGUE)[C]['text']>[0];

/** An error with a stable code. Handle it by `code`; the message is for people and may change. */
export class GanglionError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly fields: FieldsOf<C>;

  constructor(code: C, fields: FieldsOf<C>, options?: { cause?: unknown }) {
    const text = CATALOGUE[code].text as (fields: FieldsOf<C>) => string;
    super(text(fields), options);
    this.name = 'GanglionError';
    this.code = code;
    this.fields = fields;
  }

  /** Who can mend it: us (`bug`), whoever called or configured it, the machine around it, or the data that came in. */
  get blame(): string {
    return CATALOGUE[this.code].blame;
  }

  /** What to do about it, as one sentence. */
  get remedy(): string {
    return CATALOGUE[this.code].remedy;
  }
}

export function isGanglionError(error: unknown): error is GanglionError {
  return error instanceof GanglionError;
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
