import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ModelSpec } from '../../../runtime/contract/engine.ts';
import type { RungRequest } from '../../../runtime/contract/rung.ts';
import type { StateView } from '../../../runtime/contract/state.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { LlmRung, OnnxRung } from '../../../runtime/modelhost/rungs.ts';
import { ModelHost } from '../../../runtime/modelhost/client.ts';
import { quantizeGguf, type Quantization } from '../../../quantize/index.ts';
import { writeTinyLlama } from '../../support/gguf.ts';
import { entity, houseOf } from '../../support/house.ts';
import { memoryLog, modelHost, question, writeTroubleEngine } from '../../support/modelhost.ts';
import { writeTinyClassifier } from '../../support/onnx.ts';

let folder: string;
const path = (name: string): string => join(folder, name);
const spec = (file: string): ModelSpec => ({ file, contextTokens: 1024, threads: 1, device: 'cpu' });
const dark = question('It is dark.');
const soon = { deadlineMs: 10_000 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-host-'));
  await writeTinyLlama(path('tiny.gguf'));
  await writeTinyLlama(path('f16.gguf'), { embd: 256, type: 'F16' });
  writeTinyClassifier(path('tiny.onnx'), { weights: [1, 2, -1, 0, 3, 1], bias: [0, 0.5, 0] });
  writeTroubleEngine(path('trouble.mjs'));
  for (const what of ['C', 'H', 'S', 'W']) writeFileSync(path(`fake-${what}`), `FAKE${what}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ModelHost with real models', () => {
  const log = memoryLog();
  let host: ModelHost;
  beforeAll(async () => {
    host = modelHost({ log });
    await host.start();
    await Promise.all([host.load(spec(path('tiny.gguf'))), host.load(spec(path('tiny.onnx')))]);
  });
  afterAll(async () => host?.stop());

  it('answers questions in words and in numbers', async () => {
    const decided = await host.decide(path('tiny.gguf'), dark, soon);
    expect([' none', ' light.hall.turn_on']).toContain(decided.text);
    const classified = await host.classify(path('tiny.onnx'), { features: Float64Array.of(1, 1) }, soon);
    expect(classified.index).toBe(1);
    expect(host.info(path('tiny.onnx'))?.engine).toBe('onnx');
    expect(host.status).toMatchObject({ state: 'running', models: [{ state: 'ready' }, { state: 'ready' }] });
  });

  it.each<[Quantization, string]>([
    ['Q8_0', 'tiny.gguf'],
    ['Q4_K_M', 'f16.gguf'],
  ])('runs a model quantized to %s', async (type, input) => {
    const output = path(`${type}.gguf`);
    await quantizeGguf({ input: path(input), output, type });
    expect((await host.load(spec(output))).details['quantization']).toBe(type);
    expect((await host.decide(output, dark, soon)).probability).toBeGreaterThanOrEqual(0.5);
  });

  it('stays close to the original after Q8_0', async () => {
    const share = async (file: string): Promise<number> => {
      const { text, probability } = await host.decide(file, dark, soon);
      return text === ' none' ? probability : 1 - probability;
    };
    expect(Math.abs((await share(path('tiny.gguf'))) - (await share(path('Q8_0.gguf'))))).toBeLessThan(0.05);
  });

  it('decides as rungs of the ladder', async () => {
    const house = houseOf([entity('fan.living'), entity('cover.living')]);
    const choices = ['none', 'fan.living.turn_on', 'cover.living.open'].map((label) => ({
      label,
      calls: [],
    }));
    const request: RungRequest = {
      policy: 'fresh-air',
      choices,
      frame: { names: ['now.hour', 'people'], values: Float64Array.of(1, 1), stateVersion: 1 },
      guidance: 'Keep it fresh.',
      state: {} as StateView,
      house,
      budgetMs: 10_000,
    };
    const { signal } = new AbortController();
    const llm = new LlmRung({ host, file: path('tiny.gguf'), minConfidence: 0 });
    expect(await llm.decide(request, signal)).toMatchObject({ kind: 'choice' });
    const onnx = new OnnxRung({ host, fileOf: () => path('tiny.onnx'), minConfidence: 0.5 });
    expect(await onnx.decide(request, signal)).toMatchObject({ kind: 'choice', index: 1 });
    expect(await onnx.decide({ ...request, choices: choices.slice(1) }, signal)).toMatchObject({
      kind: 'abstain',
    });
  });

  it('refuses files that are no models and stays up', async () => {
    const { pid } = host.status;
    writeFileSync(path('cut.gguf'), readFileSync(path('tiny.gguf')).subarray(0, 50_000));
    await expect(host.load(spec(path('cut.gguf')))).rejects.toThrow(
      /cut\.gguf but received .*cut short or damaged/,
    );
    writeFileSync(path('letter.gguf'), 'This is only a letter.');
    await expect(host.load(spec(path('letter.gguf')))).rejects.toThrow(/a file that begins with "This is "/);
    await expect(host.load(spec(folder))).rejects.toThrow(/a folder without a model this runtime knows/);
    await expect(host.load(spec(path('missing.gguf')))).rejects.toThrow(/no such file/);
    await expect(host.decide(path('missing.gguf'), dark, soon)).rejects.toMatchObject({
      code: 'MODEL_FILE_UNREADABLE',
    });
    await expect(host.decide(path('unheard.gguf'), dark, soon)).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
    });
    await expect(host.decide(path('tiny.onnx'), dark, soon)).rejects.toMatchObject({
      code: 'MODEL_QUESTION_INVALID',
    });
    expect(host.status.pid).toBe(pid);
    await host.decide(path('tiny.gguf'), dark, soon);
  });

  it('takes a file that was mended', async () => {
    writeFileSync(path('cut.gguf'), readFileSync(path('tiny.gguf')));
    expect((await host.load(spec(path('cut.gguf')))).engine).toBe('llama');
  });

  it('does not die of Ctrl-C, which reaches the whole process group', async () => {
    const { pid } = host.status;
    process.kill(pid!, 'SIGINT');
    await host.decide(path('tiny.gguf'), dark, soon);
    expect(host.status.pid).toBe(pid);
  });

  it('comes back after kill -9: the question fails at once, the models are loaded again', async () => {
    const { pid, counters } = host.status;
    const asked = host.decide(path('tiny.gguf'), dark, soon);
    process.kill(pid!, 'SIGKILL');
    await expect(asked).rejects.toMatchObject({
      code: 'MODEL_HOST_DIED',
      fields: { reason: 'it was ended by SIGKILL' },
    });
    // A policy falls to the next rung at once; a person waits until the model is back.
    await expect(host.decide(path('tiny.gguf'), dark, { ...soon, lane: 'event' })).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
    });
    await host.decide(path('tiny.gguf'), dark, { deadlineMs: 30_000 });
    expect(host.status.pid).not.toBe(pid);
    expect(host.status.counters.restarts).toBe(counters.restarts + 1);
    expect(
      log.lines.some((line) =>
        /model host but it ended: it was ended by SIGKILL. It is being restarted/.test(line),
      ),
    ).toBe(true);
  });
});

describe('ModelHost with models that make trouble', () => {
  const log = memoryLog();
  let host: ModelHost;
  beforeAll(async () => {
    host = modelHost({
      log,
      extensions: [path('trouble.mjs')],
      laneLimits: { interactive: 4, event: 3, background: 2 },
      times: { hangMs: 800 },
    });
    await host.start();
    await Promise.all(['H', 'S', 'W'].map(async (what) => host.load(spec(path(`fake-${what}`)))));
  });
  afterAll(async () => host?.stop());
  const ask = async (what: string, text: string, options: Partial<Parameters<ModelHost['decide']>[2]> = {}) =>
    host.decide(path(`fake-${what}`), question(text), { ...soon, ...options });
  const asked = (text: string): Promise<void> =>
    vi.waitFor(() => expect(log.lines).toContain(`debug: asked ${text}`), { interval: 5 });
  const waiting = (): number => Object.values(host.status.lanes).reduce((sum, lane) => sum + lane.waiting, 0);

  it('tells a deadline in the queue from one at work, and goes on after both', async () => {
    const running = ask('S', 'slow 1', { deadlineMs: 300 });
    await asked('slow 1');
    const queued = ask('S', 'quick', { deadlineMs: 10 });
    await expect(queued).rejects.toMatchObject({
      code: 'MODEL_DEADLINE',
      fields: { stage: 'queue', deadlineMs: 10 },
    });
    await expect(running).rejects.toMatchObject({ code: 'MODEL_DEADLINE', fields: { stage: 'run' } });
    for (const deadlineMs of [0, -5]) {
      await expect(ask('S', 'late', { deadlineMs })).rejects.toMatchObject({ code: 'MODEL_DEADLINE' });
    }
    await ask('S', 'after');
    expect(log.lines).not.toContain('debug: asked quick');
  });

  it('withdraws what is aborted, waiting or at work', async () => {
    const abort = new AbortController();
    const running = ask('S', 'slow 2', { signal: abort.signal });
    const queued = ask('S', 'never', { signal: abort.signal });
    await asked('slow 2');
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    await expect(queued).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    await expect(ask('S', 'slow', { signal: abort.signal })).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    await ask('S', 'after');
    expect(waiting()).toBe(0);
  });

  it('refuses what a lane has no room for, counts it, and keeps the other lanes open', async () => {
    const abort = new AbortController();
    const { signal } = abort;
    const open = [ask('S', 'slow 3', { signal, lane: 'event' })];
    await asked('slow 3');
    open.push(ask('S', 'b', { signal, lane: 'event' }), ask('S', 'c', { signal, lane: 'event' }));
    const { refused } = host.status.counters;
    await expect(ask('S', 'd', { lane: 'event' })).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      fields: { limit: 3, queue: 'model, event lane' },
    });
    expect(host.status.counters.refused).toBe(refused + 1);
    expect(host.status.lanes.event).toMatchObject({ running: 1, waiting: 2, limit: 3 });
    await ask('S', 'in between', { lane: 'interactive' });
    abort.abort();
    for (const one of open) await expect(one).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
  });

  it('lets a person pass between two decode calls, whatever model is asked, and tells the waiting', async () => {
    const abort = new AbortController();
    const slow = ask('S', 'slow 4', { signal: abort.signal, lane: 'background' });
    await asked('slow 4');
    const order: string[] = [];
    const event = ask('W', 'event', { lane: 'event' }).then(() => order.push('event'));
    const person = ask('W', 'person').then((answer) => {
      order.push('person');
      return answer;
    });
    expect((await person).timings.waitedMs).toBeGreaterThan(0);
    await event;
    expect(order).toEqual(['person', 'event']);
    expect(host.status.lanes.background.running).toBe(1);
    abort.abort();
    await expect(slow).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
  });

  it('classifies without waiting for a lane', async () => {
    const abort = new AbortController();
    const slow = ask('S', 'slow 5', { signal: abort.signal });
    await asked('slow 5');
    expect((await host.classify(path('fake-W'), { features: Float64Array.of(1) }, soon)).index).toBe(0);
    abort.abort();
    await expect(slow).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
  });

  it('tells how many come first, and whenever that changes', async () => {
    const abort = new AbortController();
    const slow = ask('S', 'slow 7', { signal: abort.signal });
    await asked('slow 7');
    const told: number[] = [];
    const behind = ask('W', 'behind', { lane: 'event', onQueue: (ahead) => told.push(ahead) });
    abort.abort();
    await expect(slow).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    await behind;
    expect(told[0]).toBe(1);
  });

  it('refuses a question that cannot be sent, and a deadline that is no number', async () => {
    const strange = { ...question('x'), toString: () => 'x' };
    await expect(host.decide(path('fake-W'), strange, soon)).rejects.toMatchObject({
      code: 'MODEL_QUESTION_INVALID',
    });
    for (const deadlineMs of [Number.NaN, Infinity]) {
      await expect(ask('W', 'x', { deadlineMs })).rejects.toMatchObject({ code: 'MODEL_DEADLINE' });
    }
    expect(waiting()).toBe(0);
  });

  it('holds lanes back and lets them go on', async () => {
    host.hold(['background', 'event']);
    const held = ask('W', 'held', { lane: 'event' });
    await ask('W', 'not held');
    expect(host.status.held).toEqual(['background', 'event']);
    expect(host.status.lanes.event.waiting).toBe(1);
    host.hold([]);
    await held;
  });

  it('ends a host that hangs', async () => {
    await expect(ask('H', 'hang')).rejects.toMatchObject({
      code: 'MODEL_HOST_DIED',
      fields: { reason: expect.stringMatching(/did not answer/) as string },
    });
    await vi.waitFor(async () => ask('H', 'fine'), { timeout: 10_000, interval: 20 });
  });

  it('gives a model up that ends the host again and again, and goes on with the others', async () => {
    const { restarts } = host.status.counters;
    await expect(host.load(spec(path('fake-C')))).rejects.toMatchObject({
      code: 'MODEL_GIVEN_UP',
      fields: { crashes: 3 },
    });
    await vi.waitFor(async () => ask('W', 'still here'), { timeout: 10_000, interval: 20 });
    expect(host.status.counters.restarts).toBe(restarts + 3);
    await expect(ask('C', 'anything')).rejects.toMatchObject({ code: 'MODEL_GIVEN_UP' });
    expect(host.status.models.find(({ file }) => file.endsWith('fake-C'))).toMatchObject({
      state: 'given-up',
      crashes: 3,
    });
    expect(log.lines.some((line) => line.startsWith('error: Expected') && line.includes('fake-C'))).toBe(
      true,
    );
  });

  it('stops at once, with whoever waits told', async () => {
    const open = ask('S', 'slow 6');
    const { pid } = host.status;
    const started = performance.now();
    await Promise.all([host.stop(), expect(open).rejects.toMatchObject({ code: 'MODEL_HOST_STOPPED' })]);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(alive(pid!)).toBe(false);
    await host.stop();
    await expect(ask('W', 'too late')).rejects.toMatchObject({ code: 'MODEL_HOST_STOPPED' });
  });
});

describe('ModelHost with a budget', () => {
  const log = memoryLog();
  let host: ModelHost;
  const ask = async (what: string) => host.decide(path(`fake-${what}`), question('now'), soon);
  const states = () => host.status.models.map(({ file, state }) => `${file.at(-1)} ${state}`).toSorted();
  beforeAll(async () => {
    // Each takes 100 bytes.
    host = modelHost({ log, extensions: [path('trouble.mjs')], budgetBytes: 250 });
    await host.start();
  });
  afterAll(async () => host?.stop());

  it('loads a model when it is first asked, once however many ask', async () => {
    host.register(spec(path('fake-S')));
    expect(states()).toEqual(['S unloaded']);
    await Promise.all([ask('S'), ask('S'), ask('S')]);
    expect(states()).toEqual(['S ready']);
  });

  it('unloads the one that was asked longest ago when there is no room, and loads it again when it is asked', async () => {
    await host.load(spec(path('fake-W')));
    await ask('W');
    await host.load(spec(path('fake-H')));
    expect(states()).toEqual(['H ready', 'S unloaded', 'W ready']);
    await vi.waitFor(() => expect(log.lines).toContain('debug: let go of S'));
    await ask('S');
    expect(states()).toEqual(['H ready', 'S ready', 'W unloaded']);
    expect(log.lines.some((line) => /fake-W made room for .*fake-S/.test(line))).toBe(true);
  });

  it('waits for room while those that are loaded are at work', async () => {
    // S is ready, W not; H and S fill the budget and are both at work.
    const abort = new AbortController();
    const { signal } = abort;
    const busy = ['S', 'H'].map(async (what) =>
      host.decide(path(`fake-${what}`), question(`slow room ${what}`), { ...soon, signal, lane: 'event' }),
    );
    const wanted = ask('W');
    await vi.waitFor(() => expect(log.lines.some((line) => /asked slow room/.test(line))).toBe(true));
    expect(states()).toEqual(['H ready', 'S ready', 'W waiting']);
    abort.abort();
    for (const one of busy) await expect(one).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    await wanted;
    expect(states().filter((state) => state.endsWith('ready'))).toHaveLength(2);
  });

  it('tries a model that failed again after a pause', async () => {
    const clock = new ManualClock();
    const patient = modelHost({ clock, extensions: [path('trouble.mjs')] });
    await patient.start();
    const file = path('fake-late');
    patient.register(spec(file));
    const late = async () => patient.decide(file, question('now'), soon);
    await expect(late()).rejects.toMatchObject({ code: 'MODEL_FILE_UNREADABLE' });
    writeFileSync(file, 'FAKEW');
    await expect(late()).rejects.toMatchObject({ code: 'MODEL_FILE_UNREADABLE' });
    clock.advance(31_000);
    expect((await late()).text).toBe('none');
    await patient.stop();
  });

  it('refuses a model that does not fit at all, with both figures', async () => {
    writeFileSync(path('fake-big'), `FAKEW${'x'.repeat(1000)}`);
    await expect(host.load(spec(path('fake-big')))).rejects.toMatchObject({
      code: 'MODEL_OVER_BUDGET',
      fields: { neededMb: 0.001_005, budgetMb: 0.000_25 },
    });
    await ask('S');
  });
});

describe('ModelHost', () => {
  it('ends and restarts a host that takes more memory than it may', async () => {
    const log = memoryLog();
    const host = modelHost({ log, memoryBytes: 5e6, times: { pollMs: 20 } });
    await host.start();
    await vi.waitFor(() => expect(host.status.counters.restarts).toBeGreaterThan(1), {
      timeout: 10_000,
      interval: 20,
    });
    await host.stop();
    expect(host.status.lastExit).toMatch(/used \d+ MB of memory where 5 MB are allowed/);
    expect(log.lines.some((line) => /warn: .*MB are allowed. It is being restarted/.test(line))).toBe(true);
  });

  it('ends by itself when its parent is gone', async () => {
    const client = fileURLToPath(new URL('../../../dist/runtime/modelhost/client.js', import.meta.url));
    const clock = fileURLToPath(new URL('../../../dist/runtime/lib/clock.js', import.meta.url));
    const script = `
      const { ModelHost } = await import(${JSON.stringify(pathToFileURL(client).href)});
      const { systemClock } = await import(${JSON.stringify(pathToFileURL(clock).href)});
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const host = new ModelHost({ clock: systemClock, log, random: Math.random, memoryBytes: 1e9 });
      await host.start();
      console.log(host.status.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (data: Buffer) => resolve(Number(String(data)))),
    );
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 5000, interval: 20 });
  });
});

/** A zombie that nobody has reaped yet is not alive. */
function alive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
