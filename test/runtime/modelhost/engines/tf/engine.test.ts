import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClassifyRequest, LoadedModel, ModelSpec } from '../../../../../runtime/contract/engine.ts';
import { isGanglionError } from '../../../../../runtime/errors.ts';
import { tfEngine } from '../../../../../runtime/modelhost/engines/tf/engine.ts';
import { loadTf } from '../../../../../runtime/modelhost/engines/tf/runtime.ts';
import {
  graphConstant,
  graphInput,
  graphNode,
  tinyEinsum,
  tinyGraph,
  tinyImageLayers,
  tinyLayers,
  writeTfModel,
  type Storage,
  type TfModel,
} from '../../../../support/tfjs.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-tf-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const signal = new AbortController().signal;
const engine = tfEngine();
const tiny = { weights: [1, 2, -1, 0, 3, 1], bias: [0, 0.5, 0] };
/** (0.5, −1) · W + b, softmax */
const expected = (() => {
  const logits = [0.5, -1.5, -1.5];
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / total);
})();
let folders = 0;

function written(model: TfModel): string {
  return writeTfModel(join(root, `model-${folders++}`), model);
}

function load(file: string, more: Partial<ModelSpec> = {}, by = engine): Promise<LoadedModel> {
  return by.load({ file, contextTokens: 0, threads: 1, ...more }, signal);
}

async function classified(file: string, request: ClassifyRequest): Promise<readonly number[]> {
  const model = await load(file);
  try {
    return (await model.classify!(request, signal)).probabilities;
  } finally {
    await model.dispose();
  }
}

const features = Float64Array.of(0.5, -1);

describe('tf engine', () => {
  const formats = [
    ['layers', tinyLayers(tiny)],
    ['graph', tinyGraph(tiny)],
  ] as const;
  const storages: readonly (readonly [Storage, number])[] = [
    ['float32', 6],
    ['float16', 3],
    ['uint8', 2],
  ];
  for (const [format, model] of formats) {
    for (const [storage, digits] of storages) {
      it(`computes a ${format} model with ${storage} weights in several shards`, async () => {
        const file = written({ ...model, storage, shardBytes: 5 });
        const probabilities = await classified(file, { features });
        probabilities.forEach((p, i) => expect(p).toBeCloseTo(expected[i]!, digits));
      });
    }
  }

  it('says what it loaded', async () => {
    const folder = written({ ...tinyGraph(tiny), storage: 'float16' });
    writeFileSync(join(folder, 'metadata.json'), '{"labels":["off","low","high"]}');
    const model = await load(join(folder, 'model.json'));
    expect(model.info).toMatchObject({ engine: 'tf', labels: ['off', 'low', 'high'], memoryBytes: 36 });
    expect(model.info.sizeBytes).toBe(readFileSync(join(folder, 'model.json')).length + 18);
    expect(model.info.details).toEqual({
      backend: 'wasm',
      format: 'graph',
      inputs: 'x: float32[?, 2]',
      outputs: 'out: unknown[…]',
      parameters: 9,
      weightBytes: 36,
      weightType: 'float16',
    });
    const { index, probability } = await model.classify!({ features }, signal);
    expect([index, probability]).toEqual([0, expect.closeTo(expected[0]!, 3)]);
    await model.dispose();
  });

  it('names the layer its scores come from', async () => {
    const model = await load(written(tinyLayers(tiny)));
    expect(model.info.details).toMatchObject({ format: 'layers', outputs: 'scores: float32[?, 3]' });
    await model.dispose();
  });

  it('accepts folders with a model.json and JSON objects, by their content', () => {
    const folder = written(tinyLayers(tiny));
    expect(engine.accepts(folder, new Uint8Array())).toBe(true);
    expect(engine.accepts(root, new Uint8Array())).toBe(false);
    expect(engine.accepts('x.json', Buffer.from('\n {"format"'))).toBe(true);
    expect(engine.accepts('model.json', Buffer.from('GGUF'))).toBe(false);
  });

  it('takes pixels at the size of its input, scaled to 0–1', async () => {
    const side = 4;
    const file = written(tinyImageLayers(side));
    const pixels = Float32Array.from({ length: side * side * 3 }, (_, i) => [255, 0, 51][i % 3]!);
    // Means of red and blue: 1 and 0.2. They go through softmax.
    const [red, blue] = await classified(file, { features: pixels });
    expect(Math.log(red! / blue!)).toBeCloseTo(0.8, 5);
    await expect(classified(file, { features })).rejects.toThrow(/4 × 4 × 3 = 48 pixel values.*2 features/);
  });

  it('takes the values of an input with four sides that is no image as they are', async () => {
    const file = written({
      format: 'graph-model',
      topology: {
        node: [
          graphInput('x', [-1, 2, 1, 2]),
          graphConstant('zero'),
          graphNode('out', 'AddV2', ['x', 'zero']),
        ],
        library: {},
        versions: { producer: 1 },
      },
      weights: [{ name: 'zero', shape: [], values: [0] }],
    });
    const [first, second] = await classified(file, { features: Float64Array.of(3, 1, 0, 0) });
    expect(Math.log(first! / second!)).toBeCloseTo(2, 4);
    await expect(classified(file, { image: new Uint8Array(4) })).rejects.toThrow(/4 features.*an image/);
  });

  it('leaves pixels alone for a model that rescales them itself', async () => {
    const rescaling = {
      class_name: 'Rescaling',
      config: { name: 'rescaling', scale: 1 / 127.5, offset: -1, batch_input_shape: [null, 2, 2, 3] },
    };
    const file = written(tinyImageLayers(2, [rescaling]));
    const pixels = Float32Array.from({ length: 12 }, (_, i) => [255, 0, 25.5][i % 3]!);
    const [red, blue] = await classified(file, { features: pixels });
    expect(Math.log(red! / blue!)).toBeCloseTo(1 - -0.8, 4);
  });

  it('runs graphs with branches, which only run asynchronously', async () => {
    const file = written({
      format: 'graph-model',
      topology: {
        node: [
          graphInput('x', [-1, 3]),
          graphConstant('zero'),
          graphNode('total', 'Sum', ['x', 'axes'], { Tidx: { type: 'DT_INT32' }, keep_dims: { b: false } }),
          { name: 'axes', op: 'Const', input: [], attr: { dtype: { type: 'DT_FLOAT' } } },
          graphNode('positive', 'Greater', ['total', 'zero']),
          graphNode('fork', 'Switch', ['x', 'positive']),
          graphNode('negated', 'Neg', ['fork']),
          graphNode('kept', 'Identity', ['fork:1']),
          graphNode('out', 'Merge', ['negated', 'kept']),
        ],
        library: {},
        versions: { producer: 1 },
      },
      weights: [
        { name: 'zero', shape: [], values: [0] },
        { name: 'axes', shape: [2], values: [0, 1] },
      ],
    });
    const model = await load(file);
    const ask = async (...row: number[]): Promise<number> =>
      (await model.classify!({ features: Float64Array.from(row) }, signal)).index;
    expect(await ask(0, 3, 1)).toBe(1);
    expect(await ask(0, -3, -1)).toBe(1);
    await model.dispose();
  });

  it('keeps nothing of the questions it answered', async () => {
    const runtime = await loadTf();
    const { core } = runtime.libraries;
    const model = await load(
      written(tinyLayers(tiny)),
      {},
      tfEngine(async () => runtime),
    );
    const before = core.memory().numTensors;
    for (let i = 0; i < 20; i++) await model.classify!({ features }, signal);
    expect(core.memory().numTensors).toBe(before);
    await model.dispose();
    expect(core.memory().numTensors).toBe(before - 2);
  });

  it('answers several models at once, each on its own backend', async () => {
    const [layers, graph] = await Promise.all([
      load(written(tinyLayers(tiny))),
      load(written(tinyGraph(tiny))),
    ]);
    const answers = await Promise.all(
      [layers, graph, layers, graph].map(async (model) => model.classify!({ features }, signal)),
    );
    for (const { probabilities } of answers) expect(probabilities[0]).toBeCloseTo(expected[0]!, 5);
    await Promise.all([layers.dispose(), graph.dispose()]);
  });
});

