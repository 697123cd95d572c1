import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGguf } from '../../../../../quantize/index.ts';
import type { ModelSpec } from '../../../../../runtime/contract/engine.ts';
import { llamaAccepts } from '../../../../../runtime/modelhost/engines/llama/accepts.ts';
import { loadLlama } from '../../../../../runtime/modelhost/engines/llama/load.ts';
import type { TokenModel } from '../../../../../runtime/modelhost/tokens/token-model.ts';
import { CHATML, writeTinyAdapter, writeTinyLlama } from '../../../../support/gguf.ts';
import { writeTinyMamba } from '../../../../support/mamba.ts';
import { bpeTable } from '../../../../support/vocabulary.ts';

const signal = new AbortController().signal;
let folder: string;
let file: string;
const open: TokenModel[] = [];

const spec = (change: Partial<ModelSpec> = {}): ModelSpec => ({
  file,
  contextTokens: 256,
  threads: 1,
  device: 'cpu',
  ...change,
});
const load = async (change: Partial<ModelSpec> = {}): Promise<TokenModel> => {
  const model = await loadLlama(spec(change), signal, () => {});
  open.push(model);
  return model;
};
const shares = async (model: TokenModel): Promise<Float64Array> => {
  const session = model.session('interactive');
  await session.rewind(0);
  return session.branch([10, 20, 30, 40], [50, 60, 70, 80]);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-llama-'));
  file = join(folder, 'model.gguf');
  // 4 heads of 32: a quantized KV cache needs that.
  await writeTinyLlama(file, { embd: 128, chatTemplate: CHATML });
});
afterAll(async () => {
  for (const model of open) await model.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('loading a GGUF model', () => {
  it('goes by the first bytes', () => {
    expect(llamaAccepts(Buffer.from('GGUF\u0003\0\0\0'))).toBe(true);
    expect(llamaAccepts(Buffer.from('#!/bin/sh'))).toBe(false);
    expect(llamaAccepts(new Uint8Array(0))).toBe(false);
  });

  it('says what it holds and how it runs', async () => {
    const { info, batchTokens } = await load({ threads: 64 });
    expect(info).toMatchObject({ engine: 'llama', file, sizeBytes: readFileSync(file).length });
    expect(info.memoryBytes).toBeGreaterThan(info.sizeBytes);
    expect(info.details).toMatchObject({ device: 'cpu', gpuLayers: 0, kvType: 'f16', chatTemplate: true });
    // Never all cores.
    expect(info.details['threads']).toBeLessThan(64);
    // No more in a call than the context holds.
    expect(batchTokens).toBe(128);
  });

  it('goes no further than the model was trained for', async () => {
    await writeTinyLlama(join(folder, 'short.gguf'), { contextTokens: 256 });
    const { contextTokens } = await load({ file: join(folder, 'short.gguf'), contextTokens: 100_000 });
    expect(contextTokens).toBeLessThanOrEqual(256);
    expect(contextTokens).toBeGreaterThan(200);
  });

  it('keeps keys and values in the precision asked for', async () => {
    const [full, half, quarter] = [
      await load(),
      await load({ kvType: 'q8_0' }),
      await load({ kvType: 'q4_0' }),
    ];
    const exact = await shares(full);
    for (const model of [half, quarter]) {
      expect(model.stateKey).not.toBe(full.stateKey);
      const apart = (await shares(model)).map((p, i) => Math.abs(p - exact[i]!));
      expect(Math.max(...apart)).toBeLessThan(0.2);
    }
    expect(half.info.memoryBytes).toBeLessThan(full.info.memoryBytes!);
    expect(quarter.stateKey).not.toBe(half.stateKey);
  });

  it('puts adapters on top of the model, by their scale', async () => {
    const adapter = join(folder, 'adapter.gguf');
    await writeTinyAdapter(adapter, { embd: 128 });
    const [plain, nothing, whole] = [
      await load(),
      await load({ lora: [{ file: adapter, scale: 0 }] }),
      await load({ lora: [{ file: adapter, scale: 1 }] }),
    ];
    const exact = await shares(plain);
    const change = async (model: TokenModel): Promise<number> =>
      Math.max(...(await shares(model)).map((p, i) => Math.abs(p - exact[i]!)));
    expect(await change(nothing)).toBeLessThan(1e-3);
    expect(await change(whole)).toBeGreaterThan(1e-2);
    expect(new Set([plain, nothing, whole].map(({ stateKey }) => stateKey)).size).toBe(3);
  });

  it('does not step back in a recurrent model', async () => {
    const mamba = join(folder, 'mamba.gguf');
    await writeTinyMamba(mamba);
    const session = (await load({ file: mamba })).session('event');
    await session.append([1, 2, 3, 4]);
    expect(await session.rewind(3)).toBe(0);
    expect(session.tokens).toEqual([]);
  });
});

describe('refusing to load', () => {
  const refused = async (change: Partial<ModelSpec>): Promise<unknown> =>
    loadLlama(spec(change), signal, () => {}).then(
      async (model) => model.dispose(),
      (error: unknown) => error,
    );
  const written = async (
    name: string,
    metadata: readonly [string, string][],
    tensors = true,
  ): Promise<string> => {
    const path = join(folder, name);
    await writeGguf(path, {
      metadata: new Map(metadata.map(([key, value]) => [key, { type: 'string', value }])),
      tensors: tensors ? [{ name: 'w', shape: [32], type: 'F32', values: () => new Float32Array(32) }] : [],
    });
    return path;
  };

  it.each([
    ['no language model', [['general.architecture', 'llama']], false, 'holds no weights'],
    ['without architecture', [['general.name', 'x']], true, 'does not name its architecture'],
    ['without vocabulary', [['general.architecture', 'llama']], true, 'no vocabulary'],
  ] as const)('a GGUF file that is %s', async (name, metadata, tensors, reason) => {
    const path = await written(`${name}.gguf`, metadata as unknown as [string, string][], tensors);
    expect(await refused({ file: path })).toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining(reason),
    });
  });

  it('an architecture llama.cpp does not know, with its reason', async () => {
    const path = await written('unknown.gguf', [
      ['general.architecture', 'unheard_of'],
      ['tokenizer.ggml.model', 'gpt2'],
    ]);
    expect(await refused({ file: path })).toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      fields: { file: path },
    });
  });

  it('what is no GGUF file, or only the beginning of one', async () => {
    const path = join(folder, 'cut.gguf');
    const whole = readFileSync(file);
    for (const length of [whole.length - 9, whole.length >> 1, 20]) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await refused({ file: path })).toMatchObject({
        code: 'MODEL_FILE_INVALID',
        fields: { file: path },
      });
    }
    expect(await refused({ file: join(folder, 'missing') })).toMatchObject({ code: 'MODEL_FILE_UNREADABLE' });
  });

  it('a context that memory cannot hold, and goes on working', async () => {
    const huge = join(folder, 'huge.gguf');
    await writeTinyLlama(huge, { embd: 256, contextTokens: 2 ** 31 - 1 });
    for (const contextTokens of [2 ** 29, 2 ** 31 - 1]) {
      expect(await refused({ file: huge, contextTokens })).toMatchObject({
        code: 'MODEL_LOAD_FAILED',
        message: expect.stringContaining(`${contextTokens} tokens`),
      });
    }
    expect((await shares(await load())).length).toBe(4);
  });

  it('a quantized cache for heads it does not fit', async () => {
    const odd = join(folder, 'odd.gguf');
    await writeTinyLlama(odd, { embd: 64 });
    expect(await refused({ file: odd, kvType: 'q8_0' })).toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      message: expect.stringContaining('multiple of 32'),
    });
  });

  it('adapters that are none, or for another architecture', async () => {
    const foreign = join(folder, 'foreign.gguf');
    await writeTinyAdapter(foreign, { embd: 128, architecture: 'qwen2' });
    for (const lora of [foreign, file]) {
      expect(await refused({ lora: [{ file: lora, scale: 1 }] })).toMatchObject({
        code: 'MODEL_UNSUPPORTED',
        fields: { file: lora },
      });
    }
    expect(await refused({ lora: [{ file: join(folder, 'none'), scale: 1 }] })).toMatchObject({
      code: 'MODEL_FILE_UNREADABLE',
    });
    const narrow = join(folder, 'narrow.gguf');
    await writeTinyAdapter(narrow, { embd: 64 });
    expect(await refused({ lora: [{ file: narrow, scale: 1 }] })).toMatchObject({
      code: 'MODEL_LOAD_FAILED',
    });
    expect(await refused({ file: foreign })).toMatchObject({ code: 'MODEL_UNSUPPORTED' });
  });

  it.runIf(process.platform === 'linux')(
    'a device this machine does not have, naming what is missing',
    async () => {
      expect(await refused({ device: 'metal' })).toMatchObject({
        code: 'MODEL_DEVICE_MISSING',
        message: expect.stringContaining('there is no Metal on linux'),
      });
    },
  );

  it('nothing in a name or token that is not UTF-8', async () => {
    const vocabulary = bpeTable();
    const path = join(folder, 'broken.gguf');
    await writeTinyLlama(path, { vocabulary });
    // "kitchen" among the tokens and "tiny random" as the name, with bytes that are no characters.
    const bytes = readFileSync(path);
    for (const text of ['tiny random', 'kitche', 'kitchen']) {
      const at = bytes.indexOf(text);
      expect(at).toBeGreaterThan(0);
      bytes.set([0xff, 0xc3], at + 2);
    }
    writeFileSync(path, bytes);
    const model = await load({ file: path });
    const tokens = model.vocabulary.tokenize('the kitchen light \ud800');
    expect(model.vocabulary.detokenize(tokens)).toBe('the kitchen light \ufffd');
    expect((await shares(model)).length).toBe(4);
    const all = Array.from({ length: model.vocabulary.size }, (_, token) => token);
    expect(model.vocabulary.detokenize(all)).toContain('\ufffd');
  });

  it('for one who withdraws while it loads', async () => {
    const abort = new AbortController();
    const loading = loadLlama(spec(), abort.signal, () => {});
    abort.abort();
    await expect(loading).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
  });
});
