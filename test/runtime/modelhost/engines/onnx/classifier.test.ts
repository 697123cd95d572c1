import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxEngine } from '../../../../../runtime/modelhost/engines/onnx/classifier.ts';
import { toProbabilities } from '../../../../../runtime/modelhost/engines/scores.ts';
import { writeTinyClassifier, type TinyClassifier } from '../../../../support/onnx.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const weights = [1, 2, -1, 0, 3, 1];
const bias = [0, 0.5, 0];

async function scores(output: NonNullable<TinyClassifier['output']>): Promise<readonly number[]> {
  const file = join(folder, `${output}.onnx`);
  writeTinyClassifier(file, { weights, bias, output });
  const model = await onnxEngine().load({ file, contextTokens: 0, threads: 1, gpuLayers: 0 }, signal);
  const { probabilities } = await model.classify!({ features: Float64Array.of(0.5, -1) }, signal);
  await model.dispose();
  return probabilities;
}

describe('onnx engine', () => {
  it('gives the same probabilities from logits, from probabilities and beside a label', async () => {
    // (0.5, -1) · W + b
    const logits = [0.5, -1.5, -1.5];
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    for (const output of ['probabilities', 'logits', 'label'] as const) {
      (await scores(output)).forEach((p, i) => expect(p).toBeCloseTo(Math.exp(logits[i]!) / total, 5));
    }
  });

  it('tells how to convert a model whose output is a ZipMap', async () => {
    await expect(scores('zipmap')).rejects.toThrow(/zipmap=False/);
  });
});

describe('toProbabilities', () => {
  it('is a distribution that keeps the order of the scores', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (row) => {
          const probabilities = toProbabilities(row)!;
          expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          for (let i = 1; i < row.length; i++) {
            expect(
              Math.sign(probabilities[i]! - probabilities[i - 1]!) * Math.sign(row[i]! - row[i - 1]!),
            ).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });

  it('reads a single score as that of the second class and refuses what is not finite', () => {
    expect(toProbabilities([0.25])).toEqual([0.75, 0.25]);
    expect(toProbabilities([0, 1])).toEqual([0, 1]);
    expect(toProbabilities([Number.NaN, 1])).toBeUndefined();
    expect(toProbabilities([])).toBeUndefined();
  });
});
