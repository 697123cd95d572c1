import { writeFileSync } from 'node:fs';

/** Protobuf as far as ONNX needs it: varints, length-delimited fields, packed floats. */
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
const UINT8 = 2;
const INT64 = 7;
const FLOAT16 = 10;

function tensor(name: string, shape: readonly number[], values: readonly number[]): Buffer {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => raw.writeFloatLE(value, i * 4));
  return Buffer.concat([...shape.map((n) => number(1, n)), number(2, FLOAT), text(8, name), bytes(9, raw)]);
}

function valueInfo(name: string, element: number, shape: readonly (number | string)[]): Buffer {
  const dims = shape.map((side) => bytes(1, typeof side === 'number' ? number(1, side) : text(2, side)));
  return Buffer.concat([text(1, name), bytes(2, bytes(1, number(1, element), bytes(2, ...dims)))]);
}

/** A sequence of maps, as ZipMap gives it: `seq(map(int64, tensor(float)))`. */
function zipMapInfo(name: string): Buffer {
  const floats = bytes(2, bytes(1, number(1, FLOAT)));
  return Buffer.concat([text(1, name), bytes(2, bytes(4, bytes(1, bytes(5, number(1, INT64), floats))))]);
}

function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: Uint8Array[]
): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...attributes.map((attribute) => bytes(5, attribute)),
  ]);
}
function intAttribute(name: string, value: number): Buffer {
  return Buffer.concat([text(1, name), number(3, value), number(20, 2)]);
}
function intsAttribute(name: string, values: readonly number[]): Buffer {
  return Buffer.concat([text(1, name), ...values.map((value) => number(8, value)), number(20, 7)]);
}

function model(graph: readonly Uint8Array[], ml = false): Buffer {
  const opset = Buffer.concat([text(1, ''), number(2, 13)]);
  const mlOpset = Buffer.concat([text(1, 'ai.onnx.ml'), number(2, 1)]);
  return Buffer.concat([
    number(1, 8),
    text(2, 'test'),
    bytes(7, ...graph),
    bytes(8, opset),
    ...(ml ? [bytes(8, mlOpset)] : []),
  ]);
}

export interface TinyClassifier {
  /** (features × classes), row by row */
  readonly weights: readonly number[];
  /** (classes) */
  readonly bias: readonly number[];
  /**
   * `probabilities`: Softmax output. `logits`: the bare sum. `label`: label and probabilities, as sklearn models converted
   * with `zipmap=False` have them. `zipmap`: probabilities as a sequence of maps.
   */
  readonly output?: 'probabilities' | 'logits' | 'label' | 'zipmap';
}

/** Writes softmax(x·W + b) as an ONNX file. */
export function writeTinyClassifier(file: string, spec: TinyClassifier): void {
  const classes = spec.bias.length;
  const features = spec.weights.length / classes;
  const output = spec.output ?? 'probabilities';
  const graph = [
    bytes(1, node('Gemm', ['x', 'w', 'b'], ['sum'])),
    ...(output === 'logits' ? [] : [bytes(1, node('Softmax', ['sum'], ['p'], intAttribute('axis', 1)))]),
    ...(output === 'label' || output === 'zipmap'
      ? [bytes(1, node('ArgMax', ['p'], ['label'], intAttribute('axis', 1), intAttribute('keepdims', 0)))]
      : []),
    ...(output === 'zipmap'
      ? [
          bytes(
            1,
            node('ZipMap', ['p'], ['maps'], intsAttribute('classlabels_int64s', [...spec.bias.keys()])),
            text(7, 'ai.onnx.ml'),
          ),
        ]
      : []),
    text(2, 'tiny'),
    bytes(5, tensor('w', [features, classes], spec.weights)),
    bytes(5, tensor('b', [classes], spec.bias)),
    bytes(11, valueInfo('x', FLOAT, ['N', features])),
    ...(output === 'label' || output === 'zipmap' ? [bytes(12, valueInfo('label', INT64, ['N']))] : []),
    ...(output === 'zipmap'
      ? [bytes(12, zipMapInfo('maps'))]
      : [bytes(12, valueInfo(output === 'logits' ? 'sum' : 'p', FLOAT, ['N', classes]))]),
  ];
  writeFileSync(file, model(graph, output === 'zipmap'));
}

export interface TinyImageClassifier {
  /** Names stand for free sides. */
  readonly shape: readonly (number | string)[];
  readonly layout: 'nchw' | 'nhwc';
  readonly type?: 'float32' | 'uint8' | 'float16';
}

/** Writes a model whose scores are the means of an image's channels as it gets them. */
export function writeTinyImageClassifier(file: string, spec: TinyImageClassifier): void {
  const { shape, layout, type = 'float32' } = spec;
  const axes = layout === 'nchw' ? [2, 3] : [1, 2];
  const channels = shape[layout === 'nchw' ? 1 : 3] ?? 'C';
  const element = { float32: FLOAT, uint8: UINT8, float16: FLOAT16 }[type];
  writeFileSync(
    file,
    model([
      bytes(1, node('Cast', ['pixel_values'], ['floats'], intAttribute('to', FLOAT))),
      bytes(
        1,
        node('ReduceMean', ['floats'], ['logits'], intsAttribute('axes', axes), intAttribute('keepdims', 0)),
      ),
      text(2, 'tiny image'),
      bytes(11, valueInfo('pixel_values', element, shape)),
      bytes(12, valueInfo('logits', FLOAT, [shape[0] ?? 'N', channels])),
    ]),
  );
}
