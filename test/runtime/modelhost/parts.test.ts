import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GanglionError } from '../../../runtime/errors.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { Backoff } from '../../../runtime/modelhost/backoff.ts';
import { ChildOutput } from '../../../runtime/modelhost/child-output.ts';
import { ownMemoryBytes, parseStatus } from '../../../runtime/modelhost/memory.ts';
import { defaultMemoryBytes, modelSpec } from '../../../runtime/modelhost/options.ts';
import { fromWire, toWire } from '../../../runtime/modelhost/protocol.ts';
import { boundedThreads, defaultThreads } from '../../../runtime/modelhost/threads.ts';

describe('Backoff', () => {
  it('doubles up to its limit, with jitter downwards, and starts anew after a stable life', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.integer({ min: 1, max: 40 }),
        (random, lives) => {
          const backoff = new Backoff({ baseMs: 100, maxMs: 5000, stableMs: 1000, random: () => random });
          for (let i = 0; i < lives; i++) {
            const full = Math.min(5000, 100 * 2 ** i);
            const delay = backoff.next(999);
            expect(delay).toBeGreaterThanOrEqual(full / 2);
            expect(delay).toBeLessThanOrEqual(full);
          }
          expect(backoff.next(1000)).toBeLessThanOrEqual(100);
        },
      ),
    );
  });
});

describe('ChildOutput', () => {
  it('hands on whole lines, cut, and counts what is too much', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const output = new ChildOutput(clock, (_level, line) => lines.push(line));
    const stream = new PassThrough();
    output.read(stream);
    stream.write('one\ntw');
    stream.write(`o\n\n${'x'.repeat(10_000)}\n`);
    for (let i = 0; i < 100; i++) stream.write(`line ${i}\n`);
    await new Promise(setImmediate);
    expect(lines.slice(0, 2)).toEqual(['one', 'two']);
    expect(lines[2]).toHaveLength(500);
    expect(lines).toHaveLength(50);
    expect(output.dropped).toBe(53);
    clock.advance(10_000);
    stream.end('last words');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(lines.at(-1)).toBe('last words');
    expect(output.lastPrinted).toBe('last words');
  });
});

describe('memory', () => {
  it('counts what is the process’s own', () => {
    expect(
      parseStatus('VmRSS:\t  900 kB\nRssAnon:\t  100 kB\nRssFile:\t  790 kB\nRssShmem:\t   10 kB\n'),
    ).toBe(110 * 1024);
    expect(parseStatus('Name:\tnode\n')).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('reads this process and not one that is gone', async () => {
    expect(await ownMemoryBytes(process.pid)).toBeGreaterThan(1e6);
    expect(await ownMemoryBytes(2 ** 30)).toBeUndefined();
  });
});

describe('threads', () => {
  it('are never all cores', () => {
    expect([1, 2, 4, 16].map((cores) => defaultThreads(cores))).toEqual([1, 1, 3, 4]);
    expect([1, 2, 4, 16].map((cores) => boundedThreads(64, cores))).toEqual([1, 1, 3, 15]);
    expect(boundedThreads(0, 8)).toBe(1);
  });
});

describe('options', () => {
  it('leave a board half its memory and load models modestly', () => {
    expect(defaultMemoryBytes(4e9)).toBe(2e9);
    expect(modelSpec('m.gguf', { contextTokens: 512 })).toEqual({
      file: resolve('m.gguf'),
      contextTokens: 512,
      threads: defaultThreads(),
      device: 'cpu',
    });
  });
});

describe('errors between the processes', () => {
  it('arrive as they were', () => {
    const error = new GanglionError('MODEL_PROMPT_TOO_LONG', { file: '/m.gguf', tokens: 9, limit: 5 });
    const back = fromWire(structuredClone(toWire(error)), '/m.gguf');
    expect(back).toMatchObject({ code: error.code, message: error.message, fields: error.fields });
  });

  it('become one of the catalogue if they are not', () => {
    expect(fromWire(toWire(new TypeError('x is not a function')), '/m')).toMatchObject({
      code: 'MODEL_ANSWER_FAILED',
    });
    expect(fromWire({ code: 'constructor', fields: {}, message: 'no' }, '/m').code).toBe(
      'MODEL_ANSWER_FAILED',
    );
  });
});
