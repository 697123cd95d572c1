import type { InferenceSession } from 'onnxruntime-node';
import { LANES, type Device, type Lane, type ModelInfo, type ModelSpec } from '../../../contract/engine.ts';
import { GanglionError, messageOf } from '../../../errors.ts';
import { readOnnxHeader } from '../../../../quantize/index.ts';
import { boundedThreads } from '../../threads.ts';
import type { TokenId, TokenModel, TokenSession, Vocabulary } from '../../tokens/token-model.ts';
import { readLlmFolder, type LlmFolder } from './llm-folder.ts';
import { layoutOf } from './llm-layout.ts';
import { OnnxTokenSession, type LlmParts } from './llm-session.ts';
import { OnnxVocabulary } from './llm-vocabulary.ts';
import { providersFor, type OnnxProvider } from './providers.ts';

/** Tokens of one decode call unless asked otherwise: a call cannot be interrupted. */
const BATCH_TOKENS = 128;

/**
 * Loads a decoder with `past_key_values` from a folder in transformers.js' layout, or from one of its model files. Nothing
 * is fetched. transformers opens the model; the runs are ours, because they reuse the buffers of keys, values and scores
 * where transformers allocates them anew.
 * Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID, MODEL_UNSUPPORTED, MODEL_DEVICE_MISSING, MODEL_LOAD_FAILED and
 * MODEL_ABORTED.
 */
export async function loadOnnxLlm(spec: ModelSpec, signal: AbortSignal): Promise<TokenModel> {
  if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: spec.file });
  const folder = readLlmFolder(spec.file);
  const header = readOnnxHeader(folder.file);
  const threads = boundedThreads(spec.threads);
  let session: InferenceSession | undefined;
  try {
    const [{ env, listSupportedBackends, Tensor }, { Tokenizer }] = await Promise.all([
      import('onnxruntime-node'),
      import('@huggingface/tokenizers'),
    ]);
    const opened = await openModel(folder, spec.device ?? 'auto', listSupportedBackends(), threads);
    session = opened.session;
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: spec.file });
    const { layout, vocabularySize } = layoutOf(folder.file, session, header);
    const contextTokens = Math.max(
      1,
      Math.min(spec.contextTokens, folder.contextTokens ?? spec.contextTokens),
    );
    const parts: LlmParts = {
      file: spec.file,
      session,
      Tensor,
      layout,
      contextTokens,
      batchTokens: Math.min(spec.batchTokens ?? BATCH_TOKENS, contextTokens),
      vocabularySize,
      inputs: new Set(session.inputNames),
    };
    const vocabulary = new OnnxVocabulary(
      { ...folder, ends: knownEnds(folder, vocabularySize), size: vocabularySize },
      Tokenizer,
    );
    // Fails here and not at the first question, and brings the weights into memory while nobody waits.
    await new OnnxTokenSession(parts).append([vocabulary.ends[0]!]);
    const stateKey = `onnxruntime ${env.versions.node ?? env.versions.common} ${folder.dtype} ${opened.provider}`;
    return new OnnxTokenModel(parts, {
      vocabulary,
      stateKey,
      info: infoOf(parts, folder, { producer: header.producer, threads, provider: opened.provider }),
    });
  } catch (error) {
    await session?.release();
    if (error instanceof GanglionError) throw error;
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: spec.file });
    const reason = messageOf(error).split('\n')[0]!.slice(0, 300);
    throw new GanglionError('MODEL_LOAD_FAILED', { file: spec.file, reason }, { cause: error });
  }
}

/** Throws MODEL_UNSUPPORTED if there is none: an answer would never end. */
function knownEnds({ file, ends }: LlmFolder, vocabularySize: number): readonly TokenId[] {
  const known = ends.filter((id) => id < vocabularySize);
  if (known.length > 0) return known;
  throw new GanglionError('MODEL_UNSUPPORTED', { file, reason: 'it names no token that ends an answer' });
}

interface Opened {
  readonly session: InferenceSession;
  /** The execution provider that runs it. */
  readonly provider: string;
}

/** Throws MODEL_DEVICE_MISSING, and on the last try what the library throws. */
async function openModel(
  { folder, dtype, file }: LlmFolder,
  device: Device,
  backends: readonly OnnxProvider[],
  threads: number,
): Promise<Opened> {
  // Imported here and not above: it takes 0.15 s and 40 MB, which only a host with such a model should pay.
  const { AutoModelForCausalLM, env, LogLevel } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.useBrowserCache = false;
  env.useFSCache = false;
  env.logLevel = LogLevel.ERROR;
  // Keys and values are 32-bit floats in main memory: the processor is the fastest for them unless told otherwise.
  const attempts = device === 'auto' ? [['cpu']] : providersFor(file, device, backends);
  for (const [i, executionProviders] of attempts.entries()) {
    try {
      const { sessions } = await AutoModelForCausalLM.from_pretrained(folder, {
        local_files_only: true,
        // transformers' own list of devices is by platform; the providers below are those that are there.
        device: 'cpu',
        dtype,
        session_options: {
          executionProviders: [...executionProviders],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          logSeverityLevel: 3,
          // Threads wait for each other in a tight loop within a run, which is faster, and sleep between runs.
          extra: { session: { force_spinning_stop: '1' } },
        },
      });
      return {
        session: (sessions as Readonly<Record<'model', InferenceSession>>).model,
        provider: executionProviders[0]!,
      };
    } catch (error) {
      if (i === attempts.length - 1) throw error;
    }
  }
  throw new GanglionError('MODEL_DEVICE_MISSING', { file, device, reason: 'it has no provider' });
}

function infoOf(
  parts: LlmParts,
  folder: LlmFolder,
  { producer, threads, provider }: { producer: string; threads: number; provider: string },
): ModelInfo {
  const { layout, contextTokens, batchTokens, file } = parts;
  const numbersPerToken = layout.slots.reduce((sum, { heads, headSize }) => sum + heads * headSize, 0);
  return {
    engine: 'onnx-llm',
    file,
    name: folder.name,
    sizeBytes: folder.sizeBytes,
    // Every lane keeps its own keys and values.
    memoryBytes: folder.sizeBytes + contextTokens * numbersPerToken * 4 * LANES.length,
    details: {
      precision: folder.dtype,
      producer,
      contextTokens,
      batchTokens,
      threads,
      device: provider,
      keyValues: layout.shared ? 'in place' : 'copied',
    },
  };
}

class OnnxTokenModel implements TokenModel {
  readonly info: ModelInfo;
  readonly vocabulary: Vocabulary;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly stateKey: string;
  readonly #parts: LlmParts;
  readonly #sessions = new Map<Lane, TokenSession>();

  constructor(parts: LlmParts, says: Pick<TokenModel, 'info' | 'vocabulary' | 'stateKey'>) {
    this.#parts = parts;
    this.vocabulary = says.vocabulary;
    this.info = says.info;
    this.stateKey = says.stateKey;
    this.contextTokens = parts.contextTokens;
    this.batchTokens = parts.batchTokens;
  }

  session(lane: Lane): TokenSession {
    let session = this.#sessions.get(lane);
    if (session === undefined) {
      session = new OnnxTokenSession(this.#parts);
      this.#sessions.set(lane, session);
    }
    return session;
  }

  async dispose(): Promise<void> {
    this.#sessions.clear();
    await this.#parts.session.release();
  }
}
