import type { Classified, ClassifyRequest, LoadedModel, ModelInfo } from '../../../contract/engine.ts';
import { GanglionError, messageOf } from '../../../errors.ts';
import { toProbabilities } from '../scores.ts';
import type { TfInput } from './input.ts';
import type { TfNetwork } from './network.ts';
import type { TfBackend, TfRuntime } from './runtime.ts';

interface Parts {
  readonly runtime: TfRuntime;
  readonly network: TfNetwork;
  readonly input: TfInput;
  /** Number of the output with the scores. */
  readonly output: number;
  /** Those to try, fastest first. */
  readonly backends: readonly TfBackend[];
}

/** A TensorFlow.js network as a classifier, on the fastest backend that has all of its operations. */
export class TfClassifier implements LoadedModel {
  readonly #info: ModelInfo;
  readonly #parts: Parts;
  #backends: readonly TfBackend[];
  /** The first of them has computed something. */
  #proven = false;

  constructor(info: ModelInfo, parts: Parts) {
    this.#info = info;
    this.#parts = parts;
    this.#backends = parts.backends;
  }

  get info(): ModelInfo {
    return { ...this.#info, details: { ...this.#info.details, backend: this.#backends[0]! } };
  }

  /** Computes zeros once, which shows what a backend lacks and compiles what it needs. Throws MODEL_UNSUPPORTED, MODEL_LOAD_FAILED. */
  async warmUp(): Promise<void> {
    const { input, runtime } = this.#parts;
    const { file } = this.#info;
    if (!input.fixed) return;
    try {
      await this.#scores(() => input.trial(runtime.libraries));
    } catch (error) {
      throw unsupportedOperation(file, error) ?? loadFailed(file, error);
    }
  }

  async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classified> {
    const { file } = this.#info;
    const aborted = (): GanglionError => new GanglionError('MODEL_ABORTED', { file });
    if (signal.aborted) throw aborted();
    const { input, runtime } = this.#parts;
    const values = await input.read(request);
    if (signal.aborted) throw aborted();
    let scores: ArrayLike<number>;
    try {
      scores = await this.#scores(() => input.tensor(runtime.libraries, values));
    } catch (error) {
      throw (
        unsupportedOperation(file, error) ??
        new GanglionError('MODEL_ANSWER_FAILED', { file, reason: firstLine(error) }, { cause: error })
      );
    }
    const probabilities = toProbabilities(scores);
    if (probabilities === undefined) {
      throw new GanglionError('MODEL_ANSWER_FAILED', {
        file,
        reason: `its output ${this.#parts.network.outputs[this.#parts.output]!.name} is not one row of finite scores`,
      });
    }
    const probability = Math.max(...probabilities);
    return { index: probabilities.indexOf(probability), probability, probabilities };
  }

  async dispose(): Promise<void> {
    const { network, runtime } = this.#parts;
    await runtime.on(this.#backends[0]!, async () => network.dispose());
  }

  /** One row of scores. A backend that fails before it ever worked is given up for the next. */
  async #scores(makeInput: () => ReturnType<TfInput['tensor']>): Promise<ArrayLike<number>> {
    const { runtime, network, output } = this.#parts;
    for (;;) {
      try {
        const scores = await runtime.on(this.#backends[0]!, async () => {
          const input = makeInput();
          try {
            const result = await network.run(input, output);
            try {
              return await result.data();
            } finally {
              result.dispose();
            }
          } finally {
            input.dispose();
          }
        });
        this.#proven = true;
        return scores;
      } catch (error) {
        if (this.#proven || this.#backends.length === 1) throw error;
        this.#backends = this.#backends.slice(1);
      }
    }
  }
}

export function loadFailed(file: string, error: unknown): GanglionError {
  return new GanglionError('MODEL_LOAD_FAILED', { file, reason: firstLine(error) }, { cause: error });
}

/**
 * MODEL_UNSUPPORTED for what the library says about an operation or layer it lacks. It has no codes for that; the sentences
 * are those of 4.22: GraphExecutor, engine.runKernel and deserializeKerasObject.
 */
export function unsupportedOperation(file: string, error: unknown): GanglionError | undefined {
  const text = messageOf(error);
  const operation =
    /Unknown op '([^']+)'/.exec(text)?.[1] ?? /Kernel '([^']+)' not registered/.exec(text)?.[1];
  const layer = /^Unknown (?:\w+): ([^.\s]+)/.exec(text)?.[1];
  const reason =
    operation === undefined
      ? layer && `TensorFlow.js has no layer ${layer}`
      : `TensorFlow.js has no operation ${operation}`;
  return reason === undefined || reason === ''
    ? undefined
    : new GanglionError('MODEL_UNSUPPORTED', { file, reason }, { cause: error });
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0]!.slice(0, 300);
}
