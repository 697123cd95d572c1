import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { LogKey } from '../../../runtime/journal/write-ahead-log.ts';
import { WriteAheadLog } from '../../../runtime/journal/write-ahead-log.ts';

let folder: string;
let a: LogKey;
let b: LogKey;
beforeEach(() => {
  a = logKey('sensor.a.x');
  b = logKey('sensor.b.x');
  folder = mkdtempSync(join(tmpdir(), 'ganglion-log-'));
});

const key = fc.constantFrom<PropertyKey>('sensor.a.x', 'sensor.b.x', 'light.küche.state');
const reading = fc.record({
  key,
  at: fc.integer({ min: 0, max: 4e12 }),
  value: fc.oneof(fc.double({ noNaN: true }), fc.string(), fc.boolean()),
});

function logKey(key: PropertyKey): LogKey {
  return { key, segment: -1, id: 0 };
}

function recovered() {
  return [...new WriteAheadLog(folder).recover()].filter((logged) => logged.type === 'reading');
}

describe('write-ahead log', () => {
  it('gives back what was flushed, in order, with growing sequences', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 40 }), (readings) => {
        folder = mkdtempSync(join(tmpdir(), 'ganglion-log-'));
        const log = new WriteAheadLog(folder);
        log.begin([]);
        const tracks = Object.fromEntries(readings.map((r) => [r.key, logKey(r.key)]));
        const sequences = readings.map((r) => {
          const sequence = log.append(tracks[r.key]!, r.at, r.value);
          if (r.at % 3 === 0) log.flush();
          return sequence;
        });
        log.close();
        expect(recovered()).toEqual(
          readings.map((r, i) => ({ ...r, type: 'reading', sequence: sequences[i], news: true })),
        );
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('knows which messages it has dealt with, also after a restart and a new segment', () => {
    const log = new WriteAheadLog(folder);
    log.begin([]);
    log.append(a, 1000, 1);
    log.deliver(7, 0xffff_ffff);
    log.flush();
    // Unchanged values are not written, and neither is that they came: a restart may deal with them again.
    log.deliver(8, 1);
    log.flush();
    expect([log.delivered(7, 0xffff_ffff), log.delivered(7, 1), log.delivered(8, 1)]).toEqual([
      true,
      false,
      true,
    ]);
    const restarted = new WriteAheadLog(folder);
    expect([...restarted.recover()]).toHaveLength(1);
    expect([restarted.delivered(7, 0xffff_ffff), restarted.delivered(8, 1)]).toEqual([true, false]);
    // What cannot be written was not dealt with.
    log.deliver(9, 1);
    log.drop(log.begin([]));
    log.append(a, 1000, 2);
    log.deliver(10, 1);
    log.discard();
    expect(log.delivered(10, 1)).toBe(false);
    const again = new WriteAheadLog(folder);
    expect([...again.recover()]).toEqual([]);
    expect([7, 8, 9, 10].map((id) => again.delivered(id, id === 7 ? 0xffff_ffff : 1))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('keeps every whole frame when the last one is torn anywhere', () => {
    const log = new WriteAheadLog(folder);
    log.begin([]);
    log.append(a, 1000, 20.5);
    log.flush();
    const file = join(folder, readdirSync(folder)[0]!);
    const whole = readFileSync(file);
    log.append(a, 2000, 'later');
    log.close();
    const all = readFileSync(file);
    for (let size = whole.length; size < all.length; size++) {
      writeFileSync(file, all.subarray(0, size));
      expect(recovered().map((r) => r.value)).toEqual([20.5]);
      expect(readFileSync(file).length).toBe(whole.length);
    }
  });

  it('ignores rubbish behind the last frame', () => {
    const log = new WriteAheadLog(folder);
    log.begin([]);
    log.append(a, 1000, 1);
    log.close();
    appendFileSync(join(folder, readdirSync(folder)[0]!), Buffer.alloc(100, 255));
    expect(recovered()).toHaveLength(1);
  });

  it('starts a segment with the latest values, so that older ones can be dropped', () => {
    const log = new WriteAheadLog(folder);
    log.begin([]);
    log.append(a, 1000, 1);
    const old = log.begin([{ track: a, at: 1000, value: 1 }]);
    log.append(b, 2000, 2);
    log.drop(old);
    log.close();
    expect(recovered().map(({ key, value, news }) => ({ key, value, news }))).toEqual([
      { key: 'sensor.a.x', value: 1, news: false },
      { key: 'sensor.b.x', value: 2, news: true },
    ]);
  });

  it('forgets what the disk refused and goes on when it works again', () => {
    let full = false;
    const log = new WriteAheadLog(folder, {
      write(fd, bytes) {
        // A full disk takes part of a write before it fails.
        appendFileSync(fd, full ? bytes.subarray(0, 5) : bytes);
        if (full) throw Object.assign(new TypeError('no space'), { code: 'ENOSPC' });
      },
    });
    log.begin([]);
    log.append(a, 1000, 1);
    log.flush();
    full = true;
    log.append(b, 2000, 2);
    expect(() => log.flush()).toThrow('no space');
    log.discard();
    full = false;
    log.begin([{ track: a, at: 1000, value: 1 }]);
    log.append(b, 3000, 3);
    log.flush();
    expect(recovered().map(({ at, value, news }) => [at, value, news])).toEqual([
      [1000, 1, true],
      [1000, 1, false],
      [3000, 3, true],
    ]);
  });
});
