import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOnnxHeader, writeOnnx, type OnnxModel } from '../../../quantize/index.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-onnx-write-'));
  file = join(folder, 'model.onnx');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const COLUMNS = 300;

/** y = softmax(x · w, last axis) with (300, 2) weights: 2400 bytes, in two pieces. */
function model(): OnnxModel {
  const weights = Float32Array.from({ length: COLUMNS * 2 }, (_, i) => Math.sin(i));
  return {
    graph: 'softmax',
    opsets: { '': 20 },
    inputs: [{ name: 'x', type: 'float32', shape: ['rows', COLUMNS] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['rows', 2] }],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['scores'] },
      // A negative integer, which takes ten bytes.
      { op: 'Softmax', inputs: ['scores'], outputs: ['y'], attributes: { axis: { int: -1 } } },
    ],
    initializers: [
      {
        name: 'w',
        type: 'float32',
        shape: [COLUMNS, 2],
        data: () => [new Uint8Array(weights.buffer, 0, 1000), new Uint8Array(weights.buffer, 1000)],
      },
    ],
  };
}

async function run(path: string): Promise<readonly number[]> {
  const session = await InferenceSession.create(path);
  const x = Float32Array.from({ length: COLUMNS }, (_, i) => Math.cos(i * 3));
  const { y } = await session.run({ x: new Tensor('float32', x, [1, COLUMNS]) });
  await session.release();
  return [...(y!.data as Float32Array)];
}

function expected(): readonly number[] {
  const score = (column: number): number =>
    Array.from({ length: COLUMNS }, (_, i) => Math.cos(i * 3) * Math.sin(i * 2 + column)).reduce(
      (a, b) => a + b,
    );
  const [a, b] = [Math.exp(score(0)), Math.exp(score(1))];
  return [a / (a + b), b / (a + b)];
}

describe('writeOnnx', () => {
  it('writes what ONNX Runtime computes and the header reader understands', async () => {
    const progress: [number, number][] = [];
    const bytes = await writeOnnx(file, model(), { onProgress: (...now) => progress.push(now) });
    const header = readOnnxHeader(file);
    expect(header).toMatchObject({
      graph: 'softmax',
      producer: 'ganglion',
      nodes: 2,
      externalData: false,
      fileBytes: bytes,
      inputs: [{ name: 'x', type: 'float32', shape: ['rows', COLUMNS] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['rows', 2] }],
    });
    expect(header.opsets.get('ai.onnx')).toBe(20);
    expect(progress).toEqual([[2400, 2400]]);
    const found = await run(file);
    expected().forEach((p, i) => expect(found[i]).toBeCloseTo(p, 5));
  });

  it('puts weights that are too large beside the file, and takes them away again', async () => {
    await writeOnnx(file, model(), { inlineBytes: 2399 });
    expect(readdirSync(folder).toSorted()).toEqual(['model.onnx', 'model.onnx_data']);
    expect(readOnnxHeader(file).externalData).toBe(true);
    const found = await run(file);
    expected().forEach((p, i) => expect(found[i]).toBeCloseTo(p, 5));
    await writeOnnx(file, model(), { inlineBytes: 2400 });
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  });

  it.each([
    [
      'too few bytes',
      { initializers: [{ ...model().initializers[0]!, shape: [COLUMNS + 1, 2] }] },
      /2408 bytes for tensor w .* 2400/,
    ],
    [
      'too many bytes',
      { initializers: [{ ...model().initializers[0]!, shape: [COLUMNS - 1, 2] }] },
      /2392 bytes for tensor w .* more/,
    ],
    [
      'a name twice',
      { initializers: [...model().initializers, ...model().initializers] },
      /names that differ .* w twice/,
    ],
    ['an input nobody computes', { initializers: [] }, /inputs of MatMul that are computed before .* w/],
    ['an output nobody computes', { nodes: model().nodes.slice(0, 1) }, /outputs that are computed .* y/],
  ])('refuses %s and leaves nothing behind', async (_, change, message) => {
    for (const inlineBytes of [0, 1e6]) {
      await expect(writeOnnx(file, { ...model(), ...change }, { inlineBytes })).rejects.toMatchObject({
        code: 'ONNX_UNFIT',
        message: expect.stringMatching(message) as string,
      });
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('says why a file cannot be written', async () => {
    await expect(writeOnnx(join(folder, 'missing', 'm.onnx'), model())).rejects.toMatchObject({
      code: 'MODEL_FILE_UNWRITABLE',
    });
  });
});
