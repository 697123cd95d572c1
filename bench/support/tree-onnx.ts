import type { TreeFile } from '../../policies/index.ts';

/** Protobuf as far as a tree needs it. Field numbers: onnx.proto. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}
function number(field: number, value: number): Buffer {
  return Buffer.from([...varint(field * 8), ...varint(value)]);
}
function bytes(field: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
}
function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

const FLOAT = 1;
const INT64 = 7;

function ints(name: string, values: readonly number[]): Buffer {
  return bytes(5, text(1, name), ...values.map((value) => number(8, value)), number(20, 7));
}
function floats(name: string, values: readonly number[]): Buffer {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => raw.writeFloatLE(value, i * 4));
  return bytes(5, text(1, name), bytes(7, raw), number(20, 6));
}
function strings(name: string, values: readonly string[]): Buffer {
  return bytes(5, text(1, name), ...values.map((value) => text(9, value)), number(20, 8));
}
function valueInfo(name: string, element: number, shape: readonly (number | string)[]): Buffer {
  const dims = shape.map((side) => bytes(1, typeof side === 'number' ? number(1, side) : text(2, side)));
  return Buffer.concat([text(1, name), bytes(2, bytes(1, number(1, element), bytes(2, ...dims)))]);
}

/** A tree with thresholds as an ONNX model: input `x`, outputs `label` and `scores`. */
export function treeToOnnx({ nodes, features, choices }: TreeFile): Buffer {
  const zeros = nodes.map(() => 0);
  const split = (
    pick: (node: Extract<TreeFile['nodes'][number], { threshold: number }>) => number,
  ): number[] => nodes.map((node) => ('threshold' in node ? pick(node) : 0));
  const leaves = nodes.flatMap((node, i) =>
    'choice' in node ? [{ id: i, choice: choices.indexOf(node.choice) }] : [],
  );
  const node = Buffer.concat([
    text(1, 'x'),
    text(2, 'label'),
    text(2, 'scores'),
    text(4, 'TreeEnsembleClassifier'),
    text(7, 'ai.onnx.ml'),
    ints('nodes_treeids', zeros),
    ints('nodes_nodeids', [...nodes.keys()]),
    ints(
      'nodes_featureids',
      split(({ feature }) => features.indexOf(feature)),
    ),
    floats(
      'nodes_values',
      split(({ threshold }) => threshold),
    ),
    strings(
      'nodes_modes',
      nodes.map((one) => ('choice' in one ? 'LEAF' : 'BRANCH_LEQ')),
    ),
    ints(
      'nodes_truenodeids',
      split(({ left }) => left),
    ),
    ints(
      'nodes_falsenodeids',
      split(({ right }) => right),
    ),
    ints(
      'nodes_missing_value_tracks_true',
      split(({ missing }) => (missing === 'left' ? 1 : 0)),
    ),
    ints(
      'class_treeids',
      leaves.map(() => 0),
    ),
    ints(
      'class_nodeids',
      leaves.map(({ id }) => id),
    ),
    ints(
      'class_ids',
      leaves.map(({ choice }) => choice),
    ),
    floats(
      'class_weights',
      leaves.map(() => 1),
    ),
    ints('classlabels_int64s', [...choices.keys()]),
  ]);
  return Buffer.concat([
    number(1, 8),
    text(2, 'ganglion bench'),
    bytes(
      7,
      bytes(1, node),
      text(2, 'tree'),
      bytes(11, valueInfo('x', FLOAT, ['N', features.length])),
      bytes(12, valueInfo('label', INT64, ['N'])),
      bytes(12, valueInfo('scores', FLOAT, ['N', choices.length])),
    ),
    bytes(8, text(1, ''), number(2, 13)),
    bytes(8, text(1, 'ai.onnx.ml'), number(2, 1)),
  ]);
}
