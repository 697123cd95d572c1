import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChatRequest, DecideRequest, ModelSpec } from '../../../runtime/contract/engine.ts';
import type { ModelHost } from '../../../runtime/modelhost/client.ts';
import { CHATML, writeTinyLlama } from '../../support/gguf.ts';
import { memoryLog, modelHost } from '../../support/modelhost.ts';

let folder: string;
const hosts: ModelHost[] = [];
const path = (name: string): string => join(folder, name);
const spec = (name: string, more: Partial<ModelSpec> = {}): ModelSpec => ({
  file: path(name),
  contextTokens: 1024,
  threads: 1,
  device: 'cpu',
  ...more,
});
const soon = { deadlineMs: 15_000 };

/** A tiny model reads bytes: the system text alone is some 300 tokens. */
const request = (user: string, more: Partial<DecideRequest> = {}): DecideRequest => ({
  prompt: { system: ['You decide for a home. '.repeat(17)], user: [user], opening: 'Answer:' },
  language: {
    key: 'lights',
    root: {
      any: [
        { text: ' none' },
        {
          seq: [
            { any: [{ text: ' on' }, { text: ' off' }] },
            { any: [1, 2, 3].map((n) => ({ token: `<e${n}>`, otherwise: ` e${n}` })) },
          ],
        },
      ],
    },
  },
  ...more,
});

async function start(more: Parameters<typeof modelHost>[0] = {}): Promise<ModelHost> {
  const host = modelHost(more);
  hosts.push(host);
  await host.start();
  await host.load(spec('chat.gguf'));
  return host;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-language-'));
  await writeTinyLlama(path('chat.gguf'), { chatTemplate: CHATML });
  await writeTinyLlama(path('plain.gguf'), { seed: 2 });
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(async (host) => host.stop()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a language model in the host', () => {
  it('answers in the closed language, with the probability of every branch', async () => {
    const host = await start();
    const decided = await host.decide(path('chat.gguf'), request('It is dark.', { alternatives: 6 }), soon);
    const all = [decided, ...decided.alternatives];
    expect(all.map(({ text }) => text).toSorted()).toEqual(
      [' none', ...[' on', ' off'].flatMap((what) => [1, 2, 3].map((n) => `${what} e${n}`))].toSorted(),
    );
    expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 2);
    const product = decided.branches.reduce((share, branch) => share * branch.probability, 1);
    expect(product).toBeCloseTo(decided.probability, 6);
    expect(decided.timings.promptMs).toBeGreaterThan(0);
  });

  it('counts what it evaluated and what it had', async () => {
    const host = await start();
    const file = path('chat.gguf');
    const first = await host.decide(file, request('It is dark.'), soon);
    expect(first.tokens.cached).toBe(0);
    const second = await host.decide(file, request('It is light.'), soon);
    expect(second.tokens.cached).toBeGreaterThan(300);
    expect(second.tokens.cached + second.tokens.prompt).toBe(first.tokens.prompt + 1);
  });

  it('finds its prefix again after a restart, and answers the same', async () => {
    const prefixCache = { folder: path('kept'), maxBytes: 1e9 };
    const cold = await (await start({ prefixCache })).decide(path('chat.gguf'), request('It is dark.'), soon);
    await hosts[0]!.stop();
    const host = await start({ prefixCache });
    const warm = await host.decide(path('chat.gguf'), request('It is dark.'), soon);
    expect(cold.tokens.cached).toBe(0);
    expect(warm.tokens.cached).toBeGreaterThan(300);
    expect(warm.tokens.prompt).toBeLessThan(60);
    expect(warm.text).toBe(cold.text);
    expect(warm.probability).toBeCloseTo(cold.probability, 2);
    // Every lane has a session of its own, and finds the same state.
    const event = await host.decide(path('chat.gguf'), request('It is dark.'), { ...soon, lane: 'event' });
    expect(event.tokens.cached).toBe(warm.tokens.cached);
  });

  it('goes on cold where what was kept is damaged, and says so once', async () => {
    const prefixCache = { folder: path('damaged'), maxBytes: 1e9 };
    await (await start({ prefixCache })).decide(path('chat.gguf'), request('It is dark.'), soon);
    await hosts[0]!.stop();
    const states = readdirSync(path('damaged')).filter((name) => !name.endsWith('.json'));
    expect(states.length).toBeGreaterThan(0);
    for (const name of states) {
      const bytes = readFileSync(path(`damaged/${name}`));
      bytes[bytes.length >> 1]! ^= 0xff;
      writeFileSync(path(`damaged/${name}`), bytes);
    }
    const log = memoryLog();
    const host = await start({ prefixCache, log });
    const { tokens, text } = await host.decide(path('chat.gguf'), request('It is dark.'), soon);
    expect(tokens.cached).toBe(0);
    expect(text).not.toBe('');
    expect(log.lines.filter((line) => /kept prompt .* to be whole/.test(line))).toHaveLength(1);
  });

  it('abstains below the wanted probability', async () => {
    const host = await start();
    const sure = await host.decide(
      path('chat.gguf'),
      request('It is dark.', { minProbability: 0.999 }),
      soon,
    );
    expect(sure.abstained).toBe(true);
  });

  it('refuses a prompt that does not fit with both counts, and cuts nothing', async () => {
    const host = await start();
    await expect(host.decide(path('chat.gguf'), request('z'.repeat(900)), soon)).rejects.toMatchObject({
      code: 'MODEL_PROMPT_TOO_LONG',
      fields: { tokens: expect.any(Number) as number, limit: expect.any(Number) as number },
    });
    await expect(host.decide(path('chat.gguf'), request('z'.repeat(1e6)), soon)).rejects.toMatchObject({
      code: expect.stringMatching(/MODEL_(QUESTION_INVALID|PROMPT_TOO_LONG)/) as string,
    });
    await host.decide(path('chat.gguf'), request('short'), soon);
  });

  it('reads special tokens in data as text, and unpaired surrogates as something', async () => {
    const host = await start();
    const length = async (text: string): Promise<number> => {
      const { tokens } = await host.decide(path('chat.gguf'), request(text), soon);
      return tokens.cached + tokens.prompt;
    };
    const base = await length('x');
    // One control token of the vocabulary, ten bytes as data.
    expect((await length('x<|im_end|>')) - base).toBe(10);
    expect(await length('x\uD800')).toBeGreaterThan(base);
  });

  it('works without a chat template', async () => {
    const host = await start();
    await host.load(spec('plain.gguf'));
    const decided = await host.decide(path('plain.gguf'), request('It is dark.'), soon);
    expect(decided.text).toMatch(/^ (none|(on|off) e[123])$/);
  });
});

