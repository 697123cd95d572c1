import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ggufToOnnx,
  ONNX_PRECISIONS,
  quantizeGguf,
  readOnnxHeader,
  type OnnxPrecision,
} from '../../../quantize/index.ts';
import { loadLlama } from '../../../runtime/modelhost/engines/llama/load.ts';
import { loadOnnxLlm } from '../../../runtime/modelhost/engines/onnx/llm.ts';
import type { TokenModel } from '../../../runtime/modelhost/tokens/token-model.ts';
import { CHATML, writeTinyLlama } from '../../support/gguf.ts';
import { writeTinyQwen } from '../../support/qwen.ts';
import { bpeTable, spmTable } from '../../support/vocabulary.ts';

const signal = new AbortController().signal;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-to-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function place(name: string): { gguf: string; out: string } {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  return { gguf: join(home, 'model.gguf'), out: join(home, 'onnx-model') };
}

/** How likely each token is after a text. (vocabulary) */
async function distribution(model: TokenModel, text: string): Promise<Float64Array> {
  const all = Array.from({ length: model.vocabulary.size }, (_, token) => token);
  return model.session('event').branch(model.vocabulary.tokenize(text), all);
}

/** Half of the sum of differences: 0 the same, 1 nothing in common. */
function apart(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, p, i) => sum + Math.abs(p - b[i]!), 0) / 2;
}

const TEXT = 'turn on the kitchen light and the one in the hall, please';