describe('tf backends', () => {
  const hasBackend = (name: string, factory: () => never) => async () => {
    const { engine: tf } = await import('@tensorflow/tfjs-core');
    tf().registerBackend(name, factory, 5);
  };

  it('uses plain JavaScript where WebAssembly lacks an operation', async () => {
    const model = await load(written(tinyEinsum(tiny)));
    expect(model.info.details['backend']).toBe('cpu');
    // (0.5, −1) · W = (0.5, −2, −1.5)
    const { probabilities } = await model.classify!({ features }, signal);
    expect(Math.log(probabilities[0]! / probabilities[1]!)).toBeCloseTo(2.5, 5);
    await model.dispose();
  });

  it('passes over a libtensorflow that does not start', async () => {
    const { core } = (await loadTf()).libraries;
    const runtime = await loadTf(
      hasBackend('tensorflow', () => {
        throw new Error('libtensorflow.so.2: cannot open shared object file');
      }),
    );
    expect(runtime.backends).toEqual(['wasm', 'cpu']);
    expect(runtime.nativeProblem).toBe('its backend did not start');
    const model = await load(
      written(tinyLayers(tiny)),
      {},
      tfEngine(async () => runtime),
    );
    expect(model.info.details['backend']).toBe('wasm');
    await model.dispose();
    core.removeBackend('tensorflow');
  });

  it('says why an installed tfjs-node does not load, and nothing where there is none', async () => {
    const broken = await loadTf(async () => {
      throw new Error('The Node.js native addon module can not be found');
    });
    expect(broken.nativeProblem).toContain('native addon');
    const model = await load(
      written(tinyLayers(tiny)),
      {},
      tfEngine(async () => broken),
    );
    expect(model.info.details['nativeProblem']).toContain('native addon');
    await model.dispose();
  });

  it('leaves the handlers of the process as they were', async () => {
    const before = process.listenerCount('uncaughtException');
    await loadTf();
    expect(process.listenerCount('uncaughtException')).toBe(before);
  });

  it('refuses a graphics card', async () => {
    await expect(load(written(tinyLayers(tiny)), { device: 'cuda' })).rejects.toMatchObject({
      code: 'MODEL_DEVICE_MISSING',
    });
  });
});

