import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelOfShape, writeShape } from '../../../bench/support/shape/model.ts';
import { piecesOf } from '../../../bench/support/shape/pieces.ts';
import { SHAPES, type Shape } from '../../../bench/support/shape/shapes.ts';
import { shapeTensors } from '../../../bench/support/shape/gguf.ts';
import { inspectGguf } from '../../../quantize/index.ts';
import { loadLlama } from '../../../runtime/modelhost/engines/llama/load.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-shape-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sentences = [
  'turn on the kitchen light, turn off the hall light, turn on the hall light',
  'light.kitchen',
];
// What occurs once only is not merged.
const text = [...sentences, ...sentences];
const tiny: Shape = {
  ...SHAPES['qwen2.5-0.5b'],
  layers: 2,
  embedding: 256,
  heads: 4,
  feedForward: 512,
  vocabulary: 1000,
};

describe('models in the shape of known ones', () => {
  it('has as many weights as the original', () => {
    const weights = (shape: Shape): number =>
      shapeTensors(shape).reduce((sum, tensor) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0);
    // As their model cards say: 0.49, 1.54, 1.23, 1.1 and 0.135 billion.
    expect(weights(SHAPES['qwen2.5-0.5b'])).toBe(494_032_768);
    expect(weights(SHAPES['qwen2.5-1.5b'])).toBe(1_543_714_304);
    expect(weights(SHAPES['llama-3.2-1b'])).toBe(1_235_814_400);
    expect(weights(SHAPES['tinyllama-1.1b'])).toBe(1_100_048_384);
    expect(weights(SHAPES['smollm2-135m'])).toBe(134_515_008);
  });

  it.each([
    ['qwen2', 'chatml', '<|im_end|>'],
    ['llama-bpe', 'llama3', '<|eot_id|>'],
    ['smollm', 'chatml', '<|im_end|>'],
  ] as const)('writes, quantizes and runs one (%s)', async (pre, chat, end) => {
    const architecture = pre === 'qwen2' ? 'qwen2' : 'llama';
    const shape: Shape = { ...tiny, architecture, pre, chat, tied: pre !== 'smollm' };
    const steps: string[] = [];
    const file = await writeShape(pre, shape, {
      folder,
      text,
      onProgress: ({ fraction, step }) => {
        expect(fraction).toBeGreaterThanOrEqual(0);
        expect(fraction).toBeLessThanOrEqual(1);
        if (steps.at(-1) !== step) steps.push(step);
      },
    });
    expect(steps).toContain('quantizing to Q4_K_M');
    expect(inspectGguf(file)).toMatchObject({ architecture, quantization: 'Q4_K_M', vocabulary: 1000 });

    const spec = { file, contextTokens: 128, threads: 1, device: 'cpu' } as const;
    const model = await loadLlama(spec, new AbortController().signal, () => {});
    try {
      const { vocabulary } = model;
      expect(vocabulary.detokenize(vocabulary.ends.slice(0, 1))).toBe(end);
      const sentence = 'turn off the kitchen light';
      const tokens = vocabulary.tokenize(sentence);
      expect(vocabulary.detokenize(tokens)).toBe(sentence);
      // Learned from these words: about one token for each.
      expect(tokens.length).toBeLessThanOrEqual(piecesOf(sentence, pre).length + 1);
      const all = Array.from({ length: 400 }, (_, token) => token);
      const shares = await model.session('event').branch(tokens, all);
      expect(shares.every((p) => Number.isFinite(p))).toBe(true);
      expect(Math.max(...shares)).toBeLessThan(0.9);
    } finally {
      await model.dispose();
    }
  });

  it('is written once for the same text, and replaces what another text made', async () => {
    const options = { folder, text, type: 'F16' } as const;
    const file = await writeShape('once', tiny, options);
    const { mtimeMs } = statSync(file);
    expect(await writeShape('once', tiny, options)).toBe(file);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    const other = await writeShape('once', tiny, {
      ...options,
      text: ['altogether other words, other words'],
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('once-'))).toEqual([other.split('/').at(-1)]);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const stop = new AbortController();
    const writing = writeShape('stopped', tiny, {
      folder,
      text,
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === 'writing random weights') stop.abort();
      },
    });
    await expect(writing).rejects.toThrow('aborted');
    expect(readdirSync(folder).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });

  it('names the shapes there are', async () => {
    await expect(modelOfShape('gpt-5', { folder })).rejects.toMatchObject({
      code: 'BENCH_OPTION',
      message: expect.stringContaining('qwen2.5-0.5b'),
    });
  });
});
