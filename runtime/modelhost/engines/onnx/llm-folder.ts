import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GanglionError, messageOf } from '../../../errors.ts';
import type { TokenId } from '../../tokens/token-model.ts';
import type { TokenizerJson } from './plain-tokenizer.ts';

/** The file of a folder that is loaded. */
export interface LlmFile {
  readonly folder: string;
  /** transformers' name of the precision: `fp32`, `q4`. */
  readonly dtype: Dtype;
  /** The model file. */
  readonly file: string;
  /** Of the model file and what lies beside it. */
  readonly sizeBytes: number;
}

/** A language model as transformers.js lays it out. */
export interface LlmFolder extends LlmFile {
  readonly name: string;
  /** Tokens the model was trained on. */
  readonly contextTokens: number | undefined;
  readonly tokenizer: TokenizerJson;
  readonly tokenizerConfig: Json;
  readonly chatTemplate: string | undefined;
  readonly ends: readonly TokenId[];
}

type Json = Readonly<Record<string, unknown>>;

/** Precisions by the endings of their files, the fastest on a CPU first. Half precision is converted there, not computed. */
const SUFFIXES = {
  q4: '_q4',
  int8: '_int8',
  q8: '_quantized',
  uint8: '_uint8',
  bnb4: '_bnb4',
  fp32: '',
  fp16: '_fp16',
} as const;
export type Dtype = keyof typeof SUFFIXES;
const DTYPES = Object.keys(SUFFIXES) as Dtype[];

/** Config files are small, vocabularies some ten MB. */
const MAX_JSON_BYTES = 128 << 20;

/**
 * True for a folder with a configuration, a tokenizer and at least one model in `onnx/`, and for such a model file
 * itself. Never throws.
 */
export function isLlmFolder(path: string): boolean {
  const place = placeOf(path);
  if (place === undefined) return false;
  const { folder, dtype } = place;
  return (
    existsSync(join(folder, 'config.json')) &&
    existsSync(join(folder, 'tokenizer.json')) &&
    DTYPES.some((one) => (dtype === undefined || one === dtype) && existsSync(modelFile(folder, one)))
  );
}

/**
 * Reads what a folder says about its model. Given a file `onnx/model_q4.onnx` in it, that precision; given the folder, the
 * one its configuration names, else the fastest there is.
 * Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID and MODEL_UNSUPPORTED.
 */
export function readLlmFolder(path: string): LlmFolder {
  const { config, ...chosen } = chosenFile(path);
  const { folder } = chosen;
  const tokenizer = readTokenizer(join(folder, 'tokenizer.json'));
  const tokenizerConfig = readJson(join(folder, 'tokenizer_config.json'));
  const generation = existsSync(join(folder, 'generation_config.json'))
    ? readJson(join(folder, 'generation_config.json'))
    : {};
  const ends = [...new Set([...idsOf(generation['eos_token_id']), ...idsOf(config['eos_token_id'])])];
  const context = config['max_position_embeddings'];
  return {
    ...chosen,
    name: typeof config['name'] === 'string' ? config['name'] : basename(folder),
    contextTokens: typeof context === 'number' && context > 0 ? context : undefined,
    tokenizer,
    tokenizerConfig,
    chatTemplate: templateOf(folder, tokenizerConfig),
    ends,
  };
}

/** Which file would be loaded, without reading the vocabulary. Throws as `readLlmFolder` does. */
export function llmFile(path: string): LlmFile {
  const { folder, dtype, file, sizeBytes } = chosenFile(path);
  return { folder, dtype, file, sizeBytes };
}

function chosenFile(path: string): LlmFile & { readonly config: Json } {
  const place = placeOf(path);
  if (place === undefined) {
    throw new GanglionError('MODEL_FILE_INVALID', {
      file: path,
      expected: 'a folder, or a file model.onnx, model_q4.onnx or the like',
      received: basename(path),
    });
  }
  const { folder } = place;
  const config = readJson(join(folder, 'config.json'));
  const dtype =
    place.dtype ??
    configuredDtype(config, folder) ??
    DTYPES.find((one) => existsSync(modelFile(folder, one)));
  if (dtype === undefined) {
    throw new GanglionError('MODEL_FILE_UNREADABLE', {
      file: join(folder, 'onnx'),
      reason: 'there is no model.onnx, model_q4.onnx or the like in it',
    });
  }
  const file = modelFile(folder, dtype);
  return { folder, dtype, file, sizeBytes: sizeOf(file), config };
}

/** The folder of a model file in it, or the folder itself. */
export function llmFolderOf(path: string): string {
  return placeOf(path)?.folder ?? path;
}

/** Undefined: a file that is no such model. */
function placeOf(path: string): { folder: string; dtype: Dtype | undefined } | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return { folder: path, dtype: undefined };
  const dtype = DTYPES.find((one) => basename(path) === `model${SUFFIXES[one]}.onnx`);
  return dtype === undefined ? undefined : { folder: dirname(dirname(path)), dtype };
}

function modelFile(folder: string, dtype: Dtype): string {
  return join(folder, 'onnx', `model${SUFFIXES[dtype]}.onnx`);
}

function configuredDtype(config: Json, folder: string): Dtype | undefined {
  const own = config['transformers.js_config'] as Json | undefined;
  return DTYPES.find((one) => own?.['dtype'] === one && existsSync(modelFile(folder, one)));
}

/** The model file and its external data: `model.onnx`, `model.onnx_data`, `model.onnx_data_1`. */
function sizeOf(file: string): number {
  const names = readdirSync(dirname(file)).filter(
    (name) => name === basename(file) || name.startsWith(`${basename(file)}_data`),
  );
  return names.reduce((sum, name) => sum + statSync(join(dirname(file), name)).size, 0);
}

/** Of several templates the one named `default`. */
function templateOf(folder: string, config: Json): string | undefined {
  const file = join(folder, 'chat_template.jinja');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const found = config['chat_template'];
  if (typeof found === 'string') return found;
  if (!Array.isArray(found)) return undefined;
  const named = found as readonly { readonly name?: string; readonly template?: string }[];
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template;
}

function readTokenizer(file: string): TokenizerJson {
  const json = readJson(file) as Partial<TokenizerJson>;
  if (json.model === undefined || !Array.isArray(json.added_tokens)) {
    throw new GanglionError('MODEL_FILE_INVALID', {
      file,
      expected: 'a tokenizer with a model and added tokens',
      received: `the keys ${Object.keys(json).slice(0, 20).join(', ') || 'of an empty object'}`,
    });
  }
  return json as TokenizerJson;
}

function readJson(file: string): Json {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > MAX_JSON_BYTES) {
      const expected = `at most ${MAX_JSON_BYTES} bytes of JSON`;
      throw new GanglionError('MODEL_FILE_INVALID', { file, expected, received: `${size}` });
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GanglionError(
      'MODEL_FILE_INVALID',
      { file, expected: 'JSON', received: messageOf(error).slice(0, 200) },
      { cause: error },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new GanglionError('MODEL_FILE_INVALID', {
    file,
    expected: 'a JSON object',
    received: text.slice(0, 40),
  });
}

function idsOf(value: unknown): TokenId[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((id): id is TokenId => Number.isInteger(id) && (id as number) >= 0);
}
