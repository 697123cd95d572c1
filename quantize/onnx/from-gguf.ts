import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GanglionError } from '../../runtime/errors.ts';
import { reasonOf } from '../file-cursor.ts';
import { metadataNumber, metadataText, readGgufHeader, type GgufHeader } from '../gguf/header.ts';
import { commitPart, exists, partName } from '../part-file.ts';
import { llamaGraph, type LlamaShape, type OnnxPrecision } from './llama-graph.ts';
import { ggufWeights, llamaShapeOf } from './llama-gguf.ts';
import { tokenizerOf, type TokenizerFiles } from './tokenizer.ts';
import { writeOnnx, type WriteOnnxOptions } from './write.ts';

export interface GgufToOnnxOptions extends WriteOnnxOptions {
  readonly precision: OnnxPrecision;
}

export interface GgufToOnnxResult {
  /** The model file in the folder. */
  readonly file: string;
  /** Of the model file and its data. */
  readonly bytes: number;
}

/** What transformers appends to a file's name for a precision. */
const SUFFIX: Readonly<Record<OnnxPrecision, string>> = { fp32: '', fp16: '_fp16', int8: '_int8', q4: '_q4' };

/**
 * Converts a llama- or qwen2-architecture GGUF (F32, F16, BF16 or Q8_0, byte-level BPE vocabulary) to a folder that
 * transformers.js loads. A folder may hold several precisions of one model; the other files are written anew.
 *
 *     folder/ config.json generation_config.json tokenizer.json tokenizer_config.json onnx/model[_q4].onnx
 *
 * Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID, MODEL_UNSUPPORTED, MODEL_FILE_UNWRITABLE, and the signal's reason.
 */
export async function ggufToOnnx(
  gguf: string,
  folder: string,
  { precision, ...options }: GgufToOnnxOptions,
): Promise<GgufToOnnxResult> {
  const header = readGgufHeader(gguf);
  const tokenizer = tokenizerOf(gguf, header);
  const vocabulary = header.tensors.find(({ name }) => name === 'token_embd.weight')?.shape[1] ?? 0;
  if (vocabulary < tokenizer.size) {
    const reason = `its embedding has ${vocabulary} rows for ${tokenizer.size} tokens`;
    throw new GanglionError('MODEL_UNSUPPORTED', { file: gguf, reason });
  }
  const fd = openSync(gguf, 'r');
  try {
    const weights = ggufWeights(gguf, fd, header);
    const shape = llamaShapeOf(gguf, header, vocabulary, weights);
    const file = join(folder, 'onnx', `model${SUFFIX[precision]}.onnx`);
    await makeFolder(join(folder, 'onnx'));
    const bytes = await writeOnnx(file, llamaGraph(shape, weights, precision), options);
    const external = await externalIn(folder);
    await writeJson(join(folder, 'config.json'), configOf(header, shape, tokenizer, external));
    await writeJson(join(folder, 'generation_config.json'), {
      ...(tokenizer.bos === undefined ? {} : { bos_token_id: tokenizer.bos }),
      eos_token_id: tokenizer.ends,
    });
    await writeJson(join(folder, 'tokenizer.json'), tokenizer.tokenizer);
    await writeJson(join(folder, 'tokenizer_config.json'), tokenizer.tokenizerConfig);
    return { file, bytes };
  } finally {
    closeSync(fd);
  }
}

/** What transformers.js asks a config for. */
function configOf(
  header: GgufHeader,
  shape: LlamaShape,
  tokenizer: TokenizerFiles,
  external: object,
): object {
  const architecture = metadataText(header, 'general.architecture');
  return {
    architectures: [architecture === 'qwen2' ? 'Qwen2ForCausalLM' : 'LlamaForCausalLM'],
    model_type: architecture,
    name: shape.name,
    hidden_act: 'silu',
    hidden_size: shape.embedding,
    intermediate_size: shape.feedForward,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headSize,
    vocab_size: shape.vocabulary,
    max_position_embeddings: shape.contextTokens,
    rms_norm_eps: shape.epsilon,
    rope_theta: metadataNumber(header, `${architecture}.rope.freq_base`) ?? 10_000,
    tie_word_embeddings: shape.tied,
    ...(tokenizer.bos === undefined ? {} : { bos_token_id: tokenizer.bos }),
    ...(tokenizer.ends.length === 0 ? {} : { eos_token_id: tokenizer.ends[0] }),
    'transformers.js_config': { kv_cache_dtype: 'float32', use_external_data_format: external },
  };
}

/** The model files whose weights lie beside them, as transformers wants to be told. */
async function externalIn(folder: string): Promise<Record<string, true>> {
  const found: Record<string, true> = {};
  for (const suffix of Object.values(SUFFIX)) {
    const name = `model${suffix}.onnx`;
    if (await exists(join(folder, 'onnx', `${name}_data`))) found[name] = true;
  }
  return found;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new GanglionError(
      'MODEL_FILE_UNWRITABLE',
      { file: folder, reason: reasonOf(error) },
      { cause: error },
    );
  }
}

async function writeJson(file: string, content: object): Promise<void> {
  try {
    await writeFile(partName(file), `${JSON.stringify(content)}\n`);
    await commitPart(file);
  } catch (error) {
    throw new GanglionError('MODEL_FILE_UNWRITABLE', { file, reason: reasonOf(error) }, { cause: error });
  }
}
