import {
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  existsSync,
  openSync,
  readSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GanglionError } from '../../../runtime/errors.ts';
import {
  readGgufHeader,
  writeGguf,
  type GgufMetadata,
  type GgufScalarType,
  type GgufTensor,
  type GgufValue,
} from '../../../quantize/index.ts';
import { writeTinyLlama } from '../../support/gguf.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCALARS: Record<GgufScalarType, fc.Arbitrary<number | bigint | boolean | string>> = {
  uint8: fc.integer({ min: 0, max: 255 }),
  int8: fc.integer({ min: -128, max: 127 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint32: fc.integer({ min: 0, max: 0xffff_ffff }),
  int32: fc.integer(),
  float32: fc.float(),
  bool: fc.boolean(),
  string: fc.string({ unit: 'grapheme', maxLength: 40 }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double(),
};
const value: fc.Arbitrary<GgufValue> = fc
  .constantFrom(...(Object.keys(SCALARS) as GgufScalarType[]))
  .chain((type) =>
    fc.oneof(
      SCALARS[type].map((value) => ({ type, value })),
      fc
        .array(SCALARS[type], { maxLength: 6 })
        .map((values) => ({ type: 'array' as const, items: type, length: values.length, values })),
    ),
  );
const key = fc
  .stringMatching(/^[a-z_]{1,12}(\.[a-z_]{1,12}){0,3}$/)
  .filter((name) => name !== 'general.alignment');
const tensor = fc
  .record({
    type: fc.constantFrom('F32' as const, 'F16' as const, 'Q8_0' as const, 'Q4_K' as const),
    rows: fc.integer({ min: 1, max: 4 }),
    blocks: fc.integer({ min: 1, max: 3 }),
    depth: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ type, rows, blocks, depth }) => ({
    type,
    shape: [blocks * { F32: 5, F16: 3, Q8_0: 32, Q4_K: 256 }[type], rows, depth],
  }));

describe('writeGguf and readGgufHeader', () => {
  it('read back what was written, for metadata of every type and tensors of any shape', async () => {
    const file = join(folder, 'any.gguf');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k, maxLength: 8 }),
        fc.array(tensor, { maxLength: 4 }),
        fc.constantFrom(32, 64, 8),
        async (entries, shapes, alignment) => {
          const metadata: GgufMetadata = new Map(entries);
          const tensors = shapes.map(({ type, shape }, i): GgufTensor => {
            const elements = shape.reduce((a, b) => a * b, 1);
            if (type === 'Q4_K')
              return {
                name: `t${i}`,
                shape,
                type,
                bytes: () => new Uint8Array((elements / 256) * 144).fill(i),
              };
            return {
              name: `t${i}`,
              shape,
              type,
              values: () => new Float32Array(elements).fill(i + 1),
            };
          });
          const size = await writeGguf(file, { metadata, tensors, alignment });
          const header = readGgufHeader(file);
          const { 'general.alignment': _, ...found } = Object.fromEntries(header.metadata);
          expect(found).toEqual(Object.fromEntries(metadata));
          expect(header.alignment).toBe(alignment);
          expect(header.fileBytes).toBe(size);
          expect(header.tensors.map(({ name, shape, type }) => ({ name, shape, type }))).toEqual(
            tensors.map(({ name, shape, type }) => ({ name, shape, type })),
          );
          for (const info of header.tensors) expect(info.offset % alignment).toBe(0);
          const skipped = readGgufHeader(file, { keepArraysUpTo: 0 });
          expect(skipped.tensors).toEqual(header.tensors);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stores f32 values bit for bit, across chunks larger than its buffer', async () => {
    const file = join(folder, 'large.gguf');
    const length = 700_000;
    const chunks = function* chunks(): Generator<Float32Array> {
      for (let from = 0; from < length; from += 300_000) {
        yield Float32Array.from({ length: Math.min(300_000, length - from) }, (_, i) => Math.sin(from + i));
      }
    };
    await writeGguf(file, {
      metadata: new Map(),
      tensors: [{ name: 'w', shape: [length], type: 'F32', values: chunks }],
    });
    const [info] = readGgufHeader(file).tensors;
    const bytes = Buffer.alloc(info!.bytes!);
    const fd = openSync(file, 'r');
    readSync(fd, bytes, 0, bytes.length, info!.offset);
    closeSync(fd);
    for (let i = 0; i < length; i += 997) expect(bytes.readFloatLE(i * 4)).toBe(Math.fround(Math.sin(i)));
    expect(bytes.readFloatLE((length - 1) * 4)).toBe(Math.fround(Math.sin(length - 1)));
  });

  it('leaves nothing behind when a tensor does not fill its shape or the caller withdraws', async () => {
    const file = join(folder, 'partial.gguf');
    const short: GgufTensor = { name: 'w', shape: [64], type: 'F32', values: () => new Float32Array(63) };
    await expect(writeGguf(file, { metadata: new Map(), tensors: [short] })).rejects.toMatchObject({
      code: 'GGUF_UNFIT',
    });
    const long: GgufTensor = { ...short, values: () => new Float32Array(65) };
    await expect(writeGguf(file, { metadata: new Map(), tensors: [long] })).rejects.toMatchObject({
      code: 'GGUF_UNFIT',
    });
    const whole: GgufTensor = { ...short, values: () => new Float32Array(64) };
    await expect(
      writeGguf(file, { metadata: new Map(), tensors: [whole], signal: AbortSignal.abort() }),
    ).rejects.toThrow('aborted');
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  it('refuses metadata that its type cannot hold', async () => {
    const metadata: GgufMetadata = new Map([['a', { type: 'uint8', value: 256 }]]);
    await expect(writeGguf(join(folder, 'bad.gguf'), { metadata, tensors: [] })).rejects.toThrow(
      /Expected a uint8 for a/,
    );
  });
});

describe('readGgufHeader on hostile input', () => {
  const codes = ['read', 'MODEL_FILE_INVALID', 'MODEL_FILE_UNREADABLE'];
  const outcome = (file: string): string => {
    try {
      readGgufHeader(file);
      return 'read';
    } catch (error) {
      return error instanceof GanglionError ? error.code : String(error);
    }
  };
  const refusal = (file: string): GanglionError => {
    try {
      readGgufHeader(file);
    } catch (error) {
      if (error instanceof GanglionError) return error;
      throw error;
    }
    throw new GanglionError('USAGE', { message: `${file} was not refused` });
  };

  it('names the file and what it is instead of a model', () => {
    expect(refusal(join(folder, 'missing.gguf')).message).toMatch(/missing\.gguf but there is no such file/);
    expect(refusal(folder).message).toMatch(/but it is a directory/);
    writeFileSync(join(folder, 'empty.gguf'), '');
    expect(refusal(join(folder, 'empty.gguf')).message).toMatch(/received only 0 bytes/);
    writeFileSync(join(folder, 'text.gguf'), 'Once upon a time there was no model in here.');
    expect(refusal(join(folder, 'text.gguf')).message).toMatch(/begins with "Once"/);
  });

  it('refuses a model cut short anywhere', async () => {
    const file = join(folder, 'cut.gguf');
    await writeTinyLlama(file);
    const { fileBytes, dataOffset } = readGgufHeader(file);
    for (const length of [fileBytes - 64, fileBytes >> 1, dataOffset - 40, 1000, 30]) {
      truncateSync(file, length);
      expect(refusal(file).message).toMatch(/cut short or damaged/);
    }
  });

  it('either reads or refuses a header with any bytes changed, quickly and never otherwise', async () => {
    const file = join(folder, 'fuzz.gguf');
    await writeTinyLlama(file, { embd: 32, layers: 1 });
    const original = readFileSync(file);
    const reach = readGgufHeader(file).dataOffset;
    const started = performance.now();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(reach - 1), fc.oneof(fc.constantFrom(0, 0x7f, 0xff), fc.nat(255))), {
          minLength: 1,
          maxLength: 12,
        }),
        (changes) => {
          const bytes = Buffer.from(original);
          for (const [at, byte] of changes) bytes[at] = byte;
          writeFileSync(file, bytes);
          expect(codes).toContain(outcome(file));
        },
      ),
      { numRuns: 300 },
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('does not believe counts the file has no room for', () => {
    const file = join(folder, 'counts.gguf');
    const bytes = Buffer.alloc(64);
    bytes.write('GGUF');
    bytes.writeUInt32LE(3, 4);
    bytes.writeBigUInt64LE(2n ** 60n, 8);
    writeFileSync(file, bytes);
    expect(refusal(file).code).toBe('MODEL_FILE_INVALID');
    bytes.writeBigUInt64LE(0n, 8);
    bytes.writeBigUInt64LE(1n, 16);
    bytes.writeBigUInt64LE(2n ** 40n, 24);
    writeFileSync(file, bytes);
    expect(refusal(file).message).toMatch(/at most 65535 bytes/);
  });
});
