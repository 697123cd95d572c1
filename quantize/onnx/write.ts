import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { GanglionError } from '../../runtime/errors.ts';
import { reasonOf } from '../file-cursor.ts';
import { commitPart, discardPart, partName } from '../part-file.ts';
import {
  bytesField,
  encodeExternalTensor,
  encodeInlineTensor,
  encodeNode,
  encodeOpset,
  encodePort,
  fieldHead,
  numberField,
  onnxTensorBytes,
  textField,
  type OnnxElement,
  type OnnxNode,
  type OnnxPort,
} from './encode.ts';

export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxElement;
  /** Outermost first; the last one is contiguous in memory. */
  readonly shape: readonly number[];
  /** Little-endian bytes in pieces. Asked for once, when the tensor's turn comes, so that a large model never lies in memory. */
  readonly data: () => Iterable<Uint8Array>;
}

export interface OnnxModel {
  readonly graph: string;
  /** domain → version; `''` is ONNX itself. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
}

export interface WriteOnnxOptions {
  /** Weights above this go to `<file>_data`. Protobuf holds at most 2 GiB. Default 1.75 GiB. */
  readonly inlineBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (writtenBytes: number, totalBytes: number) => void;
}

export const ONNX_PRODUCER = 'ganglion';
const IR_VERSION = 10;
const INLINE_BYTES = 1.75 * 2 ** 30;
/** ONNX Runtime maps external tensors into memory; pages are the unit of that. */
const EXTERNAL_ALIGNMENT = 4096;
/** Below this a tensor stays in the file: shapes and axes must be there for shape inference. */
const SMALL_BYTES = 1024;

/**
 * Writes an ONNX file, and beside it `<file>_data` where the weights are too large for one. Either appears under its name
 * only when it is complete. Returns the bytes of both.
 * Throws ONNX_UNFIT for weights that do not fit their shape, MODEL_FILE_UNWRITABLE where writing fails, and the signal's reason.
 */
export async function writeOnnx(
  file: string,
  model: OnnxModel,
  options: WriteOnnxOptions = {},
): Promise<number> {
  checkNames(file, model);
  const weightBytes = model.initializers.reduce(
    (sum, tensor) => sum + onnxTensorBytes(tensor.type, tensor.shape),
    0,
  );
  const external = weightBytes > (options.inlineBytes ?? INLINE_BYTES);
  const dataFile = `${file}_data`;
  const progress = { written: 0, total: weightBytes, options };
  let handle: FileHandle | undefined;
  try {
    const places = external ? await writeExternal(dataFile, model, progress) : undefined;
    handle = await open(partName(file), 'w');
    const out = new Output(handle, partName(file), progress);
    for (const piece of layOut(model, places)) {
      if (piece instanceof Uint8Array) await out.write(piece);
      else await writeTensor(out, piece);
    }
    await handle.close();
    handle = undefined;
    // The weights first: a model without them is worse than weights without a model.
    if (external) await commitPart(dataFile);
    await commitPart(file);
    // Left from a larger model of this name.
    if (!external) await rm(dataFile, { force: true });
    return out.position + (places?.bytes ?? 0);
  } catch (error) {
    await handle?.close();
    await discardPart(file);
    await discardPart(dataFile);
    if (error instanceof GanglionError || options.signal?.aborted === true) throw error;
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new GanglionError('MODEL_FILE_UNWRITABLE', { file, reason: reasonOf(error) }, { cause: error });
  }
}

