import { isPropertyKey, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';

/** One line of a recording. `at`: wall clock, ms. */
export type Recorded =
  | {
      readonly kind: 'message';
      readonly at: number;
      readonly topic: string;
      readonly payload: Buffer;
      readonly retained: boolean;
    }
  | { readonly kind: 'reading'; readonly at: number; readonly key: PropertyKey; readonly value: Value };

/** The record of a line, or what is wrong with it. */
export function readRecord(line: string, csv: boolean): Recorded | string {
  return csv ? readCsv(line) : readJsonLine(line);
}

function readJsonLine(line: string): Recorded | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return 'it is not JSON';
  }
  if (typeof parsed !== 'object' || parsed === null) return 'it is not an object';
  const { t, topic, payload, retained } = parsed as Record<string, unknown>;
  if (typeof t !== 'number' || !Number.isFinite(t)) return 't is not a time in ms';
  if (typeof topic !== 'string' || topic === '' || /[+#\0]/.test(topic)) return 'topic is not a topic';
  if (payload === undefined) return 'it has no payload';
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return { kind: 'message', at: t, topic, payload: Buffer.from(text), retained: retained === true };
}

function readCsv(line: string): Recorded | string {
  const first = line.indexOf(',');
  const second = line.indexOf(',', first + 1);
  if (first === -1 || second === -1) return 'it is not time,key,value';
  const time = line.slice(0, first).trim();
  const key = line.slice(first + 1, second).trim();
  const raw = line.slice(second + 1);
  const at = /^-?\d+(?:\.\d+)?$/.test(time) ? Number(time) : Date.parse(time);
  if (!Number.isFinite(at)) return 'its time is neither ms nor ISO 8601';
  if (!isPropertyKey(key)) return 'its key is not <kind>.<slug>.<property>';
  const text = unquoted(raw.trim());
  if (text === '') return 'it has no value';
  return { kind: 'reading', at, key, value: valueOf(text) };
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : text;
}

function valueOf(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}
