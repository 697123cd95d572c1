import {
  type ChatWrapper,
  getLlama,
  LlamaLogLevel,
  resolveChatWrapper,
  type Llama,
  type LlamaContext,
  type LlamaModel,
} from 'node-llama-cpp';
import type { Engine, LoadedModel, ModelInfo, ModelSpec } from '../../contract/engine.ts';
import { GanglionError, messageOf } from '../../errors.ts';
import { formatOfHead, inspectGguf, metadataText, readGgufHeader } from '../../../quantize/index.ts';
import { boundedThreads } from '../threads.ts';
import { LlamaChooser } from './llama-chooser.ts';

export type EngineLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

/** Language models in GGUF through llama.cpp. This file and what it imports is loaded in the model host only. */
export function llamaEngine(log: EngineLog): Engine {
  const instances = new Map<boolean, Promise<Llama>>();
  const instance = async (gpu: boolean): Promise<Llama> => {
    let llama = instances.get(gpu);
    if (llama === undefined) {
      llama = startLlama(gpu, log);
      instances.set(gpu, llama);
      llama.catch(() => instances.delete(gpu));
    }
    return llama;
  };
  return {
    name: 'llama',
    accepts: (_file, head) => formatOfHead(head) === 'gguf',
    load: (spec, signal) => load(spec, signal, instance),
  };
}

async function startLlama(gpu: boolean, log: EngineLog): Promise<Llama> {
  return getLlama({
    gpu: gpu ? 'auto' : false,
    // Nothing is compiled or fetched on a board: the binaries of the package work or they do not.
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    // Threads are set per context; without this the instance would lower them when two models work at once.
    maxThreads: 0,
    logLevel: LlamaLogLevel.warn,
    logger: (level, message) =>
      log(
        level === LlamaLogLevel.error || level === LlamaLogLevel.fatal ? 'warn' : 'debug',
        message.trim().slice(0, 500),
      ),
  });
}

async function load(
  spec: ModelSpec,
  signal: AbortSignal,
  instance: (gpu: boolean) => Promise<Llama>,
): Promise<LoadedModel> {
  const { file } = spec;
  checkHeader(file);
  let model: LlamaModel | undefined;
  try {
    const llama = await instance(spec.gpuLayers > 0);
    model = await llama.loadModel({ modelPath: file, gpuLayers: spec.gpuLayers, loadSignal: signal });
    const contextTokens = Math.max(64, Math.min(spec.contextTokens, model.trainContextSize));
    const context = await model.createContext({
      contextSize: contextTokens,
      batchSize: Math.min(512, contextTokens),
      threads: boundedThreads(spec.threads),
      sequences: 1,
      createSignal: signal,
    });
    const chat = chatWrapperOf(model);
    const info = describe(file, model, context, chat?.wrapperName ?? 'plain');
    return new LlamaChooser({ info, model, context, chat, sequence: context.getSequence() });
  } catch (error) {
    await model?.dispose();
    if (error instanceof GanglionError) throw error;
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file });
    throw new GanglionError(
      'MODEL_LOAD_FAILED',
      { file, reason: messageOf(error).split('\n')[0]!.slice(0, 300) },
      { cause: error },
    );
  }
}

/** Undefined: the model has no chat template, or one that cannot be read; it is then asked in plain text. */
function chatWrapperOf(model: LlamaModel): ChatWrapper | undefined {
  if (model.fileInfo.metadata.tokenizer.chat_template === undefined) return undefined;
  try {
    return resolveChatWrapper(model);
  } catch {
    return undefined;
  }
}

/** What would otherwise abort the process inside llama.cpp, or fail there without a reason. */
function checkHeader(file: string): void {
  const header = readGgufHeader(file, { keepArraysUpTo: 0 });
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  if (metadataText(header, 'general.architecture') === undefined)
    throw unsupported('it does not name its architecture');
  if (header.tensors.length === 0) throw unsupported('it holds no weights, only data such as a vocabulary');
  if (metadataText(header, 'tokenizer.ggml.model') === undefined)
    throw unsupported('it has no vocabulary, so it reads no words');
  const strange = header.tensors.find(({ type }) => type === undefined);
  if (strange !== undefined)
    throw unsupported(`its tensor ${strange.name} is of the unknown type ${strange.typeNumber}`);
}

function describe(file: string, model: LlamaModel, context: LlamaContext, prompt: string): ModelInfo {
  const found = inspectGguf(file);
  return {
    engine: 'llama',
    file,
    name: found.name,
    sizeBytes: found.fileBytes,
    details: {
      architecture: found.architecture,
      quantization: found.quantization,
      parameters: found.parameters,
      contextTokens: context.contextSize,
      threads: context.currentThreads,
      gpuLayers: model.gpuLayers,
      prompt,
    },
  };
}
