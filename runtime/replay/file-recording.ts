import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { readRecord } from '../../sensors/index.ts';
import type { PropertyKey } from '../contract/ids.ts';
import type { WallMs } from '../contract/time.ts';
import { GanglionError, messageOf } from '../errors.ts';
import type { KeptReading, Recording, Wanted } from './recording.ts';

const CHUNK = 512;
const HEAD = /^\s*time\s*,\s*key\s*,\s*value\s*$/i;

/** A CSV file `time,key,value` as a recording. It is read through for every question; nothing of it is kept. */
export class FileRecording implements Recording {
  /** Of the first and the last reading in order of time, wall clock ms; equal where there is one reading. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Lines that could not be read, and what is wrong with the first of them. */
  readonly bad: { readonly count: number; readonly first: string | undefined };
  readonly #file: string;

  private constructor(file: string, firstMs: number, lastMs: number, bad: FileRecording['bad']) {
    this.#file = file;
    this.firstMs = firstMs;
    this.lastMs = lastMs;
    this.bad = bad;
  }

  /** @throws GanglionError RECORDING_INVALID */
  static async open(file: string): Promise<FileRecording> {
    let first = Infinity;
    let last = -Infinity;
    let bad = 0;
    let firstBad: string | undefined;
    const onBad = (line: number, reason: string): void => {
      bad++;
      firstBad ??= `line ${line}: ${reason}`;
    };
    for await (const { at } of readingsOf(file, onBad)) {
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
    if (first === Infinity)
      throw new GanglionError('RECORDING_INVALID', { file, reason: firstBad ?? 'it has no readings' });
    return new FileRecording(file, first, last, { count: bad, first: firstBad });
  }

  oldestMs(): number {
    return this.firstMs;
  }

  async baseline(atMs: number, wanted: Wanted): Promise<Iterable<KeptReading>> {
    const latest = new Map<PropertyKey, KeptReading>();
    if (this.firstMs > atMs) return [];
    for await (const reading of readingsOf(this.#file)) {
      const known = latest.get(reading.key);
      if (reading.at <= atMs && wanted(reading.key) && !(known !== undefined && known.at > reading.at))
        latest.set(reading.key, reading);
    }
    return latest.values();
  }

  async *chunks(fromMs: number, toMs: number, wanted: Wanted): AsyncGenerator<readonly KeptReading[]> {
    let chunk: KeptReading[] = [];
    for await (const reading of readingsOf(this.#file)) {
      if (reading.at <= fromMs || reading.at > toMs || !wanted(reading.key)) continue;
      chunk.push(reading);
      if (chunk.length < CHUNK) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }
}

async function* readingsOf(
  file: string,
  onBad: (line: number, reason: string) => void = () => {},
): AsyncGenerator<KeptReading> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number++;
      if (number === 1) {
        if (HEAD.test(line)) continue;
        throw new GanglionError('RECORDING_INVALID', {
          file,
          reason: 'its first line is not time,key,value',
        });
      }
      if (line.trim() === '') continue;
      const record = readRecord(line, true);
      if (typeof record === 'string') onBad(number, record);
      else if (record.kind === 'reading')
        yield { key: record.key, value: record.value, at: record.at as WallMs };
    }
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw new GanglionError('RECORDING_INVALID', { file, reason: messageOf(error) }, { cause: error });
  }
}
