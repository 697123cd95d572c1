import { open, type FileHandle } from 'node:fs/promises';
import { GanglionError } from '../../runtime/errors.ts';
import { reasonOf } from '../file-cursor.ts';
import { encodeF16, encodeF32, encodeQ8 } from './encode.ts';
import { encodeHeader } from './header-bytes.ts';
import { commitPart, discardPart, partName } from '../part-file.ts';
import { blockElements, tensorBytes, type GgmlType, type GgufMetadata } from './types.ts';

/** Chunks of a tensor in order; of any size, but whole blocks of its type. Asked for once, so it may be a generator. */
export type Chunks<T> = T | Iterable<T> | AsyncIterable<T>;

export type GgufTensor =
  | {
      readonly name: string;
      /** ggml order: the first dimension is the row. */
      readonly shape: readonly number[];
      readonly type: 'F32' | 'F16' | 'Q8_0';
      /** Called when the tensor's turn comes, so that a large model never lies in memory as a whole. */
      readonly values: () => Chunks<Float32Array>;
    }
  | {
      readonly name: string;
      readonly shape: readonly number[];
      readonly type: GgmlType;
      /** Already encoded, as a copy from another file is. */
      readonly bytes: () => Chunks<Uint8Array>;
    };

export interface WriteGgufOptions {
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  /** Power of two; taken from `general.alignment`, else 32. */
  readonly alignment?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (writtenBytes: number, totalBytes: number) => void;
}

/**
 * Writes a GGUF file of version 3. The tensors' data is asked for and written one chunk at a time; the file appears under
 * its name only when it is complete. Returns its size in bytes.
 * Throws GGUF_UNFIT for tensors that do not fit their shape, MODEL_FILE_UNWRITABLE where writing fails, and the
 * signal's reason.
 */
export async function writeGguf(file: string, options: WriteGgufOptions): Promise<number> {
  const layout = encodeHeader(file, options.metadata, options.tensors, options.alignment);
  let handle: FileHandle | undefined;
  try {
    handle = await open(partName(file), 'w');
    const out = new Writer(handle, file, options);
    out.totalBytes = layout.fileBytes;
    await out.write(layout.header);
    for (const [i, tensor] of options.tensors.entries()) {
      await out.pad(layout.offsets[i]!);
      await writeTensor(out, tensor, file);
    }
    await out.pad(layout.fileBytes);
    await out.flush();
    await handle.close();
    handle = undefined;
    await commitPart(file);
    return layout.fileBytes;
  } catch (error) {
    await handle?.close();
    await discardPart(file);
    if (error instanceof GanglionError || options.signal?.aborted === true) throw error;
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new GanglionError('MODEL_FILE_UNWRITABLE', { file, reason: reasonOf(error) }, { cause: error });
  }
}

async function writeTensor(out: Writer, tensor: GgufTensor, file: string): Promise<void> {
  const elements = tensor.shape.reduce((product, extent) => product * extent, 1);
  const expected = tensorBytes(tensor.type, elements);
  const start = out.position;
  const unfit = (received: string): GanglionError =>
    new GanglionError('GGUF_UNFIT', {
      file,
      expected: `${elements} elements of tensor ${tensor.name} in whole blocks`,
      received,
    });
  if ('bytes' in tensor) {
    for await (const chunk of chunksOf(tensor.bytes())) {
      if (out.position - start + chunk.length > expected)
        throw unfit('more bytes than its shape has room for');
      await out.write(chunk);
    }
  } else {
    const block = blockElements(tensor.type);
    for await (const chunk of chunksOf(tensor.values())) {
      if (chunk.length % block !== 0) throw unfit(`a chunk of ${chunk.length}`);
      if (out.position - start + tensorBytes(tensor.type, chunk.length) > expected)
        throw unfit('more than its shape has room for');
      await out.encode(tensor.type, chunk);
    }
  }
  if (out.position - start !== expected) throw unfit(`${out.position - start} bytes instead of ${expected}`);
}

function chunksOf<T extends Float32Array | Uint8Array>(chunks: Chunks<T>): Iterable<T> | AsyncIterable<T> {
  return ArrayBuffer.isView(chunks) ? [chunks] : chunks;
}

const ENCODERS = { F32: encodeF32, F16: encodeF16, Q8_0: encodeQ8 } as const;

/** Gathers small writes into one buffer; the position is what has been handed over, flushed or not. */
class Writer {
  position = 0;
  totalBytes = 0;
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #options: WriteGgufOptions;
  readonly #buffer = new Uint8Array(1 << 20);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;

  constructor(handle: FileHandle, file: string, options: WriteGgufOptions) {
    this.#handle = handle;
    this.#file = file;
    this.#options = options;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      if (this.#used === this.#buffer.length) await this.flush();
      const count = Math.min(bytes.length - from, this.#buffer.length - this.#used);
      this.#buffer.set(bytes.subarray(from, from + count), this.#used);
      this.#used += count;
      this.position += count;
      from += count;
    }
  }

  async encode(type: 'F32' | 'F16' | 'Q8_0', values: Float32Array): Promise<void> {
    const block = blockElements(type);
    const blockBytes = tensorBytes(type, block);
    for (let from = 0; from < values.length;) {
      let blocks = Math.floor((this.#buffer.length - this.#used) / blockBytes);
      if (blocks === 0) {
        await this.flush();
        blocks = Math.floor(this.#buffer.length / blockBytes);
      }
      const part = values.subarray(from, from + blocks * block);
      const end = ENCODERS[type](part, this.#view, this.#used);
      this.position += end - this.#used;
      this.#used = end;
      from += part.length;
    }
  }

  async pad(to: number): Promise<void> {
    if (to > this.position) await this.write(new Uint8Array(to - this.position));
  }

  async flush(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    for (let from = 0; from < this.#used;) {
      const { bytesWritten } = await this.#handle.write(this.#buffer, from, this.#used - from);
      if (bytesWritten === 0) {
        throw new GanglionError('MODEL_FILE_UNWRITABLE', {
          file: this.#file,
          reason: 'the disk takes no more',
        });
      }
      from += bytesWritten;
    }
    this.#used = 0;
    this.#options.onProgress?.(this.position, this.totalBytes);
  }
}