describe('tf engine, bad input', () => {
  async function refusal(work: Promise<unknown>): Promise<readonly [string, string]> {
    try {
      await work;
    } catch (error) {
      if (isGanglionError(error)) return [error.code, error.message];
      throw error;
    }
    throw new Error('it was accepted');
  }

  it('names the sizes of features that do not fit', async () => {
    const file = written(tinyLayers(tiny));
    const request = { features: Float64Array.of(1, 2, 3) };
    const [code, message] = await refusal(classified(file, request));
    expect([code, message]).toEqual([
      'MODEL_QUESTION_INVALID',
      expect.stringMatching(/Expected 2 features .* received 3\./),
    ]);
    const [asked] = await refusal(classified(file, { image: new Uint8Array(4) }));
    expect(asked).toBe('MODEL_QUESTION_INVALID');
  });

  it('names a shard that was cut short, is missing or lies elsewhere', async () => {
    const folder = written(tinyLayers(tiny));
    const shard = join(folder, 'group1-shard1of1.bin');
    truncateSync(shard, 20);
    expect(await refusal(load(folder))).toEqual([
      'MODEL_FILE_INVALID',
      `Expected 36 bytes of weights in it in ${shard} but received 20.`,
    ]);
    rmSync(shard);
    expect(await refusal(load(folder))).toEqual([
      'MODEL_FILE_UNREADABLE',
      expect.stringContaining(`${shard} but it does not exist`),
    ]);
    const json = join(folder, 'model.json');
    writeFileSync(json, readFileSync(json, 'utf8').replace('group1-shard1of1.bin', '../../../etc/passwd'));
    expect(await refusal(load(folder))).toEqual([
      'MODEL_FILE_INVALID',
      expect.stringContaining('etc/passwd'),
    ]);
  });

  it('names an operation and a layer TensorFlow.js does not have', async () => {
    expect(await refusal(load(written(tinyGraph(tiny, 'Lgamma'))))).toEqual([
      'MODEL_UNSUPPORTED',
      expect.stringContaining('no operation Lgamma'),
    ]);
    expect(await refusal(load(written(tinyLayers(tiny, 'MultiHeadMagic'))))).toEqual([
      'MODEL_UNSUPPORTED',
      expect.stringContaining('no layer MultiHeadMagic'),
    ]);
  });

  it('says what is not a TensorFlow.js model', async () => {
    const file = join(root, 'not.json');
    const cases: readonly (readonly [string, RegExp])[] = [
      ['{', /no JSON/],
      ['[]', /no object/],
      ['{}', /without a modelTopology/],
      ['{"modelTopology":{}}', /neither kind/],
      ['{"format":"saved-model","modelTopology":{"node":[]}}', /saved-model/],
      ['{"modelTopology":{"node":[]}}', /weightsManifest/],
      ['{"modelTopology":{"node":[]},"weightsManifest":[{"paths":[7],"weights":[]}]}', /file names/],
      [
        '{"modelTopology":{"node":[]},"weightsManifest":[{"paths":[],"weights":[{"name":"w","shape":[-1]}]}]}',
        /shape for the weight w/,
      ],
      [
        '{"modelTopology":{"node":[]},"weightsManifest":[{"paths":[],"weights":[{"name":"w","shape":[1],"dtype":"bfloat16"}]}]}',
        /bfloat16/,
      ],
    ];
    for (const [text, sentence] of cases) {
      writeFileSync(file, text);
      const [code, message] = await refusal(load(file));
      expect([text, code]).toEqual([text, 'MODEL_FILE_INVALID']);
      expect(message).toMatch(sentence);
    }
    expect((await refusal(load(join(root, 'nowhere'))))[0]).toBe('MODEL_FILE_UNREADABLE');
  });

  it('refuses an input that is not one row', async () => {
    const { weights, topology, ...model } = tinyGraph(tiny);
    const graph = topology as { readonly node: readonly object[] };
    const two = {
      ...graph,
      node: [...graph.node, graphInput('y', [-1, 2]), graphNode('z', 'Identity', ['y'])],
    };
    expect(await refusal(load(written({ ...model, weights, topology: two })))).toEqual([
      'MODEL_UNSUPPORTED',
      expect.stringContaining('2 inputs (x, y)'),
    ]);
  });

  it('gives up a load and a question that were withdrawn', async () => {
    const file = written(tinyLayers(tiny));
    const stop = AbortSignal.abort();
    expect(await refusal(engine.load({ file, contextTokens: 0, threads: 1 }, stop))).toMatchObject([
      'MODEL_ABORTED',
      {},
    ]);
    const model = await load(file);
    expect((await refusal(model.classify!({ features }, stop)))[0]).toBe('MODEL_ABORTED');
    await model.dispose();
  });
});