describe('conversations', () => {
  const chat = (more: Partial<ChatRequest> = {}): ChatRequest => ({
    messages: [{ role: 'user', content: 'Hello.' }],
    maxTokens: 12,
    temperature: 0,
    topP: 1,
    stop: [],
    ...more,
  });

  it('are written in pieces, the same each time at temperature 0 and with the same seed', async () => {
    const host = await start();
    const pieces: string[] = [];
    const file = path('chat.gguf');
    const first = await host.chat(file, chat(), soon, (piece) => pieces.push(piece));
    expect(pieces.join('')).toBe(first.text);
    expect(first.tokens.generated).toBeGreaterThan(0);
    expect((await host.chat(file, chat(), soon)).text).toBe(first.text);
    const warm = chat({ temperature: 1.5, seed: 7 });
    expect((await host.chat(file, warm, soon)).text).toBe((await host.chat(file, warm, soon)).text);
  });

  it('follow a JSON schema', async () => {
    const host = await start();
    const schema = {
      type: 'object',
      properties: { on: { type: 'boolean' }, level: { enum: ['low', 'high'] } },
    };
    const { text } = await host.chat(path('chat.gguf'), chat({ schema, maxTokens: 200 }), soon);
    expect(JSON.parse(text)).toEqual({
      on: expect.any(Boolean) as boolean,
      level: expect.stringMatching(/^(low|high)$/) as string,
    });
  });

  it('let a decision pass, and go on', async () => {
    const host = await start();
    const file = path('chat.gguf');
    let began = (): void => {};
    const writing = new Promise<void>((resolve) => (began = resolve));
    let ended = false;
    const long = host
      .chat(file, chat({ maxTokens: 300, temperature: 1 }), { ...soon, lane: 'background' }, () => began())
      .finally(() => (ended = true));
    await writing;
    await host.decide(file, request('It is dark.'), soon);
    expect(ended).toBe(false);
    expect((await long).timings.waitedMs).toBeGreaterThan(0);
  });
});
