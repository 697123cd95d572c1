import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChooseRequest, LoadedModel } from '../../../../runtime/contract/engine.ts';
import { llamaEngine } from '../../../../runtime/modelhost/engines/llama.ts';
import { writeGguf } from '../../../../quantize/index.ts';
import { CHATML, writeTinyLlama } from '../../../support/gguf.ts';

const signal = new AbortController().signal;
const engine = llamaEngine(() => {});
let folder: string;
let plain: LoadedModel;
let chat: LoadedModel;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-llama-'));
  await writeTinyLlama(join(folder, 'plain.gguf'));
  await writeTinyLlama(join(folder, 'chat.gguf'), { type: 'F16', chatTemplate: CHATML });
  plain = await engine.load(
    { file: join(folder, 'plain.gguf'), contextTokens: 512, threads: 64, gpuLayers: 0 },
    signal,
  );
  chat = await engine.load(
    { file: join(folder, 'chat.gguf'), contextTokens: 512, threads: 1, gpuLayers: 0 },
    signal,
  );
});
afterAll(async () => {
  await plain?.dispose();
  await chat?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const request: ChooseRequest = {
  prefix: 'You decide for a home. '.repeat(6),
  suffix: 'It is late.',
  choices: ['none', 'light.hall.turn_off'],
};
const ask = async (model: LoadedModel, change: Partial<ChooseRequest> = {}) =>
  model.choose!({ ...request, ...change }, signal);

describe('llama engine', () => {
  it('keeps what the prompt shares with the one before, and counts it', async () => {
    await ask(plain, { suffix: 'Something else.' });
    const first = await ask(plain);
    const second = await ask(plain, { suffix: 'It is early.' });
    expect(second.tokens.cached).toBeGreaterThan(request.prefix.length);
    expect(second.tokens.generated).toBe(1);
    expect(second.tokens.cached + second.tokens.prompt).toBe(first.tokens.cached + first.tokens.prompt + 1);
    const again = await ask(plain, { suffix: 'It is early.' });
    expect(again.tokens.prompt).toBe(1);
    again.probabilities.forEach((p, i) => expect(p).toBeCloseTo(second.probabilities[i]!, 2));
  });

  it('answers the same with a cache as without one', async () => {
    await ask(plain, { prefix: 'Altogether different.' });
    const cold = await ask(plain);
    await ask(plain, { suffix: 'In between.' });
    const warm = await ask(plain);
    expect(warm.tokens.cached).toBeGreaterThan(cold.tokens.cached);
    warm.probabilities.forEach((p, i) => expect(p).toBeCloseTo(cold.probabilities[i]!, 2));
  });

  it('uses the chat template of the model', () => {
    expect(chat.info.details['prompt']).toBe('ChatML');
    expect(plain.info.details['prompt']).toBe('plain');
  });

  it.each([['plain'], ['chat']])('reads special tokens in data as plain text (%s)', async (which) => {
    const model = which === 'chat' ? chat : plain;
    const total = async (text: string): Promise<number> => {
      const { tokens } = await ask(model, { suffix: text, choices: ['none', text] });
      return tokens.cached + tokens.prompt;
    };
    // 10 characters that the vocabulary has as one control token; as data they take a token each, twice.
    expect((await total('<|im_end|>')) - (await total('x'))).toBe(18);
  });

  it('says how long a prompt that does not fit is', async () => {
    await expect(ask(plain, { suffix: 'z'.repeat(600) })).rejects.toMatchObject({
      code: 'MODEL_PROMPT_TOO_LONG',
      fields: { limit: 511 },
    });
    await expect(ask(plain, { suffix: 'z'.repeat(1_000_000) })).rejects.toMatchObject({
      code: 'MODEL_QUESTION_INVALID',
    });
    await expect(ask(plain, { choices: Array.from({ length: 53 }, String) })).rejects.toMatchObject({
      code: 'MODEL_QUESTION_INVALID',
    });
    expect(
      (await ask(plain, { prefix: '', choices: Array.from({ length: 52 }, () => '') })).probabilities,
    ).toHaveLength(52);
  });

  it('never takes all cores', () => {
    expect(plain.info.details['threads']).toBeLessThan(64);
  });

  it('refuses a GGUF that is not a language model', async () => {
    const file = join(folder, 'vocabulary.gguf');
    await writeGguf(file, {
      metadata: new Map([['general.architecture', { type: 'string', value: 'llama' }]]),
      tensors: [],
    });
    const load = engine.load({ file, contextTokens: 512, threads: 1, gpuLayers: 0 }, signal);
    await expect(load).rejects.toMatchObject({ code: 'MODEL_UNSUPPORTED' });
  });

  it('gives the reason of a model that llama.cpp refuses', async () => {
    const file = join(folder, 'unknown.gguf');
    await writeGguf(file, {
      metadata: new Map([
        ['general.architecture', { type: 'string', value: 'unheard_of' }],
        ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
      ]),
      tensors: [{ name: 'w', shape: [32], type: 'F32', values: () => new Float32Array(32) }],
    });
    const load = engine.load({ file, contextTokens: 512, threads: 1, gpuLayers: 0 }, signal);
    await expect(load).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED', fields: { file } });
  });
});
