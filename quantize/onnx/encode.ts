/**
 * ModelProto and what it is made of, as bytes. The weights themselves are not in here: the writer streams them.
 * Field numbers: onnx.proto; wire format: protobuf.dev, "Encoding".
 */

/** Element types: name → [number, bytes per element]. Source: TensorProto.DataType of onnx.proto. */
const ELEMENTS = {
  float32: [1, 4],
  uint8: [2, 1],
  int8: [3, 1],
  int32: [6, 4],
  int64: [7, 8],
  float16: [10, 2],
} as const satisfies Record<string, readonly [number, number]>;

export type OnnxElement = keyof typeof ELEMENTS;

/** Bytes of a tensor. */
export function onnxTensorBytes(type: OnnxElement, shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, ELEMENTS[type][1]);
}

/** An attribute of a node; integers and floats are told apart by what the operator's definition says. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };

export interface OnnxNode {
  readonly op: string;
  /** Absent: the operators of ONNX itself. */
  readonly domain?: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  /** An empty name leaves an optional output out. */
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of the graph. Names in the shape are dimensions that may vary. */
export interface OnnxPort {
  readonly name: string;
  readonly type: OnnxElement;
  readonly shape: readonly (number | string)[];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  if (value < 0) {
    // Negative numbers are two's complement in 64 bits: always ten bytes.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    return bytes;
  }
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

export function numberField(field: number, value: number): Buffer {
  return Buffer.from([...varint(field * 8), ...varint(value)]);
}

/** Tag and length of a field whose `length` bytes follow. */
export function fieldHead(field: number, length: number): Buffer {
  return Buffer.from([...varint(field * 8 + 2), ...varint(length)]);
}

export function bytesField(field: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([fieldHead(field, length), ...parts]);
}

export function textField(field: number, value: string): Buffer {
  return bytesField(field, Buffer.from(value, 'utf8'));
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = field * 8 + 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

function encodeAttribute(name: string, attribute: OnnxAttribute): Buffer {
  const head = textField(1, name);
  if ('int' in attribute) return Buffer.concat([head, numberField(3, attribute.int), numberField(20, 2)]);
  if ('float' in attribute) return Buffer.concat([head, floatField(2, attribute.float), numberField(20, 1)]);
  if ('text' in attribute) return Buffer.concat([head, textField(4, attribute.text), numberField(20, 3)]);
  return Buffer.concat([head, ...attribute.ints.map((value) => numberField(8, value)), numberField(20, 7)]);
}

export function encodeNode(node: OnnxNode): Buffer {
  return Buffer.concat([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(3, node.outputs[0] ?? node.op),
    textField(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) =>
      bytesField(5, encodeAttribute(name, value)),
    ),
    ...(node.domain === undefined ? [] : [textField(7, node.domain)]),
  ]);
}

export function encodePort({ name, type, shape }: OnnxPort): Buffer {
  const sides = shape.map((side) =>
    bytesField(1, typeof side === 'number' ? numberField(1, side) : textField(2, side)),
  );
  const tensor = bytesField(1, numberField(1, ELEMENTS[type][0]), bytesField(2, ...sides));
  return Buffer.concat([textField(1, name), bytesField(2, tensor)]);
}

export function encodeOpset(domain: string, version: number): Buffer {
  return Buffer.concat([textField(1, domain), numberField(2, version)]);
}

interface Shaped {
  readonly name: string;
  readonly type: OnnxElement;
  readonly shape: readonly number[];
}

/** What stands before a tensor's bytes in the file itself, up to the tag and length of these bytes. */
export function encodeInlineTensor({ name, type, shape }: Shaped): Buffer {
  return Buffer.concat([
    ...shape.map((extent) => numberField(1, extent)),
    numberField(2, ELEMENTS[type][0]),
    textField(8, name),
    fieldHead(9, onnxTensorBytes(type, shape)),
  ]);
}

/** A tensor whose bytes lie in another file of the same folder. */
export function encodeExternalTensor(
  { name, type, shape }: Shaped,
  place: { readonly file: string; readonly offset: number },
): Buffer {
  const entry = (key: string, value: string): Buffer =>
    bytesField(13, textField(1, key), textField(2, value));
  return Buffer.concat([
    ...shape.map((extent) => numberField(1, extent)),
    numberField(2, ELEMENTS[type][0]),
    textField(8, name),
    entry('location', place.file),
    entry('offset', `${place.offset}`),
    entry('length', `${onnxTensorBytes(type, shape)}`),
    numberField(14, 1),
  ]);
}
