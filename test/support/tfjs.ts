import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHalf } from '../../quantize/gguf/encode.ts';

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** How weights are stored: as they are, in half precision, or as bytes between the smallest and the largest. */
export type Storage = 'float32' | 'float16' | 'uint8';

export interface TfModel {
  readonly format: 'layers-model' | 'graph-model';
  readonly topology: object;
  readonly weights: readonly Weight[];
  readonly storage?: Storage;
  /** Bytes of the largest shard; default: one shard. */
  readonly shardBytes?: number;
  /** More fields of model.json. */
  readonly more?: object;
}

/** Writes a TensorFlow.js model: model.json and its shards. Returns the folder. */
export function writeTfModel(folder: string, model: TfModel): string {
  const { format, topology, weights, storage = 'float32', more } = model;
  mkdirSync(folder, { recursive: true });
  const stored = weights.map((weight) => store(weight, storage));
  const bytes = Buffer.concat(stored.map(({ data }) => data));
  const shardBytes = model.shardBytes ?? bytes.length;
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  paths.forEach((path, i) =>
    writeFileSync(join(folder, path), bytes.subarray(i * shardBytes, (i + 1) * shardBytes)),
  );
  const weightsManifest = [{ paths, weights: stored.map(({ entry }) => entry) }];
  const json = {
    format,
    generatedBy: 'test',
    convertedBy: null,
    modelTopology: topology,
    weightsManifest,
    ...more,
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  return folder;
}

function store(
  { name, shape, values }: Weight,
  storage: Storage,
): { readonly entry: object; readonly data: Buffer } {
  const entry = { name, shape, dtype: 'float32' };
  if (storage === 'float32') {
    const data = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => data.writeFloatLE(value, i * 4));
    return { entry, data };
  }
  if (storage === 'float16') {
    const data = Buffer.alloc(values.length * 2);
    values.forEach((value, i) => data.writeUInt16LE(toHalf(value), i * 2));
    return { entry: { ...entry, quantization: { dtype: 'float16', original_dtype: 'float32' } }, data };
  }
  const min = Math.min(...values);
  const scale = (Math.max(...values) - min) / 255 || 1;
  const data = Buffer.from(values.map((value) => Math.round((value - min) / scale)));
  return {
    entry: { ...entry, quantization: { dtype: 'uint8', min, scale, original_dtype: 'float32' } },
    data,
  };
}

const DT_FLOAT = { type: 'DT_FLOAT' };

export function graphNode(name: string, op: string, input: readonly string[], attr: object = {}): object {
  return { name, op, input, attr: { T: DT_FLOAT, ...attr } };
}

export function graphInput(name: string, shape: readonly number[], type = 'DT_FLOAT'): object {
  const dim = shape.map((size) => ({ size: String(size) }));
  return { name, op: 'Placeholder', input: [], attr: { dtype: { type }, shape: { shape: { dim } } } };
}

export function graphConstant(name: string): object {
  return { name, op: 'Const', input: [], attr: { dtype: DT_FLOAT } };
}

export interface TinyTf {
  /** (features × classes), row by row */
  readonly weights: readonly number[];
  /** (classes) */
  readonly bias: readonly number[];
}

/** softmax(x · W + b) as a frozen TensorFlow graph. `last`: another operation in place of Softmax. */
export function tinyGraph({ weights, bias }: TinyTf, last = 'Softmax'): TfModel {
  const features = weights.length / bias.length;
  return {
    format: 'graph-model',
    topology: {
      node: [
        graphInput('x', [-1, features]),
        graphConstant('w'),
        graphConstant('b'),
        graphNode('product', 'MatMul', ['x', 'w'], { transpose_a: { b: false }, transpose_b: { b: false } }),
        graphNode('sum', 'AddV2', ['product', 'b']),
        graphNode('out', last, ['sum']),
      ],
      library: {},
      versions: { producer: 1 },
    },
    weights: [
      { name: 'w', shape: [features, bias.length], values: weights },
      { name: 'b', shape: [bias.length], values: bias },
    ],
  };
}

/** softmax(x · W) by Einsum, which the WebAssembly backend of 4.22 lacks. */
export function tinyEinsum(tiny: TinyTf): TfModel {
  const { topology, ...model } = tinyGraph({ ...tiny, bias: tiny.bias.map(() => 0) });
  const equation = { s: Buffer.from('rf,fc->rc').toString('base64') };
  const einsum = graphNode('product', 'Einsum', ['x', 'w'], { equation, N: { i: '2' } });
  const node = (topology as { readonly node: readonly { readonly name: string }[] }).node.map((one) =>
    one.name === 'product' ? einsum : one,
  );
  return { ...model, topology: { ...topology, node } };
}

/** softmax(x · W + b) as a Keras model. */
export function tinyLayers({ weights, bias }: TinyTf, layer = 'Dense'): TfModel {
  const features = weights.length / bias.length;
  const config = {
    name: 'scores',
    units: bias.length,
    activation: 'softmax',
    use_bias: true,
    batch_input_shape: [null, features],
    dtype: 'float32',
  };
  return {
    format: 'layers-model',
    topology: {
      class_name: 'Sequential',
      config: { name: 'tiny', layers: [{ class_name: layer, config }] },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weights: [
      { name: 'scores/kernel', shape: [features, bias.length], values: weights },
      { name: 'scores/bias', shape: [bias.length], values: bias },
    ],
  };
}

/** A Keras model of RGB images whose two scores are the means of red and of blue: pooling, then a dense layer. */
export function tinyImageLayers(side: number, first: readonly object[] = []): TfModel {
  const shape = { batch_input_shape: [null, side, side, 3] };
  const pool = {
    class_name: 'GlobalAveragePooling2D',
    config: { name: 'pool', data_format: 'channels_last', ...(first.length === 0 ? shape : {}) },
  };
  const dense = {
    class_name: 'Dense',
    config: { name: 'scores', units: 2, activation: 'linear', use_bias: true },
  };
  return {
    format: 'layers-model',
    topology: { class_name: 'Sequential', config: { name: 'tiny', layers: [...first, pool, dense] } },
    weights: [
      { name: 'scores/kernel', shape: [3, 2], values: [1, 0, 0, 0, 0, 1] },
      { name: 'scores/bias', shape: [2], values: [0, 0] },
    ],
  };
}
