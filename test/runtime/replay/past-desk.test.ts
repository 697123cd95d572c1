import { expect, it } from 'vitest';
import type { RuleEngine } from '../../../policies/index.ts';
import type { Interlocks } from '../../../runtime/act/interlocks.ts';
import { createHttpServer } from '../../../runtime/http/server.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { PastDesk } from '../../../runtime/replay/index.ts';
import { houseOf } from '../../support/house.ts';
import { MemoryLog } from '../../support/log.ts';
import { ScriptedApi } from '../../support/scripted-api.ts';
import { configIn, START } from './support.ts';

it('ends a replay that nobody waits for any more, and is free for the next', async () => {
  const desk = new PastDesk({
    config: configIn('[]', {}),
    house: houseOf([]),
    tools: [],
    // A replay asks neither.
    engine: {} as RuleEngine,
    interlocks: {} as Interlocks,
    clock: new ManualClock(START),
    flush: () => {},
  });
  const span = { fromMs: START - 1000, toMs: START };
  const leaving = new AbortController();
  const left = desk.replay(span, leaving.signal);
  await expect(desk.replay(span)).rejects.toMatchObject({ code: 'REPLAY_BUSY' });
  leaving.abort();
  await expect(left).rejects.toBe(leaving.signal.reason);
  await expect(desk.replay(span, leaving.signal)).rejects.toBe(leaving.signal.reason);
  await expect(desk.replay(span)).rejects.toMatchObject({ code: 'JOURNAL_ABSENT' });
}, 60_000);

it('is told over HTTP that the client has left', async () => {
  let told: (signal: AbortSignal | undefined) => void = () => {};
  const asked = new Promise<AbortSignal | undefined>((resolve) => {
    told = resolve;
  });
  const server = createHttpServer({
    api: new ScriptedApi(),
    past: {
      replay: (_, signal) => {
        told(signal);
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
      explain: () => Promise.reject(new Error('not asked')),
    },
    listen: '127.0.0.1:0',
    log: new MemoryLog(),
    clock: new ManualClock(START),
  });
  const { url } = await server.start();
  try {
    const leaving = new AbortController();
    const reply = fetch(`${url}/v1/policies/replay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"from":"0"}',
      signal: leaving.signal,
    });
    const signal = await asked;
    const aborted = new Promise((resolve) => {
      signal?.addEventListener('abort', resolve);
    });
    leaving.abort();
    await expect(reply).rejects.toThrow(/abort/i);
    await aborted;
    expect(signal?.aborted).toBe(true);
  } finally {
    await server.stop();
  }
});
