import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { GanglionError, messageOf } from '../../../errors.ts';
import { checkManifest, isRecord, type WeightGroup } from './manifest.ts';

const MODEL_JSON = 'model.json';

/** The topology of large graph models is some megabytes; the weights lie elsewhere. Bytes. */
const MAX_JSON_BYTES = 128 * 1024 * 1024;

/** A TensorFlow.js model as it lies on the disk: model.json, which names the shards with the weights. */
export interface TfModelFile {
  /** The path of model.json. */
  readonly file: string;
  readonly folder: string;
  readonly format: 'layers' | 'graph';
  /** model.json as it is. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly topology: Readonly<Record<string, unknown>>;
  readonly groups: readonly WeightGroup[];
  /** model.json and all shards, bytes. */
  readonly sizeBytes: number;
}

/**
 * A folder with a model.json, or a file that begins as JSON does: no other engine reads JSON, so that a damaged model.json
 * is refused by the one that knows what it lacks.
 * @param head the first bytes of a file; none for a folder
 */
export function isTfModel(path: string, head: Uint8Array): boolean {
  if (head.length === 0) return existsSync(join(path, MODEL_JSON));
  return /^\uFEFF?\s*\{/.test(Buffer.from(head).toString('utf8'));
}

/** model.json of a folder, or the file itself. */
export function modelJsonOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, MODEL_JSON) : path;
}

/**
 * Reads model.json and looks at the sizes of the shards, without reading them.
 * Format: the topology of Keras, or a GraphDef as JSON, with `weightsManifest` (tfjs-core, io/types.ts).
 * Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID.
 */
export function readTfModel(path: string): TfModelFile {
  const file = modelJsonOf(path);
  const folder = dirname(file);
  const invalid = (expected: string, received: string): GanglionError =>
    new GanglionError('MODEL_FILE_INVALID', { file, expected, received });
  const jsonBytes = sizeOf(file);
  if (jsonBytes > MAX_JSON_BYTES) throw invalid(`at most ${MAX_JSON_BYTES} bytes`, `${jsonBytes}`);
  let json: unknown;
  try {
    json = JSON.parse(reading(file, () => readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw invalid('a TensorFlow.js model.json', `text that is no JSON: ${messageOf(error).slice(0, 80)}`);
  }
  if (!isRecord(json)) throw invalid('a TensorFlow.js model.json', 'JSON that is no object');
  const { modelTopology: topology } = json;
  if (!isRecord(topology)) throw invalid('a TensorFlow.js model.json', 'JSON without a modelTopology');
  const format = formatOf(json, topology);
  if (format === undefined) {
    const said =
      typeof json['format'] === 'string' ? json['format'].slice(0, 40) : 'a topology of neither kind';
    throw invalid('a layers-model or a graph-model', said);
  }
  const groups = checkManifest(json['weightsManifest'], invalid);
  let sizeBytes = jsonBytes;
  for (const { paths } of groups) for (const path of paths) sizeBytes += sizeOf(shardFile(file, path));
  return { file, folder, format, json, topology, groups, sizeBytes };
}

/**
 * The weights of all groups, one buffer a shard. Throws MODEL_FILE_UNREADABLE, and MODEL_FILE_INVALID where a group's shards
 * do not hold as many bytes as its weights take.
 */
export function readWeights({ file, groups }: TfModelFile): ArrayBuffer[] {
  return groups.flatMap(({ paths, bytes }) => {
    const shards = paths.map((path) => {
      const shard = shardFile(file, path);
      const content = reading(shard, () => readFileSync(shard));
      // The library wants buffers of their own, and small files come as slices of a shared one.
      return content.byteLength === content.buffer.byteLength
        ? content.buffer
        : new Uint8Array(content).buffer;
    });
    const found = shards.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes !== undefined && found !== bytes) {
      throw new GanglionError('MODEL_FILE_INVALID', {
        file: paths.length === 1 ? shardFile(file, paths[0]!) : file,
        expected: `${bytes} bytes of weights in ${paths.length === 1 ? 'it' : paths.join(', ')}`,
        received: `${found}`,
      });
    }
    return shards;
  });
}

/** Shards lie in the model's folder: a path that leads out of it is refused, whatever it may point at. */
function shardFile(file: string, path: string): string {
  const folder = resolve(dirname(file));
  const shard = resolve(folder, path);
  if (shard.startsWith(folder + sep)) return shard;
  throw new GanglionError('MODEL_FILE_INVALID', {
    file,
    expected: 'weights in files beside it',
    received: JSON.stringify(path.slice(0, 80)),
  });
}

function formatOf(
  { format }: Readonly<Record<string, unknown>>,
  topology: Readonly<Record<string, unknown>>,
): TfModelFile['format'] | undefined {
  // Both name it since version 1; older files are told apart by what they hold.
  if (format === 'layers-model') return 'layers';
  if (format === 'graph-model') return 'graph';
  if (format !== undefined && format !== null) return undefined;
  if (Array.isArray(topology['node'])) return 'graph';
  return 'model_config' in topology || 'class_name' in topology ? 'layers' : undefined;
}

function sizeOf(file: string): number {
  const found = reading(file, () => statSync(file));
  if (found.isFile()) return found.size;
  throw new GanglionError('MODEL_FILE_UNREADABLE', {
    file,
    reason: found.isDirectory() ? 'it is a directory' : 'it is not a regular file',
  });
}

function reading<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const reason = missing ? 'it does not exist' : messageOf(error);
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason }, { cause: error });
  }
}
