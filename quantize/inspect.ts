import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GanglionError, messageOf } from '../runtime/errors.ts';
import { FileCursor, reasonOf } from './file-cursor.ts';
import { GGUF_MAGIC, metadataNumber, metadataText, readGgufHeader, type GgufHeader } from './gguf/header.ts';
import { ftypeName } from './gguf/ftype.ts';
import { readOnnxHeader, type OnnxHeader } from './onnx/header.ts';

export interface GgufInfo {
  readonly format: 'gguf';
  readonly file: string;
  readonly fileBytes: number;
  readonly name: string;
  readonly architecture: string;
  /** `Q4_K_M`, or `unknown`. */
  readonly quantization: string;
  readonly parameters: number;
  readonly bitsPerWeight: number;
  readonly layers: number | undefined;
  /** Bytes of KV cache per token of context at f16; undefined where the header does not tell. */
  readonly kvBytesPerToken: number | undefined;
  /** Tokens the model was trained on. */
  readonly contextTokens: number | undefined;
  readonly embedding: number | undefined;
  readonly vocabulary: number | undefined;
  readonly chatTemplate: boolean;
  readonly split: { readonly part: number; readonly of: number } | undefined;
  /** Tensor type → tensors of it. */
  readonly tensorTypes: Readonly<Record<string, number>>;
}

export interface OnnxInfo {
  readonly format: 'onnx';
  readonly file: string;
  readonly fileBytes: number;
  readonly name: string;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: number;
  readonly operators: Readonly<Record<string, number>>;
  readonly inputs: OnnxHeader['inputs'];
  readonly outputs: OnnxHeader['outputs'];
  readonly externalData: boolean;
}

export type ModelFileInfo = GgufInfo | OnnxInfo;

/** What a model file is, by its content. Throws MODEL_FILE_UNREADABLE and MODEL_FILE_INVALID. Blocking reads. */
export function inspectModel(file: string): ModelFileInfo {
  return modelFormat(file) === 'gguf' ? inspectGguf(file) : inspectOnnx(file);
}

/** By the first bytes. Throws MODEL_FILE_UNREADABLE and MODEL_FILE_INVALID. */
function modelFormat(file: string): 'gguf' | 'onnx' {
  const head = readHead(file, 8);
  const format = formatOfHead(head);
  if (format !== undefined) return format;
  throw new GanglionError('MODEL_FILE_INVALID', {
    file,
    expected: 'a GGUF or ONNX model',
    received: `a file that begins with ${JSON.stringify(Buffer.from(head).toString('latin1'))}`,
  });
}

/** The first bytes of a file, at most `length`. Throws MODEL_FILE_UNREADABLE, and MODEL_FILE_INVALID for an empty file. */
export function readHead(file: string, length: number): Uint8Array {
  const cursor = FileCursor.open(file, length);
  try {
    if (cursor.size === 0) throw cursor.invalid('a model', 'an empty file');
    return Uint8Array.from(cursor.bytes(Math.min(length, cursor.size), 'the first bytes'));
  } finally {
    cursor.close();
  }
}

/** ONNX begins with field 1 (the version, a small number) or field 2 to 8 as length-delimited, in protobuf's tags. */
export function formatOfHead(head: Uint8Array): 'gguf' | 'onnx' | undefined {
  if (Buffer.from(head.subarray(0, 4)).toString('latin1') === GGUF_MAGIC) return 'gguf';
  const [tag, value] = head;
  if (tag === undefined || value === undefined) return undefined;
  if (tag === 0x08 && value >= 1 && value <= 64) return 'onnx';
  return tag === 0x12 || tag === 0x1a || tag === 0x22 || tag === 0x3a || tag === 0x42 ? 'onnx' : undefined;
}

export function inspectGguf(file: string): GgufInfo {
  return describeGguf(file, readGgufHeader(file, { keepArraysUpTo: 0 }));
}

