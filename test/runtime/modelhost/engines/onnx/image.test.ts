import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClassifyRequest, LoadedModel } from '../../../../../runtime/contract/engine.ts';
import { onnxEngine } from '../../../../../runtime/modelhost/engines/onnx/classifier.ts';
import { writeTinyImageClassifier, type TinyImageClassifier } from '../../../../support/onnx.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-vision-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const signal = new AbortController().signal;
let folders = 0;

/** A folder as exporters lay it out: the model in onnx/, what describes it beside that. */
async function load(
  spec: TinyImageClassifier,
  sidecars: Readonly<Record<string, object>> = {},
): Promise<LoadedModel> {
  const folder = join(root, `model-${folders++}`);
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const [name, content] of Object.entries(sidecars))
    writeFileSync(join(folder, name), JSON.stringify(content));
  const file = join(folder, 'onnx', 'model.onnx');
  writeTinyImageClassifier(file, spec);
  return onnxEngine().load({ file, contextTokens: 0, threads: 1 }, signal);
}

/** Differences of the logits to the first one: what softmax keeps of them. */
async function logits(model: LoadedModel, request: ClassifyRequest): Promise<readonly number[]> {
  const { probabilities } = await model.classify!(request, signal);
  await model.dispose();
  return probabilities.map((p) => Math.log(p / probabilities[0]!));
}

/** height 2, width 3, every pixel (51, 102, 204) = (0.2, 0.4, 0.8). */
const pixels = Float32Array.from({ length: 2 * 3 * 3 }, (_, i) => [51, 102, 204][i % 3]!);

describe('onnx vision', () => {
  for (const layout of ['nchw', 'nhwc'] as const) {
    const shape = layout === 'nchw' ? ['N', 3, 2, 3] : [1, 2, 3, 3];
    it(`brings pixels into ${layout.toUpperCase()}, 0–1`, async () => {
      const model = await load({ layout, shape });
      expect(model.info.details).toMatchObject({
        provider: 'cpu',
        image: `3 × 2, RGB, ${layout.toUpperCase()}`,
      });
      const [, green, blue] = await logits(model, { features: pixels });
      expect(green).toBeCloseTo(0.2, 5);
      expect(blue).toBeCloseTo(0.6, 5);
    });
  }

  it('normalises as preprocessor_config.json says, and names the classes of config.json', async () => {
    const model = await load(
      { layout: 'nchw', shape: ['batch', 'channels', 'height', 'width'] },
      {
        'preprocessor_config.json': {
          do_rescale: true,
          rescale_factor: 1 / 255,
          do_normalize: true,
          image_mean: [0.2, 0.3, 0.4],
          image_std: [1, 0.5, 0.2],
          size: { height: 2, width: 3 },
          resample: 3,
        },
        'config.json': { id2label: { 0: 'red', 1: 'green', 2: 'blue' }, num_channels: 3 },
      },
    );
    expect(model.info.labels).toEqual(['red', 'green', 'blue']);
    // (0.2 − 0.2)/1, (0.4 − 0.3)/0.5, (0.8 − 0.4)/0.2
    const [, green, blue] = await logits(model, { features: pixels });
    expect(green).toBeCloseTo(0.2, 5);
    expect(blue).toBeCloseTo(2, 5);
  });

  it('finds the model in a folder, unless it is one of language', async () => {
    const engine = onnxEngine();
    const folder = mkdtempSync(join(root, 'folder-'));
    expect(engine.accepts(folder, new Uint8Array())).toBe(false);
    writeTinyImageClassifier(join(folder, 'model_quantized.onnx'), {
      layout: 'nchw',
      shape: [1, 3, 'h', 'w'],
    });
    writeFileSync(join(folder, 'preprocessor_config.json'), '{"size":4}');
    expect(engine.accepts(folder, new Uint8Array())).toBe(true);
    const model = await engine.load({ file: folder, contextTokens: 0, threads: 1 }, signal);
    expect(model.info.details['image']).toBe('4 × 4, RGB, NCHW');
    await model.dispose();
    writeFileSync(join(folder, 'tokenizer.json'), '{}');
    expect(engine.accepts(folder, new Uint8Array())).toBe(false);
  });

  it('gives bytes to a model of bytes', async () => {
    const model = await load({ layout: 'nhwc', shape: [1, 2, 3, 3], type: 'uint8' });
    const grey = Float32Array.from({ length: 18 }, (_, i) => [100, 101, 103][i % 3]!);
    const [, green, blue] = await logits(model, { features: grey });
    expect(green).toBeCloseTo(1, 5);
    expect(blue).toBeCloseTo(3, 5);
  });

  it('takes image files of any size', async () => {
    const image = await sharp({ create: { width: 64, height: 40, channels: 3, background: '#3366cc' } })
      .webp({ lossless: true })
      .toBuffer();
    const model = await load({ layout: 'nchw', shape: [1, 3, 8, 8] });
    const [, green, blue] = await logits(model, { image });
    expect(green).toBeCloseTo(0.2, 3);
    expect(blue).toBeCloseTo(0.6, 3);
  });

  it('names what is wrong with a question', async () => {
    const model = await load({ layout: 'nchw', shape: [1, 3, 2, 3] });
    const ask = async (request: ClassifyRequest): Promise<unknown> => model.classify!(request, signal);
    await expect(ask({ features: new Float32Array(5) })).rejects.toMatchObject({
      code: 'MODEL_QUESTION_INVALID',
      message: expect.stringContaining('2 × 3 × 3 = 18 pixel values'),
    });
    await expect(ask({ image: Buffer.from('<svg/>') })).rejects.toMatchObject({
      code: 'MODEL_QUESTION_INVALID',
      message: expect.stringContaining('a JPEG, PNG or WebP image'),
    });
    await model.dispose();
  });

  it('says why an input is not one it can fill', async () => {
    const shapes: readonly (readonly [TinyImageClassifier, RegExp])[] = [
      [{ layout: 'nchw', shape: [1, 4, 8, 8] }, /no image of one or three channels/],
      [{ layout: 'nchw', shape: [8, 3, 8, 8] }, /takes 8 images at once/],
      [{ layout: 'nchw', shape: ['N', 3, 'h', 'w'] }, /how large its images are/],
      [{ layout: 'nchw', shape: ['N', 'c', 'h', 'w'] }, /no image of one or three channels/],
      [{ layout: 'nchw', shape: [1, 3, 8, 8], type: 'float16' }, /keep its inputs and outputs as float32/],
    ];
    for (const [spec, sentence] of shapes) {
      const loading = load(spec);
      await expect(loading).rejects.toThrow(sentence);
      await expect(loading).rejects.toMatchObject({ code: 'MODEL_UNSUPPORTED' });
    }
  });

  it('names the file that describes it wrongly', async () => {
    const spec = { layout: 'nchw', shape: [1, 3, 8, 8] } as const;
    for (const wrong of [{ image_mean: [0.5] }, { image_std: [1, 0, 1] }, { rescale_factor: 'x' }, []]) {
      await expect(load(spec, { 'preprocessor_config.json': wrong })).rejects.toMatchObject({
        code: 'MODEL_FILE_INVALID',
        message: expect.stringContaining('preprocessor_config.json'),
      });
    }
  });
});
