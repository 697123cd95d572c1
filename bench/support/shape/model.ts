import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantizeGguf, writeGguf, type Quantization } from '../../../quantize/index.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import { shapeMetadata, shapeTensors } from './gguf.ts';
import { isShapeName, SHAPES, type Shape } from './shapes.ts';
import { vocabularyOf } from './vocabulary.ts';

export interface ShapeModelOptions {
  /** Default: Q4_K_M. */
  readonly type?: Quantization;
  /** What the vocabulary is learned from. Default: the project's own text. */
  readonly text?: readonly string[];
  /** Where models are kept. Default: a folder of the system's for temporary files. */
  readonly folder?: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly fraction: number; readonly step: string }) => void;
}

/** Raised when the same shape and vocabulary are to make another file. */
const VERSION = 1;
/** Of the whole time: what is left is quantizing. */
const WRITING = 0.5;

/**
 * The file of a model with random weights in the shape of a known one, so that speed can be measured without its weights.
 * Written on the first call, kept for the next. Throws BENCH_OPTION for an unknown shape, and what writing and quantizing throw.
 */
export async function modelOfShape(name: string, options: ShapeModelOptions = {}): Promise<string> {
  if (!isShapeName(name)) {
    const expected = `one of ${Object.keys(SHAPES).join(', ')}`;
    throw new GanglionError('BENCH_OPTION', { option: '--model-shape', expected, received: name });
  }
  return writeShape(name, SHAPES[name], options);
}

/** As `modelOfShape`, of any shape. */
export async function writeShape(
  name: string,
  shape: Shape,
  options: ShapeModelOptions = {},
): Promise<string> {
  const { type = 'Q4_K_M', signal, onProgress } = options;
  const folder = options.folder ?? join(tmpdir(), 'ganglion-shapes');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  onProgress?.({ fraction: 0, step: 'learning a vocabulary' });
  const vocabulary = vocabularyOf(shape, options.text);
  const key = createHash('sha256')
    .update(JSON.stringify([VERSION, shape, vocabulary.merges, vocabulary.chatTemplate]))
    .digest('hex')
    .slice(0, 12);
  const file = join(folder, `${name}-${type}-${key}.gguf`);
  if (existsSync(file)) return file;

  // Those of an older vocabulary are never asked for again.
  for (const old of readdirSync(folder))
    if (old.startsWith(`${name}-${type}-`) && old.endsWith('.gguf'))
      rmSync(join(folder, old), { force: true });

  const plain = type === 'F16' ? file : join(folder, `${name}-f16-${process.pid}.gguf`);
  const writing = type === 'F16' ? 1 : WRITING;
  try {
    await writeGguf(plain, {
      metadata: shapeMetadata(name, shape, vocabulary),
      tensors: shapeTensors(shape),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (written, total) =>
        onProgress?.({ fraction: (written / total) * writing, step: 'writing random weights' }),
    });
    if (type === 'F16') return file;
    await quantizeGguf({
      input: plain,
      output: file,
      type,
      force: true,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ fraction }) =>
        onProgress?.({ fraction: writing + fraction * (1 - writing), step: `quantizing to ${type}` }),
    });
    return file;
  } finally {
    if (plain !== file) rmSync(plain, { force: true });
  }
}
