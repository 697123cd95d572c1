import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Timer } from '../../../runtime/contract/time.ts';
import { ManualClock, systemClock } from '../../../runtime/lib/clock.ts';
import { ReplaySource, type ReplaySourceOptions } from '../../../sensors/sources/replay.ts';
import { describeSource } from '../../conformance/source.ts';
import { RecordingSink } from '../../support/sink.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function recording(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'replay-test-'));
  folders.push(folder);
  const file = join(folder, 'recording');
  writeFileSync(file, text);
  return file;
}

const jsonLines = (records: readonly object[]) => records.map((record) => JSON.stringify(record)).join('\n');

async function replay(file: string, more: Partial<ReplaySourceOptions> = {}) {
  const bad: [number, string][] = [];
  const onBadLine = (line: number, reason: string) => void bad.push([line, reason]);
  const source = new ReplaySource({ file, clock: systemClock, speed: 0, onBadLine, ...more });
  const sink = new RecordingSink();
  await source.start(sink, new AbortController().signal);
  return { source, sink, bad };
}

describe('ReplaySource', () => {
  describeSource('replay', () => {
    const text = jsonLines(Array.from({ length: 2000 }, (_, i) => ({ t: i, topic: 'a', payload: `${i}` })));
    return { source: new ReplaySource({ file: recording(text), clock: systemClock }), stir: () => {} };
  });

  it('delivers messages in order as fast as it can', async () => {
    const records = Array.from({ length: 1000 }, (_, i) => ({
      t: i * 1000,
      topic: `a/${i % 3}`,
      payload: { i },
    }));
    const { source, sink } = await replay(recording(jsonLines(records)));
    await source.done;
    expect(sink.texts).toEqual(records.map(({ payload }) => JSON.stringify(payload)));
    expect(sink.statuses.at(-1)).toMatchObject({ connected: false });
    expect(sink.statuses.at(-1)?.detail).toMatch(/finished .*: 1000 delivered, 0 lines unreadable/);
    await source.stop();
    expect(sink.statuses).toHaveLength(2);
  });

  it('keeps the recorded pace times the speed', async () => {
    const clock = new EagerClock(5e11);
    const file = recording(
      jsonLines([
        { t: 1e12, topic: 'a', payload: '0', retained: true },
        { t: 1e12 + 10_000, topic: 'a', payload: '1' },
        { t: 1e12 + 5000, topic: 'a', payload: 'earlier' },
        { t: 1e12 + 20_000, topic: 'a', payload: '2' },
      ]),
    );
    const { source, sink } = await replay(file, { clock, speed: 10, times: 'recorded' });
    await source.done;
    expect(sink.texts).toEqual(['0', '1', 'earlier', '2']);
    expect(clock.waits).toEqual([1000, 1000]);
    expect(sink.messages.map((message) => message.at - 1e12)).toEqual([0, 10_000, 5000, 20_000]);
    expect(sink.messages.map((message) => message.retained)).toEqual([true, false, false, false]);
  });

  it('reads CSV of properties', async () => {
    const text =
      'time,key,value\n1000,sensor.a.x,1.5\n2026-01-01T00:00:00Z,light.b.state,"on"\n3000,sensor.c.y,true\r\n';
    const { source, sink } = await replay(recording(text), { times: 'recorded' });
    await source.done;
    expect(sink.readingsSeen.map(({ key, value, at }) => [key, value, at])).toEqual([
      ['sensor.a.x', 1.5, 1000],
      ['light.b.state', 'on', Date.UTC(2026, 0, 1)],
      ['sensor.c.y', true, 3000],
    ]);
  });

  it('counts and names lines it cannot read, and goes on', async () => {
    const good = '{"t":1,"topic":"a","payload":"x"}';
    const lines = [
      good,
      '{"t":1',
      '[]',
      '{"t":"1","topic":"a","payload":""}',
      '{"t":1,"topic":"a/#","payload":""}',
    ];
    const text = [...lines, '{"t":1,"topic":"a"}', '', 'x'.repeat(3 * 1024 * 1024), good].join('\n');
    const { source, sink, bad } = await replay(recording(text));
    await source.done;
    expect(sink.messages).toHaveLength(2);
    expect(bad.map(([line]) => line)).toEqual([2, 3, 4, 5, 6, 8]);
    expect(bad.at(-1)?.[1]).toContain('longer than');
    expect(source.counters).toMatchObject({ lines: 9, delivered: 2, bad: 6 });
  });

  it('reports a file that is not there as a status', async () => {
    const { source, sink } = await replay('/nowhere/recording.jsonl');
    await source.done;
    expect(sink.statuses).toHaveLength(1);
    expect(sink.statuses[0]?.detail).toMatch(/Expected a recording at \/nowhere\/recording.jsonl but ENOENT/);
  });
});

/** A clock whose time passes as soon as somebody waits for it. */
class EagerClock extends ManualClock {
  readonly waits: number[] = [];

  override schedule(delayMs: number, task: () => void): Timer {
    const timer = super.schedule(delayMs, task);
    this.waits.push(delayMs);
    setImmediate(() => this.advance(delayMs));
    return timer;
  }
}
