import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GanglionError } from '../../runtime/errors.ts';
import { inspectGguf, inspectModel, inspectOnnx, listModels, readOnnxHeader } from '../../quantize/index.ts';
import { CHATML, writeTinyLlama } from '../support/gguf.ts';
import { writeTinyClassifier } from '../support/onnx.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-inspect-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const classifier = { weights: [1, 2, -1, 0, 3, 1], bias: [0, 0.5, 0] };

describe('inspectModel', () => {
  it('describes a language model', async () => {
    const file = join(folder, 'chat.gguf');
    await writeTinyLlama(file, { type: 'F16', chatTemplate: CHATML });
    expect(inspectModel(file)).toMatchObject({
      format: 'gguf',
      name: 'tiny random',
      architecture: 'llama',
      quantization: 'F16',
      layers: 2,
      embedding: 64,
      contextTokens: 2048,
      vocabulary: 340,
      chatTemplate: true,
      split: undefined,
    });
    expect(inspectGguf(file).bitsPerWeight).toBeCloseTo(16, 0);
  });

  it('describes a classifier', () => {
    const file = join(folder, 'classifier.onnx');
    writeTinyClassifier(file, classifier);
    expect(inspectModel(file)).toMatchObject({
      format: 'onnx',
      name: 'tiny',
      producer: 'test',
      opsets: { 'ai.onnx': 13 },
      operators: { Gemm: 1, Softmax: 1 },
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 2] }],
      outputs: [{ name: 'p', type: 'float32', shape: ['N', 3] }],
      externalData: false,
    });
    writeTinyClassifier(file, { ...classifier, output: 'zipmap' });
    expect(inspectOnnx(file).outputs[1]).toMatchObject({ type: 'sequence' });
  });

  it('says what a file is not', () => {
    const file = join(folder, 'letter.onnx');
    writeFileSync(file, 'Dear model,');
    expect(() => inspectModel(file)).toThrow(/Expected a GGUF or ONNX model in .*letter\.onnx/);
    rmSync(file);
    expect(() => inspectModel(file)).toThrow(/no such file/);
    expect(() => inspectModel(folder)).toThrow(/is a directory/);
  });
});

describe('readOnnxHeader', () => {
  it('refuses a file cut short anywhere', () => {
    const file = join(folder, 'cut.onnx');
    writeTinyClassifier(file, classifier);
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length - 6; length += 5) {
      writeFileSync(file, whole.subarray(0, length));
      expect(() => readOnnxHeader(file)).toThrow(GanglionError);
    }
  });

  it('either reads or refuses any bytes', () => {
    const file = join(folder, 'fuzz.onnx');
    writeTinyClassifier(file, { ...classifier, output: 'label' });
    const whole = readFileSync(file);
    const outcome = (bytes: Uint8Array): string => {
      writeFileSync(file, bytes);
      try {
        readOnnxHeader(file);
        return 'read';
      } catch (error) {
        return error instanceof GanglionError ? error.code : String(error);
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc
            .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
            .map((changes) => {
              const bytes = Buffer.from(whole);
              for (const [at, byte] of changes) bytes[at] = byte;
              return bytes;
            }),
        ),
        (bytes) => {
          expect(['read', 'MODEL_FILE_INVALID']).toContain(outcome(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('listModels', () => {
  it('finds models in folders below and names what cannot be read', async () => {
    const root = join(folder, 'models');
    mkdirSync(join(root, 'deep'), { recursive: true });
    await writeTinyLlama(join(root, 'deep', 'b.gguf'));
    writeTinyClassifier(join(root, 'a.onnx'), classifier);
    writeFileSync(join(root, 'broken.gguf'), 'GGUF');
    writeFileSync(join(root, 'README.md'), '# models');
    const found = listModels(root);
    expect(found.map(({ format }) => format)).toEqual(['onnx', 'unreadable', 'gguf']);
    expect(found[1]).toMatchObject({ problem: expect.stringContaining('broken.gguf') as string });
    expect(() => listModels(join(folder, 'nowhere'))).toThrow(/no such file/);
  });
});