function describeGguf(file: string, header: GgufHeader): GgufInfo {
  const architecture = metadataText(header, 'general.architecture') ?? 'unknown';
  const number = (key: string): number | undefined => metadataNumber(header, `${architecture}.${key}`);
  const parameters = header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  const dataBytes = header.tensors.reduce((sum, tensor) => sum + (tensor.bytes ?? 0), 0);
  const tensorTypes: Record<string, number> = {};
  for (const tensor of header.tensors) {
    const type = tensor.type ?? `type ${tensor.typeNumber}`;
    tensorTypes[type] = (tensorTypes[type] ?? 0) + 1;
  }
  const tokens = header.metadata.get('tokenizer.ggml.tokens');
  const of = metadataNumber(header, 'split.count') ?? 1;
  return {
    format: 'gguf',
    file,
    fileBytes: header.fileBytes,
    name: metadataText(header, 'general.name') ?? '',
    architecture,
    quantization: ftypeName(metadataNumber(header, 'general.file_type')) ?? 'unknown',
    parameters,
    bitsPerWeight: parameters === 0 ? 0 : (dataBytes * 8) / parameters,
    layers: number('block_count'),
    kvBytesPerToken: kvBytesPerToken(number),
    contextTokens: number('context_length'),
    embedding: number('embedding_length'),
    vocabulary: tokens?.type === 'array' ? tokens.length : undefined,
    chatTemplate: header.metadata.has('tokenizer.chat_template'),
    split: of > 1 ? { part: (metadataNumber(header, 'split.no') ?? 0) + 1, of } : undefined,
    tensorTypes,
  };
}

export function inspectOnnx(file: string): OnnxInfo {
  const header = readOnnxHeader(file);
  return {
    format: 'onnx',
    file,
    fileBytes: header.fileBytes,
    name: header.graph,
    producer: header.producer,
    opsets: Object.fromEntries(header.opsets),
    nodes: header.nodes,
    operators: Object.fromEntries(header.operators),
    inputs: header.inputs,
    outputs: header.outputs,
    externalData: header.externalData,
  };
}

/** Keys and values of every layer and KV head, two bytes each. */
function kvBytesPerToken(number: (key: string) => number | undefined): number | undefined {
  const [layers, embedding, heads] = ['block_count', 'embedding_length', 'attention.head_count'].map(number);
  if (layers === undefined || embedding === undefined || heads === undefined || heads === 0) return undefined;
  const kvHeads = number('attention.head_count_kv') ?? heads;
  const keyLength = number('attention.key_length') ?? embedding / heads;
  const valueLength = number('attention.value_length') ?? embedding / heads;
  return layers * kvHeads * (keyLength + valueLength) * 2;
}

export type ListedModel =
  | ModelFileInfo
  | { readonly format: 'unreadable'; readonly file: string; readonly problem: string };

/** Folders looked into, and files looked at; a models folder is small. */
const LIST_LIMITS = { depth: 3, files: 1000 } as const;

/**
 * The `.gguf` and `.onnx` files of a folder and the folders in it, sorted by path; those that cannot be read with the reason.
 * Throws MODEL_FILE_UNREADABLE if the folder itself cannot be read.
 */
export function listModels(folder: string): readonly ListedModel[] {
  const files: string[] = [];
  collect(folder, 0, files);
  return files.toSorted().map((file) => {
    try {
      return inspectModel(file);
    } catch (error) {
      return { format: 'unreadable', file, problem: messageOf(error) };
    }
  });
}

function collect(folder: string, depth: number, files: string[]): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (depth > 0) return;
    throw new GanglionError(
      'MODEL_FILE_UNREADABLE',
      { file: folder, reason: reasonOf(error) },
      { cause: error },
    );
  }
  for (const name of names) {
    if (files.length >= LIST_LIMITS.files) return;
    const path = join(folder, name);
    if (/\.(gguf|onnx)$/i.test(name)) files.push(path);
    else if (depth < LIST_LIMITS.depth && !name.startsWith('.') && isFolder(path))
      collect(path, depth + 1, files);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
