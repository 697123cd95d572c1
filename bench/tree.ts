import { checkTree, type TreeFile, trainTree, type TreeNode } from '../policies/index.ts';
import { GanglionError, messageOf } from '../runtime/errors.ts';
import { alternate, type Bench, type BenchCase } from './harness.ts';
import { hiddenPolicy, seeded, withNoise } from './support/hidden-policy.ts';
import { readOptions } from './support/options.ts';
import { median } from './support/stats.ts';
import { treeToOnnx } from './support/tree-onnx.ts';

const DEFAULTS = { rounds: 7, passes: 200, leaves: 50 };
const SHORT = { rounds: 3, passes: 40 };
const ROWS = 4096;
const WIDTH = 20;
const CHOICES = ['a', 'b', 'c', 'd'];
const FEATURES = Array.from({ length: WIDTH }, (_, i) => `f${i}`);
const ONNX_CALLS = 500;

/**
 * Time for one row through a trained tree of about a hundred nodes, over random rows: in typed arrays, as a walk over nested
 * objects with the same missing-value rule, and in ONNX Runtime, one row a call. All three must agree.
 */
export const tree: Bench = async ({ args, log, signal }) => {
  const options = readOptions(args, DEFAULTS, SHORT);
  const random = seeded(11);
  // 32-bit floats, so that ONNX Runtime compares the same numbers.
  const file = toFloats(trained(options.leaves, random));
  const rows = Array.from({ length: ROWS }, () => Float64Array.from(Float32Array.from(FEATURES, random)));
  const checked = checkTree('the tree', file);
  const flat = checked.bind(FEATURES);
  const root = nest(file.nodes, 0);
  const onnx = await openOnnx(file, log);
  const expected = rows.map((row) => CHOICES.indexOf(checked.leaves[flat.predict(row)]!.choice));
  check(
    'object walk',
    expected,
    rows.map((row) => walk(root, row)),
  );
  if (onnx !== undefined) check('onnxruntime', expected, await Promise.all(rows.slice(0, 256).map(onnx)));
  let sink = 0;
  // Each system has a loop of its own: in a shared one the engine could inline none of them.
  const timed = (pass: () => number) => async (): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < options.passes; i++) {
      const start = performance.now();
      sink += pass();
      best = Math.min(best, performance.now() - start);
    }
    return (best * 1e6) / ROWS;
  };
  const passFlat = (): number => {
    let sum = 0;
    for (let i = 0; i < ROWS; i++) sum += flat.predict(rows[i]!);
    return sum;
  };
  const passArrays = (): number => {
    let sum = 0;
    for (let i = 0; i < ROWS; i++) sum += flat.walk(rows[i]!);
    return sum;
  };
  const passObjects = (): number => {
    let sum = 0;
    for (let i = 0; i < ROWS; i++) sum += walk(root, rows[i]!);
    return sum;
  };
  const results = await alternate(options.rounds, {
    flat: timed(passFlat),
    arrays: timed(passArrays),
    objects: timed(passObjects),
    ...(onnx === undefined ? {} : { onnx: () => timeOnnx(onnx, rows) }),
  });
  if (signal.aborted || Number.isNaN(sink))
    throw new GanglionError('BENCH_SYSTEM', { system: 'tree', reason: 'the bench was stopped' });
  const ratio = (name: string): number[] => (results[name] ?? []).map((ns, i) => ns / results['flat']![i]!);
  const cases: BenchCase[] = [
    { name: 'nodes', value: file.nodes.length, unit: 'nodes' },
    ...Object.entries(results).map(([name, runs]) => ({ name, value: median(runs), unit: 'ns a row' })),
  ];
  return {
    cases,
    ratios: { ns: results['flat']!, vs_object_walk: ratio('objects'), vs_onnxruntime: ratio('onnx') },
  };
};

/** A tree learned from a policy with so many regions. */
function trained(leaves: number, random: () => number): TreeFile {
  const hidden = hiddenPolicy({ features: WIDTH, regions: leaves, choices: CHOICES.length, random });
  const teacher = withNoise(hidden, 0.02, CHOICES.length, random);
  const count = 6000;
  const values = Float64Array.from({ length: count * WIDTH }, random);
  const labels = Uint8Array.from({ length: count }, (_, i) =>
    teacher(values.subarray(i * WIDTH, (i + 1) * WIDTH)),
  );
  const data = { features: FEATURES, choices: CHOICES, values, labels };
  // As many nodes as asked for, by how small a leaf may be.
  let best: TreeFile | undefined;
  for (let minLeaf = 10; minLeaf < 400; minLeaf += 5) {
    const { tree } = trainTree(data, { criterion: 'entropy', folds: 0, minLeaf });
    const off = Math.abs(tree.nodes.length - 2 * leaves);
    if (best === undefined || off < Math.abs(best.nodes.length - 2 * leaves)) best = tree;
    if (tree.nodes.length < 2 * leaves) break;
  }
  return best!;
}

function toFloats(file: TreeFile): TreeFile {
  const nodes = file.nodes.map((node) =>
    'threshold' in node ? { ...node, threshold: Math.fround(node.threshold) } : node,
  );
  return { ...file, nodes };
}

type ObjectNode =
  | { readonly leaf: true; readonly choice: number }
  | {
      readonly leaf: false;
      readonly feature: number;
      readonly threshold: number;
      readonly missing: 'left' | 'right';
      readonly left: ObjectNode;
      readonly right: ObjectNode;
    };

function nest(nodes: readonly TreeNode[], at: number): ObjectNode {
  const node = nodes[at]!;
  if (!('threshold' in node))
    return { leaf: true, choice: CHOICES.indexOf('choice' in node ? node.choice : '') };
  const { threshold, missing } = node;
  const feature = FEATURES.indexOf(node.feature);
  return {
    leaf: false,
    feature,
    threshold,
    missing,
    left: nest(nodes, node.left),
    right: nest(nodes, node.right),
  };
}

function walk(root: ObjectNode, row: Float64Array): number {
  let node = root;
  while (!node.leaf) {
    const value = row[node.feature]!;
    if (Number.isNaN(value)) node = node.missing === 'left' ? node.left : node.right;
    else node = value <= node.threshold ? node.left : node.right;
  }
  return node.choice;
}

type Classify = (row: Float64Array) => Promise<number>;

/** Undefined, with the reason in the log, where ONNX Runtime has no build for this machine. */
async function openOnnx(file: TreeFile, log: (line: string) => void): Promise<Classify | undefined> {
  try {
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(treeToOnnx(file), { intraOpNumThreads: 1 });
    return async (row) => {
      const x = new Tensor('float32', Float32Array.from(row), [1, WIDTH]);
      const { label } = await session.run({ x }, ['label']);
      return Number((label!.data as BigInt64Array)[0]);
    };
  } catch (error) {
    log(`onnxruntime is skipped: ${messageOf(error)}`);
    return undefined;
  }
}

async function timeOnnx(classify: Classify, rows: readonly Float64Array[]): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < ONNX_CALLS; i++) await classify(rows[i]!);
  return ((performance.now() - start) * 1e6) / ONNX_CALLS;
}

function check(system: string, expected: readonly number[], received: readonly number[]): void {
  const wrong = received.filter((choice, i) => choice !== expected[i]).length;
  if (wrong === 0) return;
  const reason = `it chose otherwise for ${wrong} of ${received.length} rows`;
  throw new GanglionError('BENCH_SYSTEM', { system, reason });
}
