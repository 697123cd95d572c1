import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../runtime/journal/database.ts';
import { Journal } from '../../../runtime/journal/journal.ts';
import type { JournalOptions, Recovered } from '../../../runtime/journal/journal.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { MemoryLog } from '../../support/log.ts';
import { action, decision, reading } from '../../support/samples.ts';

const T0 = Date.UTC(2026, 0, 1);
let folder: string;
let clock: ManualClock;
const opened: Journal[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ganglion-failure-')), 'data');
  clock = new ManualClock(T0);
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
});

function journalAt(path: string, extra: Partial<JournalOptions> = {}): Journal {
  const options = { folder: path, clock, log: new MemoryLog(), keepMs: 1e12, maxBytes: 1e9 };
  const journal = new Journal({ ...options, onHealth: () => {}, ...extra });
  opened.push(journal);
  return journal;
}

function killed(path: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'ganglion-killed-'));
  cpSync(path, copy, { recursive: true });
  return copy;
}

/** A disk that can be filled up. */
function disk(): { full: boolean; write(fd: number, bytes: Buffer): void } {
  return {
    full: false,
    write(fd, bytes) {
      if (this.full) throw Object.assign(new TypeError('write failed'), { code: 'ENOSPC' });
      writeSync(fd, bytes);
    },
  };
}

describe('journal whose disk comes late', () => {
  async function earlierRun(): Promise<void> {
    const before = journalAt(folder);
    before.open();
    before.record([reading('sensor.a.x', 1, T0), reading('sensor.b.x', 1, T0)]);
    before.commit([decision('d0', { actions: [action('a0')] })], []);
    before.saveDocuments({ house: 'of the earlier run' });
    await before.close();
    renameSync(folder, `${folder}-away`);
    writeFileSync(folder, '');
  }

  function bringBack(): void {
    rmSync(folder);
    renameSync(`${folder}-away`, folder);
  }

  it('hands out what an earlier run left, apart from what this one knows better, before it says it is well', async () => {
    await earlierRun();
    const told: (Recovered | string)[] = [];
    const journal = journalAt(folder, {
      onHealth: (error) => told.push(error?.code ?? 'well'),
      onRecovered: (recovered) => told.push(recovered),
    });
    expect(journal.open()).toEqual({ latest: [], unfinished: [] });
    expect(journal.volatile).toBe(true);
    journal.record([reading('sensor.a.x', 2, T0 + 1000)]);
    expect(journal.accept()).toBe(false);
    clock.advance(2000);
    expect(told).toEqual(['JOURNAL_UNWRITABLE']);
    bringBack();
    clock.advance(2000);
    expect(told).toMatchObject([
      'JOURNAL_UNWRITABLE',
      { latest: [{ key: 'sensor.b.x', value: 1, at: T0 }], unfinished: [{ action: { id: 'a0' } }] },
      'well',
    ]);
    expect(journal.volatile).toBe(false);
    expect(journal.decisions.document('house')).toBe('of the earlier run');
    expect(journalAt(killed(folder)).open().latest).toMatchObject([{ value: 2 }, { value: 1 }]);
  });

  it('stores on the disk what could only be read from memory before, in its order', async () => {
    await earlierRun();
    const journal = journalAt(folder);
    journal.open();
    journal.commit([decision('d1', { actions: [action('a1')] })], []);
    expect(journal.decisions.get('d1')).toBeDefined();
    journal.setStage(['a1'], 'sent');
    expect(journal.decisions.unfinished()).toMatchObject([{ stage: 'sent' }]);
    bringBack();
    clock.advance(2000);
    const after = journalAt(killed(folder));
    expect(after.open().unfinished).toMatchObject([
      { action: { id: 'a0' }, stage: 'pending' },
      { action: { id: 'a1' }, stage: 'sent' },
    ]);
  });
});

describe('journal with a failing disk', () => {
  it('stores what comes again after it could not be stored, though it looks like a repetition', async () => {
    const files = disk();
    const journal = journalAt(folder, { files });
    journal.open();
    journal.record([reading('sensor.a.x', 1, 0)]);
    expect(journal.accept()).toBe(true);
    const missed = [
      // Lost with the log's buffer.
      reading('sensor.a.x', 2, 10),
      // Noted while the log is down.
      reading('sensor.b.x', 3, 20),
    ];
    files.full = true;
    for (const one of missed) {
      journal.record([one]);
      expect(journal.accept()).toBe(false);
    }
    files.full = false;
    clock.advance(2000);
    for (const one of missed) journal.record([one]);
    expect(journal.accept()).toBe(true);
    const after = journalAt(killed(folder));
    after.open();
    for (const [key, value] of [
      ['sensor.a.x', 2],
      ['sensor.b.x', 3],
    ] as const) {
      const points = await after.history({ key, fromMs: 0, toMs: 1e15, limit: 10 });
      expect(points.at(-1)).toMatchObject({ value });
    }
  });

  it('waits for a database someone else is writing, without calling the disk broken', () => {
    const journal = journalAt(folder);
    journal.open();
    const other = openDatabase(folder);
    other.exec('BEGIN IMMEDIATE');
    expect(journal.commit([decision('d1')], [])).toBe(true);
    clock.advance(1000);
    expect(journal.failure).toBeUndefined();
    expect(journal.saveDocuments({ house: {} })).toBe(false);
    other.exec('COMMIT');
    other.close();
    expect(journal.decisions.get('d1')).toBeDefined();
    expect(journal.saveDocuments({ house: {} })).toBe(true);
  });

  it('stores early what gathers, and counts what it has no room for', () => {
    const place = join(folder, '..', 'file');
    writeFileSync(place, '');
    const lost = journalAt(join(place, 'data'));
    lost.open();
    const files = disk();
    const journal = journalAt(folder, { files });
    journal.open();
    files.full = true;
    for (let i = 0; i < 10_100; i++) {
      lost.setStage([], 'sent');
      journal.setStage([], 'sent');
    }
    expect(lost.gauges['journal_entries_dropped']).toBe(100);
    expect(journal.gauges['journal_entries_dropped']).toBe(0);
  });

  it('starts no new segment for what is mostly copies', async () => {
    const journal = journalAt(folder);
    journal.open();
    const text = 'x'.repeat(10_000);
    const write = (round: number): void => {
      journal.record(
        Array.from({ length: 1000 }, (_, i) => reading(`sensor.s${i}.x`, `${round}${text}`, T0 + round)),
      );
      journal.accept();
    };
    const logs = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.log'));
    const settled = (): string[] => {
      journal.accept();
      return logs();
    };
    // 10 MB of latest values: the first segment is full with them, the second begins with them.
    write(1);
    await expect.poll(settled, { timeout: 10_000 }).toEqual(['journal-2.log']);
    write(2);
    expect(logs()).toEqual(['journal-2.log']);
  });
});