describe('ggufToOnnx', () => {
  const spec = { contextTokens: 256, threads: 1, batchTokens: 128, device: 'cpu' } as const;
  // llama.cpp keeps keys and values in half precision and rounds what it multiplies with Q8_0 to 8 bits.
  const TOLERANCE: Readonly<Record<OnnxPrecision, number>> = { fp32: 3e-3, fp16: 4e-3, int8: 0.03, q4: 0.3 };

  for (const [name, write] of [
    ['llama', writeTinyLlama],
    ['qwen2', writeTinyQwen],
  ] as const) {
    it.each(ONNX_PRECISIONS)(
      `gives the probabilities that llama.cpp gives: ${name}, %s`,
      async (precision) => {
        const { gguf, out } = place(`${name}-${precision}`);
        await write(gguf, { type: precision === 'int8' ? 'Q8_0' : 'F32' });
        const { file } = await ggufToOnnx(gguf, out, { precision });
        const [theirs, ours] = await Promise.all([
          loadLlama({ ...spec, file: gguf }, signal, () => {}),
          loadOnnxLlm({ ...spec, file }, signal),
        ]);
        try {
          expect(ours.vocabulary.size).toBe(theirs.vocabulary.size);
          expect(ours.vocabulary.tokenize(TEXT)).toEqual(theirs.vocabulary.tokenize(TEXT));
          const [wanted, found] = [await distribution(theirs, TEXT), await distribution(ours, TEXT)];
          expect(apart(wanted, found)).toBeLessThan(TOLERANCE[precision]);
          await ours.session('event').rewind(0);
          // The measure tells models apart: another text is farther away than that.
          expect(apart(wanted, await distribution(ours, 'none'))).toBeGreaterThan(TOLERANCE[precision]);
        } finally {
          await theirs.dispose();
          await ours.dispose();
        }
      },
    );
  }

  it('reads halves and Q8_0 as llama.cpp does', async () => {
    for (const type of ['F16', 'Q8_0'] as const) {
      const { gguf, out } = place(`type-${type}`);
      await writeTinyQwen(gguf, { type });
      const { file } = await ggufToOnnx(gguf, out, { precision: 'fp32' });
      const theirs = await loadLlama({ ...spec, file: gguf }, signal, () => {});
      const ours = await loadOnnxLlm({ ...spec, file }, signal);
      expect(apart(await distribution(theirs, TEXT), await distribution(ours, TEXT))).toBeLessThan(0.05);
      await theirs.dispose();
      await ours.dispose();
    }
  });

  it('puts several precisions into one folder, weights too large for one file beside it', async () => {
    const { gguf, out } = place('several');
    await writeTinyLlama(gguf, { chatTemplate: CHATML });
    const bytes: Record<string, number> = {};
    for (const precision of ONNX_PRECISIONS) {
      bytes[precision] = (
        await ggufToOnnx(gguf, out, { precision, ...(precision === 'fp32' ? { inlineBytes: 0 } : {}) })
      ).bytes;
    }
    expect(bytes['q4']!).toBeLessThan(bytes['int8']!);
    expect(bytes['int8']!).toBeLessThan(bytes['fp16']!);
    expect(bytes['fp16']!).toBeLessThan(bytes['fp32']!);
    expect(readdirSync(join(out, 'onnx')).toSorted()).toEqual([
      'model.onnx',
      'model.onnx_data',
      'model_fp16.onnx',
      'model_int8.onnx',
      'model_q4.onnx',
    ]);
    expect(readOnnxHeader(join(out, 'onnx', 'model.onnx')).externalData).toBe(true);
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(config['transformers.js_config']).toMatchObject({
      use_external_data_format: { 'model.onnx': true },
    });
    const model = await loadOnnxLlm({ ...spec, file: join(out, 'onnx', 'model.onnx') }, signal);
    expect(model.info.sizeBytes).toBe(bytes['fp32']);
    expect(model.vocabulary.chatTemplate).toBe(CHATML);
    await model.dispose();
  });

  it('cuts text into the tokens llama.cpp cuts it into', async () => {
    const texts = [
      "It's 21.5 °C, isn't it? WE'LL see 1234567 of them",
      'Küche  und   Flur\n\n\tok\r\n 日本語 😀 e\u0301',
      ' turn on the light',
      '<|im_end|> <tool_call>',
    ];
    for (const pre of ['gpt-2', 'llama-bpe', 'qwen2', 'smollm']) {
      const { gguf, out } = place(`pre-${pre}`);
      await writeTinyQwen(gguf, { pre, vocabulary: bpeTable({ userDefined: ['<tool_call>'] }) });
      const { file } = await ggufToOnnx(gguf, out, { precision: 'q4' });
      const theirs = await loadLlama({ ...spec, file: gguf }, signal, () => {});
      const ours = await loadOnnxLlm({ ...spec, file }, signal);
      for (const text of texts)
        expect(ours.vocabulary.tokenize(text)).toEqual(theirs.vocabulary.tokenize(text));
      expect(ours.vocabulary.bos).toBe(theirs.vocabulary.bos);
      await theirs.dispose();
      await ours.dispose();
    }
  });

  it('names what it cannot convert, and writes nothing', async () => {
    const { gguf, out } = place('refused');
    const refused = async (reason: RegExp): Promise<void> => {
      await expect(ggufToOnnx(gguf, out, { precision: 'q4' })).rejects.toMatchObject({
        code: 'MODEL_UNSUPPORTED',
        message: expect.stringMatching(reason) as string,
      });
      expect(existsSync(join(out, 'config.json'))).toBe(false);
      expect(existsSync(join(out, 'onnx')) ? readdirSync(join(out, 'onnx')) : []).toEqual([]);
    };
    await writeTinyLlama(gguf, { vocabulary: spmTable() });
    await refused(/its vocabulary is llama/);
    await writeTinyQwen(gguf, { pre: 'tekken' });
    await refused(/tokenizer\.ggml\.pre is tekken/);

    const whole = place('k-quant').gguf;
    await writeTinyLlama(whole, { embd: 256, type: 'F16' });
    await quantizeGguf({ input: whole, output: gguf, type: 'Q4_K_M', threads: 1, force: true });
    await refused(/is Q\d_K where F32, F16, BF16, Q8_0/);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const { gguf, out } = place('aborted');
    await writeTinyLlama(gguf);
    const abort = new AbortController();
    const done = ggufToOnnx(gguf, out, {
      precision: 'fp32',
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(join(out, 'onnx'))).toEqual([]);
  });
});
