import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Decision } from '../../../runtime/contract/decision.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import { Archive } from '../../../runtime/journal/archive.ts';
import { Journal } from '../../../runtime/journal/journal.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { MemoryLog } from '../../support/log.ts';
import { readingNow } from '../../support/readings.ts';

const START = Date.UTC(2026, 10, 21);
const KEY = 'sensor.hall.temperature';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ganglion-archive-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function journalIn(path: string, clock: ManualClock): Journal {
  const journal = new Journal({
    folder: path,
    clock,
    log: new MemoryLog(),
    keepMs: 1e12,
    maxBytes: 1e12,
    onHealth: (error) => {
      if (error !== undefined) throw error;
    },
  });
  journal.open();
  return journal;
}

/** 1200 readings, ten seconds apart: two blocks and a rest in the log. */
function fill(journal: Journal, clock: ManualClock): number[] {
  const times: number[] = [];
  for (let i = 0; i < 1200; i++) {
    clock.advance(10_000);
    times.push(clock.wall());
    journal.record([readingNow(clock, KEY, i / 10)]);
    journal.accept();
  }
  return times;
}

function read(archive: Archive, key: PropertyKey, fromMs: number, toMs: number): [number, Value][] {
  const cursor = archive.points(key, fromMs, toMs);
  const points: [number, Value][] = [];
  while (cursor.next()) points.push([cursor.at, cursor.value]);
  return points;
}

describe('an archive', () => {
  it('reads blocks and log as one while the journal is open, after it was closed, and what a kill leaves', async () => {
    const path = folder();
    const clock = new ManualClock(START);
    const journal = journalIn(path, clock);
    const times = fill(journal, clock);
    const all = times.map((at, i): [number, Value] => [at, i / 10]);

    const killed = folder();
    cpSync(path, killed, { recursive: true });
    const open = new Archive(path);
    onTestFinished(() => open.close());
    expect(read(open, KEY, START, clock.wall())).toEqual(all);
    // Written after it was opened: not seen.
    clock.advance(10_000);
    journal.record([readingNow(clock, KEY, 7)]);
    journal.accept();
    expect(read(open, KEY, START, clock.wall())).toEqual(all);
    await journal.close();

    const closed = new Archive(path);
    onTestFinished(() => closed.close());
    expect(read(closed, KEY, START, clock.wall())).toEqual([...all, [clock.wall(), 7]]);
    const after = new Archive(killed);
    onTestFinished(() => after.close());
    expect(read(after, KEY, START, clock.wall())).toEqual(all);
    expect(after.keys()).toEqual([KEY]);
  });

  it('reads any span, and what was known before it', async () => {
    const path = folder();
    const clock = new ManualClock(START);
    const journal = journalIn(path, clock);
    const times = fill(journal, clock);
    await journal.close();
    const archive = new Archive(path);
    onTestFinished(() => archive.close());
    for (const [from, to] of [
      [0, 3],
      [500, 520],
      [511, 512],
      [1000, 1100],
      [1023, 1199],
      [1190, 1199],
    ] as const) {
      const points = read(archive, KEY, times[from]!, times[to]!);
      expect(points).toEqual(times.slice(from + 1, to + 1).map((at, i) => [at, (from + 1 + i) / 10]));
      expect(archive.latest(KEY, times[from]! + 5000)).toEqual({ at: times[from], value: from / 10 });
    }
    expect(archive.latest(KEY, START)).toBeUndefined();
    expect(read(archive, 'sensor.attic.temperature', 0, Infinity)).toEqual([]);
    expect(archive.latest('sensor.attic.temperature', Infinity)).toBeUndefined();
  });

  it('changes nothing: a torn end of the log stays for the journal to mend', () => {
    const path = folder();
    const clock = new ManualClock(START);
    const journal = journalIn(path, clock);
    fill(journal, clock);
    const killed = folder();
    cpSync(path, killed, { recursive: true });
    void journal.close();
    const log = join(
      killed,
      readdirSync(killed).find((name) => name.endsWith('.log'))!,
    );
    appendFileSync(log, Buffer.from([9, 0, 0, 0, 1, 2]));
    const size = statSync(log).size;
    const database = readFileSync(join(killed, 'journal.db'));
    const archive = new Archive(killed);
    expect(read(archive, KEY, START, clock.wall())).toHaveLength(1200);
    archive.close();
    expect(statSync(log).size).toBe(size);
    expect(readFileSync(join(killed, 'journal.db')).equals(database)).toBe(true);
  });

  it('has the decisions of policies, also those only the log has, each once', async () => {
    const path = folder();
    const clock = new ManualClock(START);
    const journal = journalIn(path, clock);
    const decide = (id: string, policy: string | undefined): void => {
      clock.advance(1000);
      const decision = {
        id: id.padEnd(20, '0'),
        at: clock.wall(),
        policy,
        trigger: { kind: 'time' },
        actions: [],
        refused: [],
      };
      journal.commit([decision as unknown as Decision], []);
    };
    decide('a', 'one');
    clock.advance(60_000);
    decide('b', 'two');
    decide('c', undefined);
    const archive = new Archive(path);
    onTestFinished(() => archive.close());
    const found = [...archive.decisions(START, clock.wall())];
    expect(found.map(({ policy }) => policy)).toEqual(['one', 'two']);
    expect([...archive.decisions(START + 2000, clock.wall())].map(({ policy }) => policy)).toEqual(['two']);
    await journal.close();
  });

  it('says where there is nothing to read', () => {
    expect(() => new Archive(folder())).toThrow(expect.objectContaining({ code: 'JOURNAL_ABSENT' }));
    const path = folder();
    appendFileSync(join(path, 'journal.db'), 'this is no database, whatever its name says'.repeat(100));
    expect(() => new Archive(path)).toThrow(expect.objectContaining({ code: 'JOURNAL_CORRUPT' }));
  });
});
