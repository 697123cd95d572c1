import { isUtf8 } from 'node:buffer';
import { GanglionError, messageOf } from '../../runtime/errors.ts';
import { compressionOf, inflate } from './inflate.ts';
import { depthProblem, hasForbiddenName, nonFiniteAsNull, withoutForbiddenNames } from './json-guard.ts';

export interface PayloadLimits {
  /** Of the payload itself and of what it inflates to. */
  readonly maxBytes: number;
  /** Of nested objects and arrays. */
  readonly maxDepth: number;
}

export const PAYLOAD_LIMITS: PayloadLimits = { maxBytes: 1024 * 1024, maxDepth: 32 };

/**
 * The payload, inflated if it begins like gzip, zlib or zstd (once: what comes out is not inflated again).
 * Throws PAYLOAD_TOO_LARGE (without ever allocating it) or PAYLOAD_COMPRESSION.
 */
export function openPayload(
  payload: Uint8Array,
  topic = 'unnamed',
  limits: PayloadLimits = PAYLOAD_LIMITS,
): Uint8Array {
  const { maxBytes } = limits;
  if (payload.length > maxBytes) {
    throw new GanglionError('PAYLOAD_TOO_LARGE', {
      topic: shown(topic),
      limit: maxBytes,
      came: `${payload.length} bytes`,
    });
  }
  const format = compressionOf(payload);
  if (format === undefined) return payload;
  const result = inflate(format, payload, maxBytes);
  if (result.kind === 'bytes') return result.bytes;
  if (result.kind === 'too large') {
    const came = `${payload.length} bytes of ${format} that inflate to more`;
    throw new GanglionError('PAYLOAD_TOO_LARGE', { topic: shown(topic), limit: maxBytes, came });
  }
  // The zlib header `x^` is also how a text may begin.
  if (format === 'zlib' && payload[1] === 0x5e) return payload;
  throw new GanglionError('PAYLOAD_COMPRESSION', { topic: shown(topic), format, reason: result.reason });
}

/** The bytes as text without a byte order mark. Throws PAYLOAD_NOT_UTF8. */
export function payloadText(bytes: Uint8Array, topic = 'unnamed'): string {
  if (!isUtf8(bytes))
    throw new GanglionError('PAYLOAD_NOT_UTF8', { topic: shown(topic), bytes: bytes.length });
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * JSON from a stranger. Names that could reach a prototype (`__proto__`, `constructor`, `prototype`) are left out.
 * The tokens `NaN`, `nan`, `Infinity`, `inf`, which Tasmota and Python devices write for a sensor without a value,
 * become null, so that the rest of the message is not lost with them.
 * Throws PAYLOAD_TOO_LARGE, PAYLOAD_NOT_UTF8, PAYLOAD_TOO_DEEP, PAYLOAD_TRUNCATED or PAYLOAD_NOT_JSON.
 */
export function parseJson(
  payload: Uint8Array | string,
  topic = 'unnamed',
  limits: PayloadLimits = PAYLOAD_LIMITS,
): unknown {
  if (payload.length > limits.maxBytes) {
    throw new GanglionError('PAYLOAD_TOO_LARGE', {
      topic: shown(topic),
      limit: limits.maxBytes,
      came: `${payload.length} bytes`,
    });
  }
  const text = typeof payload === 'string' ? payload : payloadText(payload, topic);
  const problem = depthProblem(text, limits.maxDepth);
  if (problem === 'too deep') {
    throw new GanglionError('PAYLOAD_TOO_DEEP', { topic: shown(topic), limit: limits.maxDepth });
  }
  const value = parseLeniently(text, topic);
  return hasForbiddenName(text) ? withoutForbiddenNames(value) : value;
}

function parseLeniently(text: string, topic: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const mended = nonFiniteAsNull(text);
    if (mended !== text) {
      try {
        return JSON.parse(mended) as unknown;
      } catch {
        // The first error is the one about what really came.
      }
    }
    if (depthProblem(text, Infinity) === 'open') {
      throw new GanglionError('PAYLOAD_TRUNCATED', { topic: shown(topic), characters: text.length });
    }
    throw new GanglionError('PAYLOAD_NOT_JSON', { topic: shown(topic), reason: shown(messageOf(error)) });
  }
}

/** Text of a stranger, fit for one line of a log: bounded, without control characters. */
function shown(text: string): string {
  const plain = text.slice(0, 200).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return text.length > 200 ? `${plain}…` : plain;
}
