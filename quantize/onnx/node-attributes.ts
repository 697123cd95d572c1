import { FileCursor } from '../file-cursor.ts';
import { ProtoReader, type ProtoField } from './proto.ts';

/** Attributes of one node, by name, each under its kind. */
export interface OnnxNodeAttributes {
  readonly ints: ReadonlyMap<string, readonly number[]>;
  readonly floats: ReadonlyMap<string, readonly number[]>;
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

interface Kinds {
  readonly ints: Map<string, number[]>;
  readonly floats: Map<string, number[]>;
  readonly texts: Map<string, string[]>;
}

/**
 * The lists that the nodes of one operator have as attributes, as `TreeEnsembleClassifier` keeps its trees. Field numbers:
 * onnx.proto (NodeProto, AttributeProto).
 * @returns one entry per node of that operator, in the order of the file
 * @throws GanglionError MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID
 */
export function readOnnxAttributes(file: string, operator: string): readonly OnnxNodeAttributes[] {
  const cursor = FileCursor.open(file, 1 << 16);
  try {
    return new AttributeReader(new ProtoReader(cursor, 'an ONNX model'), cursor, operator).read();
  } finally {
    cursor.close();
  }
}

class AttributeReader {
  readonly #proto: ProtoReader;
  readonly #in: FileCursor;
  readonly #operator: string;

  constructor(proto: ProtoReader, cursor: FileCursor, operator: string) {
    this.#proto = proto;
    this.#in = cursor;
    this.#operator = operator;
  }

  read(): OnnxNodeAttributes[] {
    const found: OnnxNodeAttributes[] = [];
    this.#proto.message(this.#in.size, (graph) => {
      if (graph.number !== 7 || graph.end === 0) return;
      this.#proto.message(graph.end, (node) => {
        if (node.number !== 1 || node.end === 0) return;
        const attributes = this.#readNode(node);
        if (attributes !== undefined) found.push(attributes);
      });
    });
    return found;
  }

  #readNode(node: ProtoField): Kinds | undefined {
    let operator = '';
    const kinds: Kinds = { ints: new Map(), floats: new Map(), texts: new Map() };
    this.#proto.message(node.end, (field) => {
      if (field.end === 0) return;
      if (field.number === 4) operator = this.#proto.text(field);
      else if (field.number === 5) this.#readAttribute(field, kinds);
    });
    return operator === this.#operator ? kinds : undefined;
  }

  #readAttribute(attribute: ProtoField, { ints, floats, texts }: Kinds): void {
    let name = '';
    const own = { ints: [] as number[], floats: [] as number[], texts: [] as string[] };
    this.#proto.message(attribute.end, (field) => {
      if (field.number === 1 && field.end !== 0) name = this.#proto.text(field);
      else if (field.number === 7) append(own.floats, this.#proto.floats(field));
      else if (field.number === 8) append(own.ints, this.#proto.integers(field));
      else if (field.number === 9 && field.end !== 0) own.texts.push(this.#proto.text(field));
    });
    if (own.ints.length > 0) ints.set(name, own.ints);
    if (own.floats.length > 0) floats.set(name, own.floats);
    if (own.texts.length > 0) texts.set(name, own.texts);
  }
}

function append(into: number[], values: readonly number[]): void {
  for (const value of values) into.push(value);
}
