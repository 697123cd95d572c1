import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { HistoryPoint } from '../contract/api.ts';

const NUMBERS = 0;
const DECIMALS = 1;
const MIXED = 2;

/**
 * Packs consecutive points of one property. Times are changes of the interval, in ms; numbers that are short decimals (nearly all
 * sensors) become deltas of scaled integers, other numbers stay 8 bytes, text and booleans carry a type byte each.
 */
export function encodeBlock(points: readonly HistoryPoint[]): Buffer {
  const out = new ByteWriter(points.length * 6 + 16);
  const scale = decimalScale(points);
  const numeric = points.every((point) => typeof point.value === 'number');
  out.u8(scale !== undefined ? DECIMALS : numeric ? NUMBERS : MIXED);
  out.varint(points.length);
  if (scale !== undefined) out.u8(scale);
  let time = 0;
  let interval = 0;
  let scaled = 0;
  for (const { at, value } of points) {
    const ms = Math.round(at);
    out.signed(ms - time - interval);
    interval = ms - time;
    time = ms;
    if (scale !== undefined && typeof value === 'number') {
      const next = Math.round(value * 10 ** scale);
      out.signed(next - scaled);
      scaled = next;
    } else if (numeric && typeof value === 'number') {
      out.f64(value);
    } else {
      writeMixed(out, value);
    }
  }
  return Buffer.from(out.bytes);
}

export function decodeBlock(bytes: Buffer): HistoryPoint[] {
  const points: HistoryPoint[] = [];
  const cursor = new BlockCursor(bytes);
  while (cursor.next()) points.push({ at: cursor.at, value: cursor.value });
  return points;
}

/** Walks through a block, one point at a time: what is ahead stays packed. */
export class BlockCursor {
  /** Of the point `next` has come to. */
  at = 0;
  value: HistoryPoint['value'] = 0;
  readonly #reader: ByteReader;
  readonly #mode: number;
  readonly #scale: number;
  #left: number;
  #interval = 0;
  #scaled = 0;

  constructor(bytes: Buffer) {
    this.#reader = new ByteReader(bytes);
    this.#mode = this.#reader.u8();
    this.#left = this.#reader.varint();
    this.#scale = this.#mode === DECIMALS ? 10 ** this.#reader.u8() : 1;
  }

  /** Goes on to the next point; false if there is none. */
  next(): boolean {
    const reader = this.#reader;
    if (!(this.#left > 0) || reader.failed) return false;
    this.#left--;
    this.#interval += reader.signed();
    this.at += this.#interval;
    if (this.#mode === DECIMALS) {
      this.#scaled += reader.signed();
      this.value = this.#scaled / this.#scale;
    } else {
      this.value = this.#mode === NUMBERS ? reader.f64() : readMixed(reader);
    }
    return true;
  }
}

/** The fewest decimal places (0–6) that give every value back exactly; undefined if there are none. */
function decimalScale(points: readonly HistoryPoint[]): number | undefined {
  let scale = 0;
  for (const { value } of points) {
    if (typeof value !== 'number' || Object.is(value, -0)) return undefined;
    while (Math.round(value * 10 ** scale) / 10 ** scale !== value) {
      if (++scale > 6) return undefined;
    }
    if (Math.abs(value) * 10 ** scale > 2 ** 50) return undefined;
  }
  return scale;
}

function writeMixed(out: ByteWriter, value: HistoryPoint['value']): void {
  if (typeof value === 'string') {
    out.u8(0);
    out.text(value);
  } else if (typeof value === 'number') {
    out.u8(1);
    out.f64(value);
  } else {
    out.u8(value ? 3 : 2);
  }
}

function readMixed(reader: ByteReader): HistoryPoint['value'] {
  const type = reader.u8();
  if (type === 0) return reader.text();
  if (type === 1) return reader.f64();
  return type === 3;
}
