import { GanglionError } from '../../runtime/errors.ts';
import {
  blockElements,
  GGUF_LIMITS,
  GGUF_VALUE_TYPES,
  ggmlTypeNumber,
  tensorBytes,
  type GgmlType,
  type GgufMetadata,
  type GgufScalar,
  type GgufScalarType,
} from './types.ts';

export interface GgufLayout {
  /** Up to and with the padding before the data. */
  readonly header: Uint8Array;
  /** (tensors) from the start of the file */
  readonly offsets: readonly number[];
  readonly fileBytes: number;
}

interface Shaped {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: GgmlType;
}

/** Header bytes of a GGUF file and where its tensors go. Throws GGUF_UNFIT for what GGUF cannot hold. */
export function encodeHeader(
  file: string,
  metadata: GgufMetadata,
  tensors: readonly Shaped[],
  alignmentWanted?: number,
): GgufLayout {
  const refuse = (expected: string, received: string): GanglionError =>
    new GanglionError('GGUF_UNFIT', { file, expected, received });
  const alignment = alignmentOf(metadata, alignmentWanted, refuse);
  const entries: GgufMetadata =
    alignment === 32 || metadata.has('general.alignment')
      ? metadata
      : new Map([...metadata, ['general.alignment', { type: 'uint32', value: alignment }]]);

  const out = new Bytes();
  out.raw(Buffer.from('GGUF', 'latin1'));
  out.scalar('uint32', 3);
  out.scalar('uint64', BigInt(tensors.length));
  out.scalar('uint64', BigInt(entries.size));
  for (const [key, entry] of entries) {
    out.scalar('string', key);
    out.scalar('uint32', GGUF_VALUE_TYPES.indexOf(entry.type));
    if (entry.type !== 'array') {
      if (!fits(entry.type, entry.value)) throw refuse(`a ${entry.type} for ${key}`, String(entry.value));
      out.scalar(entry.type, entry.value);
      continue;
    }
    if (entry.values === undefined) throw refuse(`the items of array ${key}`, 'an array that was not kept');
    out.scalar('uint32', GGUF_VALUE_TYPES.indexOf(entry.items));
    out.scalar('uint64', BigInt(entry.values.length));
    for (let i = 0; i < entry.values.length; i++) {
      const item = entry.values[i]!;
      if (!fits(entry.items, item)) throw refuse(`a ${entry.items} at ${i} of ${key}`, String(item));
      out.scalar(entry.items, item);
    }
  }

  const names = new Set<string>();
  const offsets: number[] = [];
  let end = 0;
  for (const tensor of tensors) {
    if (names.has(tensor.name)) throw refuse('tensor names that differ', `${tensor.name} twice`);
    names.add(tensor.name);
    checkShape(tensor, refuse);
    out.scalar('string', tensor.name);
    out.scalar('uint32', tensor.shape.length);
    for (const extent of tensor.shape) out.scalar('uint64', BigInt(extent));
    out.scalar('uint32', ggmlTypeNumber(tensor.type));
    out.scalar('uint64', BigInt(end));
    offsets.push(end);
    end = aligned(end + tensorBytes(tensor.type, product(tensor.shape)), alignment);
  }
  const dataOffset = aligned(out.length, alignment);
  out.raw(new Uint8Array(dataOffset - out.length));
  return {
    header: out.take(),
    offsets: offsets.map((offset) => dataOffset + offset),
    fileBytes: dataOffset + end,
  };
}

type Refuse = (expected: string, received: string) => GanglionError;

function checkShape(tensor: Shaped, refuse: Refuse): void {
  const { name, shape, type } = tensor;
  if (
    shape.length < 1 ||
    shape.length > GGUF_LIMITS.dimensions ||
    shape.some((n) => !Number.isInteger(n) || n < 1)
  ) {
    throw refuse(
      `1 to ${GGUF_LIMITS.dimensions} positive dimensions for tensor ${name}`,
      `[${shape.join(', ')}]`,
    );
  }
  const block = blockElements(type);
  if (shape[0]! % block !== 0)
    throw refuse(`rows of whole ${block}-element blocks in tensor ${name}`, `rows of ${shape[0]}`);
}

function alignmentOf(metadata: GgufMetadata, wanted: number | undefined, refuse: Refuse): number {
  const entry = metadata.get('general.alignment');
  const stated = entry === undefined || entry.type === 'array' ? undefined : Number(entry.value);
  const alignment = wanted ?? stated ?? 32;
  if (
    !Number.isInteger(alignment) ||
    alignment < 8 ||
    alignment > GGUF_LIMITS.alignment ||
    (alignment & (alignment - 1)) !== 0
  ) {
    throw refuse('an alignment that is a power of two', String(alignment));
  }
  if (stated !== undefined && stated !== alignment)
    throw refuse(`general.alignment to be ${alignment}`, String(stated));
  return alignment;
}

const RANGES: Partial<Record<GgufScalarType, readonly [number, number]>> = {
  uint8: [0, 0xff],
  int8: [-0x80, 0x7f],
  uint16: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  uint32: [0, 0xffff_ffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
};

function fits(type: GgufScalarType, value: GgufScalar): boolean {
  const range = RANGES[type];
  if (range !== undefined) {
    return typeof value === 'number' && Number.isInteger(value) && value >= range[0] && value <= range[1];
  }
  if (type === 'bool') return typeof value === 'boolean';
  if (type === 'string') return typeof value === 'string';
  if (type === 'uint64') return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
  if (type === 'int64') return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
  return typeof value === 'number';
}

function aligned(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

/** Each returns the offset after what it wrote. The value has been checked by `fits`. */
const ENCODE = {
  uint8: (b: Buffer, at: number, value: number) => b.writeUInt8(value, at),
  int8: (b: Buffer, at: number, value: number) => b.writeInt8(value, at),
  uint16: (b: Buffer, at: number, value: number) => b.writeUInt16LE(value, at),
  int16: (b: Buffer, at: number, value: number) => b.writeInt16LE(value, at),
  uint32: (b: Buffer, at: number, value: number) => b.writeUInt32LE(value, at),
  int32: (b: Buffer, at: number, value: number) => b.writeInt32LE(value, at),
  float32: (b: Buffer, at: number, value: number) => b.writeFloatLE(value, at),
  bool: (b: Buffer, at: number, value: boolean) => b.writeUInt8(value ? 1 : 0, at),
  uint64: (b: Buffer, at: number, value: bigint) => b.writeBigUInt64LE(value, at),
  int64: (b: Buffer, at: number, value: bigint) => b.writeBigInt64LE(value, at),
  float64: (b: Buffer, at: number, value: number) => b.writeDoubleLE(value, at),
} as const satisfies Record<Exclude<GgufScalarType, 'string'>, unknown>;

/** A growing byte buffer. */
class Bytes {
  length = 0;
  #buffer = Buffer.allocUnsafe(1 << 16);

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  scalar(type: GgufScalarType, value: GgufScalar): void {
    if (type === 'string') {
      const text = Buffer.from(value as string, 'utf8');
      this.scalar('uint64', BigInt(text.length));
      this.raw(text);
      return;
    }
    this.#room(8);
    this.length = ENCODE[type](this.#buffer, this.length, value as never);
  }

  take(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #room(more: number): void {
    if (this.length + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.length + more));
    larger.set(this.#buffer.subarray(0, this.length));
    this.#buffer = larger;
  }
}
