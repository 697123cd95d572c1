import { GanglionError, isGanglionError, type ErrorCode } from '../errors.ts';

/** The body of every answer that is not what was asked for. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
}

export interface ErrorReply {
  readonly status: number;
  readonly body: ErrorBody;
}

/** Codes whose status says more than their blame does. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  ACTION_UNKNOWN: 404,
  POLICY_UNKNOWN: 404,
  POLICY_VERSION_UNKNOWN: 404,
  HTTP_NOT_FOUND: 404,
  REPLAY_BUSY: 409,
  HTTP_UNAUTHORIZED: 401,
  HTTP_HOST_REFUSED: 403,
  HTTP_ORIGIN_REFUSED: 403,
};

const BLAME_STATUS: Record<string, number> = { caller: 400, data: 422, environment: 503, bug: 500 };

/** What the web framework refuses by itself, in our words. */
const FRAMEWORK: Record<string, string> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'Expected a JSON object as body but received nothing.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'Expected a JSON object as body but received something that is not JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'Expected the header Content-Type: application/json but received another or none.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH:
    'Expected as many bytes as Content-Length says but received another number.',
};

/**
 * Status and body for anything thrown while answering `where`, which takes bodies of up to `bodyLimit` bytes. Never lets
 * text of an unexpected error out.
 */
export function errorReply(thrown: unknown, where: string, bodyLimit?: number): ErrorReply {
  if (isGanglionError(thrown)) return replyOf(thrown);
  const status = statusOf(thrown);
  if (status !== undefined && status >= 400 && status < 500) {
    const code = codeOf(thrown);
    const known = code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? tooLarge(bodyLimit) : FRAMEWORK[code];
    const problem = known ?? 'Expected a well-formed request but received one that cannot be read.';
    return replyOf(new GanglionError('HTTP_REQUEST_INVALID', { problems: [problem] }), status);
  }
  return replyOf(new GanglionError('HTTP_INTERNAL', { where }, { cause: thrown }));
}

function tooLarge(limit: number | undefined): string {
  const most = limit === undefined ? 'a smaller body' : `a body of at most ${limit / 1024} KiB`;
  return `Expected ${most} but received more.`;
}

function replyOf(error: GanglionError, status?: number): ErrorReply {
  return {
    status: status ?? STATUS[error.code] ?? BLAME_STATUS[error.blame] ?? 500,
    body: { error: { code: error.code, message: error.message, remedy: error.remedy } },
  };
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}
