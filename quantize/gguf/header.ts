import { FileCursor } from '../file-cursor.ts';
import {
  blockElements,
  GGUF_LIMITS,
  GGUF_VALUE_TYPES,
  ggmlTypeOf,
  tensorBytes,
  VALUE_BYTES,
  type GgmlType,
  type GgufScalar,
  type GgufScalarType,
  type GgufValue,
} from './types.ts';

export const GGUF_MAGIC = 'GGUF';

export interface GgufTensorInfo {
  readonly name: string;
  /** ggml order: the first dimension is the row, contiguous in memory. */
  readonly shape: readonly number[];
  /** Undefined: a type this version does not know. */
  readonly type: GgmlType | undefined;
  readonly typeNumber: number;
  readonly elements: number;
  /** From the start of the file. */
  readonly offset: number;
  /** Undefined where the type is. */
  readonly bytes: number | undefined;
}

/**
 * What stands before the tensor data.
 *
 *     magic version tensors entries | key type value … | name dims type offset … | padding | data
 */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensorInfo[];
  readonly alignment: number;
  /** Where tensor data begins, from the start of the file. */
  readonly dataOffset: number;
  readonly fileBytes: number;
}

export interface ReadGgufOptions {
  /** Arrays longer than this are checked but not kept: a vocabulary is 150 000 strings. Default: keep all. */
  readonly keepArraysUpTo?: number;
}

/**
 * Reads and checks the header of a GGUF file of version 2 or 3 (little-endian), and that every tensor lies inside the file.
 * Source: the GGUF specification in ggml's docs/gguf.md.
 * Throws MODEL_FILE_UNREADABLE and MODEL_FILE_INVALID.
 */
export function readGgufHeader(file: string, options: ReadGgufOptions = {}): GgufHeader {
  const cursor = FileCursor.open(file);
  try {
    return new HeaderReader(cursor, options.keepArraysUpTo ?? Number.POSITIVE_INFINITY).read();
  } finally {
    cursor.close();
  }
}

const DECODE: Readonly<Record<Exclude<GgufScalarType, 'string'>, (bytes: Buffer) => GgufScalar>> = {
  uint8: (bytes) => bytes.readUInt8(),
  int8: (bytes) => bytes.readInt8(),
  uint16: (bytes) => bytes.readUInt16LE(),
  int16: (bytes) => bytes.readInt16LE(),
  uint32: (bytes) => bytes.readUInt32LE(),
  int32: (bytes) => bytes.readInt32LE(),
  float32: (bytes) => bytes.readFloatLE(),
  bool: (bytes) => bytes.readUInt8() !== 0,
  uint64: (bytes) => bytes.readBigUInt64LE(),
  int64: (bytes) => bytes.readBigInt64LE(),
  float64: (bytes) => bytes.readDoubleLE(),
};

class HeaderReader {
  readonly #in: FileCursor;
  readonly #keep: number;

  constructor(cursor: FileCursor, keep: number) {
    this.#in = cursor;
    this.#keep = keep;
  }

