import { describe, expect, it } from 'vitest';
import {
  checkTree,
  importOnnxTree,
  importSklearnTree,
  type OnnxTreeAttributes,
  type SklearnTree,
  type TreeFile,
  treeToMermaid,
  treeToRules,
  treeToText,
} from '../../../policies/index.ts';
import { isGanglionError } from '../../../runtime/errors.ts';

const TREE: TreeFile = {
  format: 'ganglion-tree',
  version: 2,
  features: ['co2', 'mode'],
  choices: ['none', 'open "window"'],
  nodes: [
    { feature: 'co2', threshold: 900, left: 1, right: 2, missing: 'left' },
    { choice: 'none', confidence: 0.9, certified: { agreement: 0.97, confidence: 0.95 } },
    { feature: 'mode', in: [1, 3], left: 3, right: 4, missing: 'right' },
    { choice: 'open "window"', confidence: 0.8 },
    { feature: 'co2', threshold: 1200, left: 5, right: 6, missing: 'right' },
    { choice: 'none', confidence: 0.7 },
    { choice: 'open "window"', confidence: 0.6 },
  ],
};

describe('trees for readers', () => {
  it('are nested ifs', () => {
    expect(treeToText(TREE)).toBe(
      [
        'if co2 ≤ 900 or unknown:',
        '  none (certified 97 % at 95 %)',
        'else:',
        '  if mode is one of 1, 3:',
        '    open "window" (not certified, seen 80 %)',
        '  else:',
        '    if co2 ≤ 1200:',
        '      none (not certified, seen 70 %)',
        '    else:',
        '      open "window" (not certified, seen 60 %)',
        '',
      ].join('\n'),
    );
  });

  it('are rules with one condition per feature', () => {
    expect(treeToRules(TREE).map((rule) => rule.split(' (')[0])).toEqual([
      'co2 ≤ 900 or unknown: none',
      'co2 > 900, mode is one of 1, 3: open "window"',
      'co2 > 900 and ≤ 1200, mode is none of 1, 3 or unknown: none',
      'co2 > 1200, mode is none of 1, 3 or unknown: open "window"',
    ]);
  });

  it('are flowcharts in which no name is taken for syntax', () => {
    const chart = treeToMermaid(TREE);
    expect(chart).toContain('n0{"co2 ≤ 900"}');
    expect(chart).toContain('n0 -->|yes, unknown| n1');
    expect(chart).toContain('n3(["open #34;window#34; (not certified, seen 80 %)"])');
    expect(chart).toContain('class n1 certified');
  });

  it('explain a decision by set in words', () => {
    const flat = checkTree('t', TREE).bind(['co2', 'mode']);
    const path = (...values: number[]): string =>
      flat.path(Float64Array.from(values), (column) => ({ name: TREE.features[column]! }));
    expect(path(1000, 3)).toBe('co2 is 1000 (> 900) and mode is 3 (one of 1, 3)');
    expect(path(1000, 2)).toBe('co2 is 1000 (> 900) and mode is 2 (none of 1, 3) and co2 is 1000 (≤ 1200)');
    expect(path(1300, Number.NaN)).toContain('mode is unknown');
  });

  it('refuse sets in files of version 1', () => {
    expect(() => checkTree('old.json', { ...TREE, version: 1 })).toThrow('version 2');
  });
});

const ONNX: OnnxTreeAttributes = {
  nodes_treeids: [0, 0, 0, 0, 0],
  nodes_nodeids: [0, 1, 2, 3, 4],
  nodes_featureids: [1, 0, 0, 0, 0],
  nodes_values: [0.5, 0, 10, 0, 0],
  nodes_modes: ['BRANCH_LT', 'LEAF', 'BRANCH_GT', 'LEAF', 'LEAF'],
  nodes_truenodeids: [1, 0, 3, 0, 0],
  nodes_falsenodeids: [2, 0, 4, 0, 0],
  nodes_missing_value_tracks_true: [1, 0, 1, 0, 0],
  class_treeids: [0, 0, 0],
  class_nodeids: [1, 3, 4],
  class_ids: [0, 1, 2],
  class_weights: [1, 1, 1],
  classlabels_strings: ['low', 'high', 'middle'],
};
const NAMES = { file: 'model.onnx', features: ['x', 'y'] };

