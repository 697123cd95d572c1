import { statSync } from 'node:fs';
import {
  getModuleVersion,
  type Llama,
  type LlamaContext,
  type LlamaContextSequence,
  type LlamaModel,
} from 'node-llama-cpp';
import type { Device, KvType, Lane, ModelInfo, ModelSpec } from '../../../contract/engine.ts';
import { LANES } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';
import { inspectGguf } from '../../../../quantize/index.ts';
import type { TokenModel } from '../../tokens/token-model.ts';
import { boundedThreads } from '../../threads.ts';
import { checkAdapterHeader, checkModelHeader } from './header.ts';
import { llamaFor, type EngineLog } from './instance.ts';
import { librarySays } from './library-says.ts';
import { checkMemory } from './memory.ts';
import { LlamaTokenModel } from './model.ts';
import { LlamaSession } from './session.ts';
import { LlamaVocabulary } from './vocabulary.ts';

/** 512 takes 236 MB more with a vocabulary of 152 000 tokens, for 5 % of prefill. */
const DEFAULT_BATCH_TOKENS = 128;
const MIN_CONTEXT_TOKENS = 64;
const KV = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const satisfies Record<KvType, string>;

/**
 * Loads a GGUF language model through llama.cpp. What imports this file takes the library in: model host only.
 * Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID, MODEL_UNSUPPORTED, MODEL_DEVICE_MISSING, MODEL_LOAD_FAILED,
 * MODEL_ABORTED.
 */
export async function loadLlama(spec: ModelSpec, signal: AbortSignal, log: EngineLog): Promise<TokenModel> {
  const { file } = spec;
  if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file });
  const header = checkModelHeader(file);
  const device = deviceOf(spec);
  let model: LlamaModel | undefined;
  try {
    const llama = await llamaFor(device, file, log);
    checkMemory(spec, header, llama.gpu !== false);
    model = await llama.loadModel({
      modelPath: file,
      gpuLayers: gpuLayersOf(spec, device),
      loadSignal: signal,
    });
    for (const lora of spec.lora ?? [])
      checkAdapterHeader(lora.file, model.fileInfo.metadata.general.architecture);
    const context = await contextOf(model, spec, signal);
    return await assemble({ spec, device, llama, model, context });
  } catch (error) {
    await model?.dispose();
    if (error instanceof GanglionError) throw error;
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file });
    const reason = librarySays(error);
    throw new GanglionError('MODEL_LOAD_FAILED', { file, reason }, { cause: error });
  }
}

/** No layers on an accelerator means none is started. */
function deviceOf({ device, gpuLayers }: ModelSpec): Device {
  return gpuLayers === 0 ? 'cpu' : (device ?? 'auto');
}

function gpuLayersOf(
  { gpuLayers, contextTokens }: ModelSpec,
  device: Device,
): number | { fitContext: { contextSize: number } } {
  if (device === 'cpu') return 0;
  return gpuLayers ?? { fitContext: { contextSize: contextTokens * LANES.length } };
}

async function contextOf(model: LlamaModel, spec: ModelSpec, signal: AbortSignal): Promise<LlamaContext> {
  const contextSize = Math.max(MIN_CONTEXT_TOKENS, Math.min(spec.contextTokens, model.trainContextSize));
  const kv = KV[spec.kvType ?? 'f16'];
  return model.createContext({
    contextSize,
    sequences: LANES.length,
    batchSize: Math.min(spec.batchTokens ?? DEFAULT_BATCH_TOKENS, contextSize),
    threads: boundedThreads(spec.threads),
    experimentalKvCacheKeyType: kv,
    experimentalKvCacheValueType: kv,
    // A quantized cache of values needs it; otherwise llama.cpp knows where it pays.
    flashAttention: kv === 'F16' ? 'auto' : true,
    // Models with a sliding window forget what lies behind it, and could not be rewound to their prefix.
    swaFullCache: true,
    failedCreationRemedy: false,
    createSignal: signal,
    ...(spec.lora === undefined || spec.lora.length === 0
      ? {}
      : { lora: { adapters: spec.lora.map((lora) => ({ filePath: lora.file, scale: lora.scale })) } }),
  });
}

interface Loaded {
  readonly spec: ModelSpec;
  readonly device: Device;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
}

async function assemble({ spec, device, llama, model, context }: Loaded): Promise<TokenModel> {
  const { file } = spec;
  // The library shifts the context when its last place is about to be taken; that place stays empty.
  const contextTokens = Math.min(spec.contextTokens, context.contextSize - 1);
  const batchTokens = context.batchSize;
  const vocabulary = new LlamaVocabulary(model);
  const newSequence = (): LlamaContextSequence =>
    context.getSequence({
      contextShift: {
        // Sessions refuse what does not fit before it comes to this.
        strategy: () => {
          throw new GanglionError('MODEL_PROMPT_TOO_LONG', {
            file,
            tokens: context.contextSize,
            limit: contextTokens,
          });
        },
      },
      checkpoints: { max: 0, interval: false },
    });
  const session = (): LlamaSession =>
    new LlamaSession({
      file,
      model,
      newSequence,
      vocabularySize: vocabulary.size,
      contextTokens,
      batchTokens,
    });
  const sessions = Object.fromEntries(LANES.map((lane) => [lane, session()])) as Record<Lane, LlamaSession>;
  return new LlamaTokenModel({
    llama,
    model,
    context,
    sessions,
    contextTokens,
    batchTokens,
    info: describe({ spec, device, llama, model, context }),
    vocabulary,
    stateKey: await stateKeyOf({ spec, device, llama, model, context }),
  });
}

/** A saved state fits where the same library computes it in the same way. */
async function stateKeyOf({ spec, llama, model, context }: Loaded): Promise<string> {
  const adapters = (spec.lora ?? []).map(({ file, scale }) => {
    const { size, mtimeMs } = statSync(file);
    return { file, scale, size, mtimeMs };
  });
  return JSON.stringify({
    library: `node-llama-cpp ${await getModuleVersion()}`,
    llamaCpp: `${llama.llamaCppRelease.repo} ${llama.llamaCppRelease.release}`,
    backend: llama.gpu === false ? 'cpu' : llama.gpu,
    gpuLayers: model.gpuLayers,
    contextTokens: context.contextSize,
    sequences: context.totalSequences,
    kv: spec.kvType ?? 'f16',
    flashAttention: context.flashAttention,
    adapters,
  });
}

function describe({ spec, llama, model, context }: Loaded): ModelInfo {
  const found = inspectGguf(spec.file);
  const held = [model.memoryUsage, context.memoryUsage];
  const memoryBytes = held.reduce((sum, { ram, vram }) => sum + ram + vram, 0);
  return {
    engine: 'llama',
    file: spec.file,
    name: found.name,
    sizeBytes: found.fileBytes,
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
    details: {
      architecture: found.architecture,
      quantization: found.quantization,
      parameters: found.parameters,
      contextTokens: context.contextSize,
      threads: context.currentThreads,
      device: llama.gpu === false ? 'cpu' : llama.gpu,
      gpuLayers: model.gpuLayers,
      kvType: spec.kvType ?? 'f16',
      batchTokens: context.batchSize,
      chatTemplate: model.fileInfo.metadata.tokenizer.chat_template !== undefined,
      ...(spec.lora === undefined || spec.lora.length === 0 ? {} : { adapters: spec.lora.length }),
    },
  };
}
