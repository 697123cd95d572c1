import { FileCursor } from '../file-cursor.ts';
import { ProtoReader, type ProtoField } from './proto.ts';

export interface OnnxValueInfo {
  readonly name: string;
  /** `float32`, `int64`, … for tensors; `sequence`, `map`, `other` for what is none. */
  readonly type: string;
  /** A number, or the name of a free dimension (`N`). */
  readonly shape: readonly (number | string)[];
}

export interface OnnxHeader {
  readonly irVersion: number;
  readonly producer: string;
  /** domain → version; the default domain is `ai.onnx`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: string;
  readonly nodes: number;
  /** Operators and how often each occurs; at most 256 different ones are told apart. */
  readonly operators: ReadonlyMap<string, number>;
  /** Without those that are initializers. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Weights lie in other files. */
  readonly externalData: boolean;
  readonly fileBytes: number;
}

/**
 * Reads what an ONNX file says about itself, skipping the weights. Field numbers: onnx.proto.
 * Throws MODEL_FILE_UNREADABLE and MODEL_FILE_INVALID.
 */
export function readOnnxHeader(file: string): OnnxHeader {
  const cursor = FileCursor.open(file, 1 << 16);
  try {
    if (cursor.size === 0) throw cursor.invalid('an ONNX model', 'an empty file');
    const model = new ModelReader(new ProtoReader(cursor, 'an ONNX model'));
    const header = model.read(cursor.size);
    if (header === undefined) throw cursor.invalid('an ONNX model', 'a file without a version and a graph');
    return header;
  } finally {
    cursor.close();
  }
}

const ELEMENTS = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
] as const;

class ModelReader {
  readonly #proto: ProtoReader;
  readonly #opsets = new Map<string, number>();
  readonly #operators = new Map<string, number>();
  readonly #initializers = new Set<string>();
  readonly #inputs: OnnxValueInfo[] = [];
  readonly #outputs: OnnxValueInfo[] = [];
  #irVersion = 0;
  #producer = '';
  #graph: string | undefined;
  #nodes = 0;
  #external = false;

  constructor(proto: ProtoReader) {
    this.#proto = proto;
  }

  read(fileBytes: number): OnnxHeader | undefined {
    this.#proto.message(fileBytes, (field) => {
      if (field.number === 1) this.#irVersion = field.varint;
      else if (field.number === 2) this.#producer = this.#text(field);
      else if (field.number === 7 && field.end !== 0) this.#readGraph(field);
      else if (field.number === 8 && field.end !== 0) this.#readOpset(field);
    });
    if (this.#graph === undefined || this.#irVersion === 0) return undefined;
    return {
      irVersion: this.#irVersion,
      producer: this.#producer,
      opsets: this.#opsets,
      graph: this.#graph,
      nodes: this.#nodes,
      operators: this.#operators,
      inputs: this.#inputs.filter(({ name }) => !this.#initializers.has(name)),
      outputs: this.#outputs,
      externalData: this.#external,
      fileBytes,
    };
  }

  #readGraph(graph: ProtoField): void {
    this.#graph ??= '';
    this.#proto.message(graph.end, (field) => {
      if (field.end === 0) return;
      if (field.number === 1) this.#readNode(field);
      else if (field.number === 2) this.#graph = this.#text(field);
      else if (field.number === 5) this.#readInitializer(field);
      else if (field.number === 11) this.#inputs.push(this.#readValue(field));
      else if (field.number === 12) this.#outputs.push(this.#readValue(field));
    });
  }

  #readNode(node: ProtoField): void {
    this.#nodes++;
    this.#proto.message(node.end, (field) => {
      if (field.number !== 4) return;
      const name = this.#text(field);
      if (!this.#operators.has(name) && this.#operators.size >= 256) return;
      this.#operators.set(name, (this.#operators.get(name) ?? 0) + 1);
    });
  }

  #readInitializer(tensor: ProtoField): void {
    this.#proto.message(tensor.end, (field) => {
      if (field.number === 8) this.#initializers.add(this.#text(field));
      else if (field.number === 14 && field.varint === 1) this.#external = true;
    });
  }

  #readOpset(opset: ProtoField): void {
    let domain = '';
    let version = 0;
    this.#proto.message(opset.end, (field) => {
      if (field.number === 1) domain = this.#text(field);
      else if (field.number === 2) version = field.varint;
    });
    this.#opsets.set(domain === '' ? 'ai.onnx' : domain, version);
  }

  #readValue(value: ProtoField): OnnxValueInfo {
    let name = '';
    let type = 'other';
    const shape: (number | string)[] = [];
    this.#proto.message(value.end, (field) => {
      if (field.number === 1) name = this.#text(field);
      if (field.number !== 2 || field.end === 0) return;
      this.#proto.message(field.end, (kind) => {
        if (kind.number === 1 && kind.end !== 0) type = this.#readTensorType(kind, shape);
        else if (kind.number === 4) type = 'sequence';
        else if (kind.number === 5) type = 'map';
      });
    });
    return { name, type, shape };
  }

  #readTensorType(tensor: ProtoField, shape: (number | string)[]): string {
    let element = 0;
    this.#proto.message(tensor.end, (field) => {
      if (field.number === 1) element = field.varint;
      if (field.number !== 2 || field.end === 0) return;
      this.#proto.message(field.end, (dimension) => {
        if (dimension.number !== 1 || dimension.end === 0) return;
        let extent: number | string = '?';
        this.#proto.message(dimension.end, (side) => {
          if (side.number === 1) extent = side.varint;
          else if (side.number === 2) extent = this.#text(side);
        });
        shape.push(extent);
      });
    });
    return ELEMENTS[element] ?? `type ${element}`;
  }

  #text(field: ProtoField): string {
    return field.end === 0 ? '' : this.#proto.text(field);
  }
}