  read(): GgufHeader {
    const version = this.#preamble();
    const tensorCount = this.#count('the tensor count', GGUF_LIMITS.tensors, 24);
    const entryCount = this.#count('the metadata count', GGUF_LIMITS.entries, 13);

    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < entryCount; i++) {
      const key = this.#string(`metadata key ${i + 1} of ${entryCount}`, GGUF_LIMITS.keyBytes);
      if (metadata.has(key)) throw this.#in.invalid('metadata keys that differ', `${quoted(key)} twice`);
      metadata.set(key, this.#value(key));
    }
    const alignment = this.#alignment(metadata);
    const found = this.#tensorInfos(tensorCount);
    const dataOffset = Math.ceil(this.#in.position / alignment) * alignment;
    const tensors = found.map((tensor) => this.#placed(tensor, dataOffset, alignment));
    return { version, metadata, tensors, alignment, dataOffset, fileBytes: this.#in.size };
  }

  #preamble(): number {
    if (this.#in.size < 24) {
      throw this.#in.invalid('a GGUF file', `only ${this.#in.size} bytes`);
    }
    const magic = this.#in.bytes(4, 'the file magic');
    if (magic.toString('latin1') !== GGUF_MAGIC) {
      throw this.#in.invalid(
        'a GGUF file, which begins with "GGUF"',
        `one that begins with ${quoted(magic.toString('latin1'))}`,
      );
    }
    const version = this.#u32('the version');
    if (version !== 2 && version !== 3) {
      const why = (version & 0xffff) === 0 ? ' (a big-endian file?)' : '';
      throw this.#in.invalid('GGUF version 2 or 3', `version ${version}${why}`);
    }
    return version;
  }

  #tensorInfos(count: number): Omit<GgufTensorInfo, 'bytes'>[] {
    const names = new Set<string>();
    const tensors: Omit<GgufTensorInfo, 'bytes'>[] = [];
    for (let i = 0; i < count; i++) {
      const name = this.#string(`the name of tensor ${i + 1} of ${count}`, GGUF_LIMITS.keyBytes);
      if (names.has(name)) throw this.#in.invalid('tensor names that differ', `${quoted(name)} twice`);
      names.add(name);
      const dimensions = this.#u32(`the dimensions of tensor ${quoted(name)}`);
      if (dimensions > GGUF_LIMITS.dimensions) {
        throw this.#in.invalid(
          `at most ${GGUF_LIMITS.dimensions} dimensions for tensor ${quoted(name)}`,
          `${dimensions}`,
        );
      }
      const shape: number[] = [];
      let elements = 1;
      for (let d = 0; d < dimensions; d++) {
        const extent = this.#u64(`a dimension of tensor ${quoted(name)}`);
        shape.push(extent);
        elements *= extent;
      }
      if (!Number.isSafeInteger(elements)) {
        throw this.#in.invalid(`a size for tensor ${quoted(name)} that can be`, `shape ${shape.join(' × ')}`);
      }
      const typeNumber = this.#u32(`the type of tensor ${quoted(name)}`);
      const offset = this.#u64(`the offset of tensor ${quoted(name)}`);
      tensors.push({ name, shape, type: ggmlTypeOf(typeNumber), typeNumber, elements, offset });
    }
    return tensors;
  }

  #placed(tensor: Omit<GgufTensorInfo, 'bytes'>, dataOffset: number, alignment: number): GgufTensorInfo {
    const name = `tensor ${quoted(tensor.name)}`;
    if (tensor.offset % alignment !== 0) {
      throw this.#in.invalid(`${name} at a multiple of ${alignment} bytes`, `offset ${tensor.offset}`);
    }
    let bytes: number | undefined;
    if (tensor.type !== undefined) {
      const block = blockElements(tensor.type);
      const row = tensor.shape[0] ?? 1;
      if (row % block !== 0) {
        throw this.#in.invalid(
          `rows of whole ${block}-element blocks in ${name} (${tensor.type})`,
          `rows of ${row}`,
        );
      }
      bytes = tensorBytes(tensor.type, tensor.elements);
    }
    const offset = dataOffset + tensor.offset;
    const end = offset + (bytes ?? 0);
    if (end > this.#in.size) {
      throw this.#in.invalid(
        `${name} to end at byte ${end}`,
        `a file of ${this.#in.size} bytes (it is cut short or damaged)`,
      );
    }
    return { ...tensor, offset, bytes };
  }

  #alignment(metadata: ReadonlyMap<string, GgufValue>): number {
    const entry = metadata.get('general.alignment');
    if (entry === undefined) return 32;
    const value = entry.type === 'array' ? undefined : Number(entry.value);
    if (
      value === undefined ||
      !Number.isInteger(value) ||
      value < 1 ||
      value > GGUF_LIMITS.alignment ||
      (value & (value - 1)) !== 0
    ) {
      throw this.#in.invalid('a power of two for general.alignment', String(value ?? 'an array'));
    }
    return value;
  }

  #value(key: string): GgufValue {
    const type = this.#valueType(key);
    if (type !== 'array') return { type, value: this.#scalar(type, key) };
    const items = this.#valueType(key);
    if (items === 'array') throw this.#in.invalid(`a flat array for ${quoted(key)}`, 'an array of arrays');
    const length = this.#count(
      `the length of array ${quoted(key)}`,
      GGUF_LIMITS.arrayItems,
      VALUE_BYTES[items],
    );
    if (length > this.#keep) {
      this.#skipArray(items, length, key);
      return { type: 'array', items, length, values: undefined };
    }
    // Grown by pushing: `length` comes from the file and has only been checked against its size.
    const values: GgufScalar[] = [];
    for (let i = 0; i < length; i++) values.push(this.#scalar(items, key));
    return { type: 'array', items, length, values };
  }

  #skipArray(items: GgufScalarType, length: number, key: string): void {
    if (items !== 'string') {
      this.#in.skip(length * VALUE_BYTES[items], quoted(key));
      return;
    }
    for (let i = 0; i < length; i++) this.#in.skip(this.#u64(quoted(key)), quoted(key));
  }

  #valueType(key: string): GgufScalarType | 'array' {
    const number = this.#u32(`the type of ${quoted(key)}`);
    const type = GGUF_VALUE_TYPES[number];
    if (type === undefined)
      throw this.#in.invalid(`a value type of 0 to 12 for ${quoted(key)}`, String(number));
    return type;
  }

  #scalar(type: GgufScalarType, key: string): GgufScalar {
    if (type === 'string') return this.#string(key, GGUF_LIMITS.stringBytes);
    return DECODE[type](this.#in.bytes(VALUE_BYTES[type], key));
  }

  #string(what: string, limit: number): string {
    const length = this.#u64(what);
    if (length > limit) throw this.#in.invalid(`at most ${limit} bytes for ${quoted(what)}`, `${length}`);
    return this.#in.bytes(length, what).toString('utf8');
  }

  #u32(what: string): number {
    return this.#in.bytes(4, what).readUInt32LE();
  }

  #u64(what: string): number {
    const value = this.#in.bytes(8, what).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw this.#in.invalid(`a number below 2^53 for ${what}`, String(value));
    return Number(value);
  }

  /** A count whose items, `leastBytes` each, must fit into the rest of the file. */
  #count(what: string, limit: number, leastBytes: number): number {
    const count = this.#u64(what);
    if (count > limit || count * leastBytes > this.#in.remaining) {
      throw this.#in.invalid(
        `${what} to be at most ${Math.min(limit, Math.floor(this.#in.remaining / leastBytes))}`,
        `${count} (the file is cut short or damaged)`,
      );
    }
    return count;
  }
}

/** Names come from the file: shortened, without control characters. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** The number of a metadata entry, or undefined if it is absent or not a number. */
export function metadataNumber(header: GgufHeader, key: string): number | undefined {
  const entry = header.metadata.get(key);
  if (entry === undefined || entry.type === 'array') return undefined;
  return typeof entry.value === 'number' || typeof entry.value === 'bigint' ? Number(entry.value) : undefined;
}

/** The text of a metadata entry, or undefined if it is absent or not a string. */
export function metadataText(header: GgufHeader, key: string): string | undefined {
  const entry = header.metadata.get(key);
  return entry !== undefined && entry.type === 'string' && typeof entry.value === 'string'
    ? entry.value
    : undefined;
}
