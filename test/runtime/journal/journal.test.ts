import { cpSync, mkdtempSync, readdirSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GanglionError } from '../../../runtime/errors.ts';
import { Journal } from '../../../runtime/journal/journal.ts';
import type { JournalOptions } from '../../../runtime/journal/journal.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { MemoryLog } from '../../support/log.ts';
import { action, decision, reading } from '../../support/samples.ts';

const T0 = Date.UTC(2026, 0, 1);
let folder: string;
let clock: ManualClock;
const opened: Journal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-journal-'));
  clock = new ManualClock(T0);
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
});

function journalAt(path: string, extra: Partial<JournalOptions> = {}): Journal {
  const journal = new Journal({
    folder: path,
    clock,
    log: new MemoryLog(),
    keepMs: 1e12,
    maxBytes: 1e9,
    onHealth: () => {},
    ...extra,
  });
  opened.push(journal);
  return journal;
}

/** What a kill −9 leaves: the files as the operating system has them at this moment. */
function killed(path: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'ganglion-killed-'));
  cpSync(path, copy, { recursive: true });
  return copy;
}

describe('journal', () => {
  it('keeps accepted readings, decisions and stages through kill −9', async () => {
    const journal = journalAt(folder);
    journal.open();
    for (let i = 0; i < 1000; i++) journal.record([reading('sensor.a.x', i / 10, T0 + i * 1000)]);
    expect(journal.accept()).toBe(true);
    expect(
      journal.commit([decision('d'.padEnd(20, '1'), { actions: [action('a1'), action('a2')] })], []),
    ).toBe(true);
    journal.setStage(['a1'], 'sent');
    const after = journalAt(killed(folder));
    const { latest, unfinished } = after.open();
    expect(latest).toMatchObject([{ key: 'sensor.a.x', value: 99.9, at: T0 + 999_000 }]);
    expect(unfinished.map((record) => [record.action.id, record.stage])).toEqual([
      ['a1', 'sent'],
      ['a2', 'pending'],
    ]);
    const points = await after.history({ key: 'sensor.a.x', fromMs: T0, toMs: T0 + 1e9, limit: 5000 });
    expect(points.map((point) => point.value)).toEqual(Array.from({ length: 1000 }, (_, i) => i / 10));
  });

  it('answers the newest points within a limit and a range', async () => {
    const journal = journalAt(folder);
    journal.open();
    for (let i = 0; i < 600; i++) journal.record([reading('sensor.a.x', i, T0 + i)]);
    const points = await journal.history({ key: 'sensor.a.x', fromMs: T0 + 100, toMs: T0 + 550, limit: 300 });
    expect(points.map((point) => point.value)).toEqual(Array.from({ length: 300 }, (_, i) => i + 251));
    expect(await journal.history({ key: 'sensor.b.x', fromMs: 0, toMs: 1e15, limit: 10 })).toEqual([]);
  });

  it('counts the reading of a stored decision as seen even where the log lost it', () => {
    const journal = journalAt(folder);
    journal.open();
    journal.record([reading('binary_sensor.m.state', 'off', T0)]);
    journal.accept();
    const trigger = reading('binary_sensor.m.state', 'on', T0 + 5000);
    journal.commit(
      [decision('d1', { at: (T0 + 5000) as never, trigger: { kind: 'reading', readings: [trigger] } })],
      [],
    );
    const { latest } = journalAt(killed(folder)).open();
    expect(latest).toMatchObject([{ key: 'binary_sensor.m.state', value: 'on' }]);
  });

  it('stores the decisions of one cause together or not at all', () => {
    const journal = journalAt(folder);
    journal.open();
    const file = (path: string) =>
      join(
        path,
        readdirSync(path).find((name) => name.endsWith('.log'))!,
      );
    const before = statSync(file(folder)).size;
    expect(journal.commit([decision('d1', { actions: [action('a1')] }), decision('d2')], [])).toBe(true);
    const whole = killed(folder);
    // A power cut may leave any part of the write.
    for (const size of [before + 20, statSync(file(whole)).size - 1]) {
      const torn = killed(folder);
      truncateSync(file(torn), size);
      const after = journalAt(torn);
      expect(after.open().unfinished).toEqual([]);
      expect(after.decisions.get('d1') ?? after.decisions.get('d2')).toBeUndefined();
    }
    const after = journalAt(whole);
    expect(after.open().unfinished).toHaveLength(1);
    expect(after.decisions.get('d2')?.decision.id).toBe('d2');
  });

  it('moves a full log segment into blocks and drops it, losing and doubling nothing', async () => {
    const journal = journalAt(folder);
    journal.open();
    const count = 1_000_000;
    for (let i = 0; i < count; i++) journal.record([reading(`sensor.s${i % 50}.x`, i, T0 + i)]);
    journal.accept();
    await expect
      .poll(() => readdirSync(folder).filter((name) => name.endsWith('.log')), { timeout: 10_000 })
      .toHaveLength(1);
    const after = journalAt(killed(folder));
    after.open();
    const points = await after.history({ key: 'sensor.s7.x', fromMs: 0, toMs: 1e15, limit: 100_000 });
    expect(points).toHaveLength(count / 50);
    expect(new Set(points.map((point) => point.value)).size).toBe(count / 50);
  });

  it('says once that the disk is full, refuses to promise, keeps decisions readable, and recovers', () => {
    let full = false;
    const health: (GanglionError | undefined)[] = [];
    const journal = journalAt(folder, {
      onHealth: (error) => health.push(error),
      files: {
        write(fd, bytes) {
          if (full) throw Object.assign(new TypeError('write failed'), { code: 'ENOSPC' });
          writeSync(fd, bytes);
        },
      },
    });
    journal.open();
    journal.record([reading('sensor.a.x', 1, T0)]);
    expect(journal.accept()).toBe(true);
    full = true;
    journal.record([reading('sensor.a.x', 2, T0 + 1)]);
    expect(journal.accept()).toBe(false);
    expect(journal.accept()).toBe(false);
    expect(journal.commit([decision('d1')], [])).toBe(false);
    expect(journal.decisions.get('d1')?.decision.id).toBe('d1');
    expect(health.map((error) => error?.message)).toEqual([expect.stringContaining('the disk is full')]);
    clock.advance(2000);
    expect(journal.accept()).toBe(false);
    full = false;
    clock.advance(2000);
    expect(journal.failure).toBeUndefined();
    journal.record([reading('sensor.a.x', 3, T0 + 2)]);
    expect(journal.accept()).toBe(true);
    expect(health).toHaveLength(2);
    expect(journalAt(killed(folder)).open().latest).toMatchObject([{ value: 3 }]);
  });

  it('works in memory where the folder cannot be made, and moves to the disk when it can', () => {
    const place = join(folder, 'file');
    writeFileSync(place, '');
    const health: (GanglionError | undefined)[] = [];
    const journal = journalAt(join(place, 'data'), { onHealth: (error) => health.push(error) });
    journal.open();
    expect(health[0]?.code).toBe('JOURNAL_UNWRITABLE');
    expect(journal.commit([decision('d1')], [])).toBe(false);
    expect(journal.decisions.get('d1')).toBeDefined();
  });

  it('refuses a second daemon and a file that is no database', async () => {
    writeFileSync(join(folder, 'lock'), '1 long-gone');
    const journal = journalAt(folder);
    journal.open();
    await journal.close();
    writeFileSync(join(folder, 'journal.db'), 'not a database at all'.repeat(100));
    expect(() => journalAt(folder).open()).toThrow(/Expected a journal at .* but file is not a database/);
  });

  it('finds decisions by an unambiguous start of their id, by policy and by entity', () => {
    const journal = journalAt(folder);
    journal.open();
    const [first, second] = ['aaa'.padEnd(20, '1'), 'aab'.padEnd(20, '1')];
    journal.commit(
      [decision(first, { policy: 'p', actions: [action(`${first}00`, { entity: 'light.hall' })] })],
      [],
    );
    journal.commit(
      [decision(second, { policy: 'q', actions: [action(`${second}00`, { entity: 'fan.hall' })] })],
      [],
    );
    journal.finish([{ action: `${second}00`, status: 'confirmed', at: T0 as never, latencyMs: 5 }]);
    expect(journal.decisions.get('aab')?.decision.id).toBe(second);
    expect(journal.decisions.get('aa')).toBeUndefined();
    expect(journal.decisions.list({ limit: 10 }).map((record) => record.decision.id)).toEqual([
      second,
      first,
    ]);
    expect(journal.decisions.list({ limit: 10, policy: 'p' })).toHaveLength(1);
    expect(
      journal.decisions.list({ limit: 10, entity: 'fan.hall' }).map((record) => record.decision.id),
    ).toEqual([second]);
    expect(journal.decisions.actions({ limit: 10, entity: 'fan.hall' })).toMatchObject([
      { stage: 'done', outcome: { status: 'confirmed' } },
    ]);
    expect(journal.decisions.unfinished()).toHaveLength(1);
  });
});