const SKLEARN: SklearnTree = {
  children_left: [1, -1, 3, -1, -1],
  children_right: [2, -1, 4, -1, -1],
  feature: [0, -2, 1, -2, -2],
  threshold: [1.5, -2, 7, -2, -2],
  value: [[[5, 5]], [[5, 0]], [[1, 5]], [[1, 1]], [[0, 4]]],
  missing_go_to_left: [1, 0, 0, 0, 0],
  classes: ['off', 'on'],
};

function decide(file: TreeFile, ...values: number[]): string {
  const tree = checkTree('t', file);
  return tree.leaves[tree.bind(NAMES.features).predict(Float64Array.from(values))]!.choice;
}

describe('trees of others', () => {
  it('come from ONNX, with its comparisons and where missing values go', () => {
    const tree = importOnnxTree(ONNX, NAMES);
    expect(decide(tree, 0, 0.49)).toBe('low');
    expect(decide(tree, 0, 0.5)).toBe('middle');
    expect(decide(tree, 11, 0.5)).toBe('high');
    expect(decide(tree, 10, 0.5)).toBe('middle');
    expect(decide(tree, 0, Number.NaN)).toBe('low');
    expect(decide(tree, Number.NaN, 1)).toBe('high');
  });

  it('come from ONNX with the second of two classes alone', () => {
    const binary = {
      ...ONNX,
      class_ids: [1, 1, 1],
      class_weights: [0.1, 0.9, 0.2],
      classlabels_strings: ['no', 'yes'],
    };
    const tree = importOnnxTree(binary, NAMES);
    expect([decide(tree, 0, 0), decide(tree, 11, 1), decide(tree, 0, 1)]).toEqual(['no', 'yes', 'no']);
  });

  it('come from scikit-learn', () => {
    const tree = importSklearnTree(SKLEARN, NAMES);
    expect([decide(tree, 1.5, 0), decide(tree, 2, 8), decide(tree, Number.NaN, 8)]).toEqual([
      'off',
      'on',
      'off',
    ]);
    expect(tree.nodes.at(-1)).toMatchObject({ choice: 'on', confidence: 1 });
  });

  it.each([
    ['a forest', () => importOnnxTree({ ...ONNX, nodes_treeids: [0, 0, 1, 1, 1] }, NAMES), 'one tree'],
    [
      'other comparisons',
      () => importOnnxTree({ ...ONNX, nodes_modes: ONNX.nodes_modes.with(0, 'BRANCH_EQ') }, NAMES),
      'BRANCH_EQ',
    ],
    [
      'a cycle',
      () => importOnnxTree({ ...ONNX, nodes_falsenodeids: [2, 0, 0, 0, 0] }, NAMES),
      'the root leads to',
    ],
    ['a list cut short', () => importSklearnTree({ ...SKLEARN, threshold: [1] }, NAMES), 'threshold'],
    ['a column without a name', () => importSklearnTree(SKLEARN, { ...NAMES, features: ['x'] }), 'column 1'],
    [
      'a tree for numbers',
      () => importSklearnTree({ ...SKLEARN, value: SKLEARN.value.map(() => [[1]]) }, NAMES),
      'classes',
    ],
    ['no tree', () => importSklearnTree({} as SklearnTree, NAMES), 'children_left'],
  ])('are refused if they are %s', (_name, run, reason) => {
    const error = caught(() => {
      run();
    });
    expect(isGanglionError(error) && error.code).toBe('TREE_IMPORT');
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
