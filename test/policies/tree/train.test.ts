import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkTree,
  type TrainingData,
  trainTree,
  type TrainOptions,
  treeToRules,
} from '../../../policies/index.ts';
import { isGanglionError } from '../../../runtime/errors.ts';

type Row = readonly [values: readonly number[], label: number];

function data(rows: readonly Row[], changes: Partial<TrainingData> = {}): TrainingData {
  const width = rows[0]?.[0].length ?? 1;
  return {
    features: Array.from({ length: width }, (_, i) => `f${i}`),
    choices: ['a', 'b', 'c'],
    values: Float64Array.from(rows.flatMap(([values]) => values)),
    labels: Uint8Array.from(rows.map(([, label]) => label)),
    ...changes,
  };
}

function predictor(table: TrainingData, options: TrainOptions): (...values: number[]) => string {
  const tree = checkTree('t', trainTree(table, options).tree);
  const flat = tree.bind(table.features);
  return (...values) => tree.leaves[flat.predict(Float64Array.from(values))]!.choice;
}

const PLAIN: TrainOptions = { folds: 0, minLeaf: 1 };
const grid = Array.from({ length: 400 }, (_, i) => [(i % 20) / 20, Math.floor(i / 20) / 20] as const);

describe('training', () => {
  it.each(['gini', 'entropy'] as const)(
    'finds the thresholds of a policy of two features by %s',
    (criterion) => {
      const rows = grid.map(([x, y]): Row => [[x, y], x <= 0.5 ? 0 : y <= 0.3 ? 1 : 2]);
      const { tree } = trainTree(data(rows), { criterion, minLeaf: 1 });
      expect(treeToRules(tree).map((rule) => rule.split(' (')[0])).toEqual([
        'f0 ≤ 0.525 or unknown: a',
        'f0 > 0.525, f1 ≤ 0.325: b',
        'f0 > 0.525, f1 > 0.325 or unknown: c',
      ]);
    },
  );

  it('splits where neither of two features gains alone', () => {
    const rows = grid.map(([x, y]): Row => [[x, y], x <= 0.45 === y <= 0.45 ? 0 : 1]);
    const predict = predictor(data(rows), PLAIN);
    expect([predict(0, 0), predict(0, 0.9), predict(0.9, 0), predict(0.9, 0.9)]).toEqual([
      'a',
      'b',
      'b',
      'a',
    ]);
  });

  it('prunes what was noise, and keeps what was not', () => {
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const rows = Array.from({ length: 600 }, (): Row => {
      const values = [random(), random(), random()];
      return [values, random() < 0.15 ? Math.floor(random() * 3) : values[0]! <= 0.5 ? 0 : 1];
    });
    const full = trainTree(data(rows), PLAIN).tree.nodes.length;
    const pruned = trainTree(data(rows), { minLeaf: 1 });
    expect(full).toBeGreaterThan(50);
    expect(pruned.tree.nodes).toHaveLength(3);
    expect(pruned.error).toBeGreaterThan(0.05);
    expect(pruned.error).toBeLessThan(0.16);
  });

  it('sends missing values where they belong, and tells known from missing', () => {
    const rows = grid.map(([x], i): Row => (i % 4 === 0 ? [[Number.NaN, 0], 1] : [[x, 0], x <= 0.5 ? 0 : 1]));
    const predict = predictor(data(rows), PLAIN);
    expect([predict(0.1, 0), predict(0.9, 0), predict(Number.NaN, 0)]).toEqual(['a', 'b', 'b']);
    const known = grid.map(([x], i): Row => (i % 2 === 0 ? [[Number.NaN], 1] : [[x], 0]));
    const tellsKnown = predictor(data(known), PLAIN);
    expect([tellsKnown(0.1), tellsKnown(1e300), tellsKnown(Number.NaN)]).toEqual(['a', 'a', 'b']);
  });

  it('splits categories by sets; a code never seen goes with the many', () => {
    const rows = Array.from({ length: 120 }, (_, i): Row => [[i % 6], i % 6 === 1 || i % 6 === 4 ? 1 : 0]);
    const table = data(rows, { kinds: ['category'], choices: ['a', 'b'] });
    const { tree } = trainTree(table, PLAIN);
    expect(tree.version).toBe(2);
    expect(tree.nodes).toHaveLength(3);
    expect(tree.nodes[0]).toMatchObject({ in: [1, 4] });
    const predict = predictor(table, PLAIN);
    expect([0, 1, 2, 3, 4, 5, 77].map((code) => predict(code))).toEqual(['a', 'b', 'a', 'a', 'b', 'a', 'a']);
  });

  it('finds sets for three choices', () => {
    const rows = Array.from({ length: 180 }, (_, i): Row => [[i % 6], i % 3]);
    const predict = predictor(data(rows, { kinds: ['category'] }), PLAIN);
    expect([0, 1, 2, 3, 4, 5].map((code) => predict(code))).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('lets rare choices count as much as common ones where asked', () => {
    const rows = Array.from({ length: 200 }, (_, i): Row => [[i % 10], i % 10 === 9 && i % 20 === 9 ? 1 : 0]);
    const table = data(rows, { choices: ['a', 'b'] });
    const wide = { ...PLAIN, minLeaf: 20 };
    expect(predictor(table, wide)(9)).toBe('a');
    expect(predictor(table, { ...wide, classWeights: 'balanced' })(9)).toBe('b');
    expect(predictor(table, { ...wide, classWeights: [1, 5] })(9)).toBe('b');
  });

  it('leaves margins without certificates or rows between what was seen', () => {
    const rows = grid.map(([x]): Row => [[x], x <= 0.5 ? 0 : 1]);
    const { tree } = trainTree(data(rows), { ...PLAIN, margins: true });
    const checked = checkTree('t', tree);
    const flat = checked.bind(['f0']);
    const rowsAt = (value: number): number | undefined =>
      checked.leaves[flat.predict(Float64Array.of(value))]!.rows;
    expect(rowsAt(0.5)).toBe(220);
    expect(rowsAt(0.525)).toBe(0);
    expect(rowsAt(0.55)).toBe(180);
  });

  it('learns one leaf from one class', () => {
    const { tree, error } = trainTree(data(grid.map(([x, y]): Row => [[x, y], 1])));
    expect(tree.nodes).toEqual([{ choice: 'b', confidence: expect.any(Number) as number, rows: 400 }]);
    expect(error).toBe(0);
  });

  it('makes the same tree of the same data, whole and readable', () => {
    const cell = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN));
    const row = fc.tuple(fc.array(cell, { minLength: 3, maxLength: 3 }), fc.nat({ max: 2 }));
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        fc.boolean(),
        (rows, margins, prune) => {
          const table = data(rows, { kinds: ['number', 'category', 'number'] });
          const options = { minLeaf: 2, folds: prune ? 3 : 0, margins };
          const first = trainTree(table, options);
          expect(trainTree(table, options)).toEqual(first);
          const checked = checkTree('t', JSON.parse(JSON.stringify(first.tree)));
          const flat = checked.bind(table.features);
          const ended = new Map<number, number>();
          for (const [values] of rows) {
            const leaf = flat.predict(Float64Array.from(values));
            expect(flat.walk(Float64Array.from(values))).toBe(leaf);
            ended.set(leaf, (ended.get(leaf) ?? 0) + 1);
          }
          const rowsOf = checked.leaves.map((leaf, i) => [
            leaf?.rows,
            leaf === undefined ? undefined : (ended.get(i) ?? 0),
          ]);
          for (const [stated, found] of rowsOf) expect(stated).toBe(found);
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each([
    [
      'no rows',
      data([[[1], 0]], { values: new Float64Array(0), labels: new Uint8Array(0) }),
      {},
      'at least one',
    ],
    ['values that are not as many', data([[[1], 0]], { values: new Float64Array(3) }), {}, 'values'],
    ['an infinite value', data([[[Infinity], 0]]), {}, 'finite'],
    ['a label without a choice', data([[[1], 7]]), {}, 'label'],
    ['a negative weight', data([[[1], 0]], { weights: Float64Array.of(-1) }), {}, 'weights'],
    ['weights for other choices', data([[[1], 0]]), { classWeights: [1] }, 'weights of choices'],
    ['leaves of no rows', data([[[1], 0]]), { minLeaf: 0 }, 'minLeaf'],
  ])('refuses %s', (_name, table, options, reason) => {
    const error = caught(() => {
      trainTree(table, options);
    });
    expect(isGanglionError(error) && error.code).toBe('TRAINING_DATA');
    expect(String(error)).toContain(reason);
  });
});

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