interface Places {
  readonly file: string;
  /** Initializer → where its bytes begin. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** The file as bytes and, between them, tensors whose bytes come next. Lengths stand before what they measure. */
function* layOut(model: OnnxModel, places: Places | undefined): Generator<Uint8Array | OnnxInitializer> {
  const before = [...model.nodes.map((node) => bytesField(1, encodeNode(node))), textField(2, model.graph)];
  const after = [
    ...model.inputs.map((port) => bytesField(11, encodePort(port))),
    ...model.outputs.map((port) => bytesField(12, encodePort(port))),
  ];
  const tensors = model.initializers.map((tensor) => {
    const offset = places?.offsets.get(tensor.name);
    if (places !== undefined && offset !== undefined) {
      return {
        tensor: undefined,
        head: bytesField(5, encodeExternalTensor(tensor, { file: places.file, offset })),
        bytes: 0,
      };
    }
    const inner = encodeInlineTensor(tensor);
    const bytes = onnxTensorBytes(tensor.type, tensor.shape);
    return { tensor, head: Buffer.concat([fieldHead(5, inner.length + bytes), inner]), bytes };
  });
  const graphBytes =
    [...before, ...after].reduce((sum, part) => sum + part.length, 0) +
    tensors.reduce((sum, { head, bytes }) => sum + head.length + bytes, 0);

  yield Buffer.concat([
    numberField(1, IR_VERSION),
    textField(2, ONNX_PRODUCER),
    fieldHead(7, graphBytes),
    ...before,
  ]);
  for (const { tensor, head } of tensors) {
    yield head;
    if (tensor !== undefined) yield tensor;
  }
  yield Buffer.concat([
    ...after,
    ...Object.entries(model.opsets).map(([domain, version]) => bytesField(8, encodeOpset(domain, version))),
  ]);
}

async function writeExternal(file: string, model: OnnxModel, progress: Progress): Promise<Places> {
  const offsets = new Map<string, number>();
  const handle = await open(partName(file), 'w');
  try {
    const out = new Output(handle, partName(file), progress);
    for (const tensor of model.initializers) {
      if (onnxTensorBytes(tensor.type, tensor.shape) < SMALL_BYTES) continue;
      await out.write(
        new Uint8Array((EXTERNAL_ALIGNMENT - (out.position % EXTERNAL_ALIGNMENT)) % EXTERNAL_ALIGNMENT),
      );
      offsets.set(tensor.name, out.position);
      await writeTensor(out, tensor);
    }
    return { file: basename(file), offsets, bytes: out.position };
  } finally {
    await handle.close();
  }
}

async function writeTensor(out: Output, tensor: OnnxInitializer): Promise<void> {
  const expected = onnxTensorBytes(tensor.type, tensor.shape);
  const start = out.position;
  const unfit = (received: string): GanglionError =>
    new GanglionError('ONNX_UNFIT', {
      file: out.file,
      expected: `${expected} bytes for tensor ${tensor.name}`,
      received,
    });
  for (const bytes of tensor.data()) {
    if (out.position - start + bytes.length > expected) throw unfit('more');
    await out.write(bytes);
  }
  if (out.position - start !== expected) throw unfit(`${out.position - start}`);
  out.tensorDone(expected);
}

/** A name is written once and read only where something writes it: what ONNX Runtime would refuse in longer words. */
function checkNames(file: string, model: OnnxModel): void {
  const unfit = (expected: string, received: string): GanglionError =>
    new GanglionError('ONNX_UNFIT', { file, expected, received });
  const known = new Set<string>();
  const define = (name: string): void => {
    if (known.has(name)) throw unfit('names that differ', `${name} twice`);
    known.add(name);
  };
  for (const { name } of [...model.inputs, ...model.initializers]) define(name);
  for (const node of model.nodes) {
    for (const name of node.inputs) {
      if (name !== '' && !known.has(name)) throw unfit(`inputs of ${node.op} that are computed before`, name);
    }
    for (const name of node.outputs) if (name !== '') define(name);
  }
  for (const { name } of model.outputs) if (!known.has(name)) throw unfit('outputs that are computed', name);
}

interface Progress {
  written: number;
  readonly total: number;
  readonly options: WriteOnnxOptions;
}

class Output {
  position = 0;
  readonly file: string;
  readonly #handle: FileHandle;
  readonly #progress: Progress;

  constructor(handle: FileHandle, file: string, progress: Progress) {
    this.#handle = handle;
    this.file = file;
    this.#progress = progress;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#progress.options.signal?.throwIfAborted();
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, from, bytes.length - from);
      if (bytesWritten === 0) {
        throw new GanglionError('MODEL_FILE_UNWRITABLE', {
          file: this.file,
          reason: 'the disk takes no more',
        });
      }
      from += bytesWritten;
    }
    this.position += bytes.length;
  }

  tensorDone(bytes: number): void {
    this.#progress.written += bytes;
    this.#progress.options.onProgress?.(this.#progress.written, this.#progress.total);
  }
}
