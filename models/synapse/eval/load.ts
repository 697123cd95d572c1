import { CONTEXT_TOKENS } from '../../../runtime/modelhost/synapse/pose.ts';
import type { Decided, LoadedModel } from '../../../runtime/contract/engine.ts';
import { modelSpec } from '../../../runtime/modelhost/options.ts';
import { LanguageModels } from '../../../runtime/modelhost/tokens/language-models.ts';
import type { TokenModel } from '../../../runtime/modelhost/tokens/token-model.ts';
import type { Answerer } from './case.ts';
import { ModelAnswerer } from './model.ts';
import { pairOf } from './pair.ts';

export interface LoadedSynapse {
  /** The linker where it is certain, the model where it is not: what `ask` does. */
  readonly pair: Answerer;
  /** The model alone. */
  readonly alone: Answerer;
  dispose(): Promise<void>;
}

export interface AnswererSettings {
  readonly threshold: number;
  readonly temperature: number;
}

/** Loads the embedded model in this process, on the processor. Throws what loading throws. */
export async function loadSynapse(
  file: string,
  onDecided: (ms: number, decided: Decided) => void,
  { threshold, temperature }: AnswererSettings = { threshold: 0.5, temperature: 1 },
): Promise<LoadedSynapse> {
  const model = await loadTokens(file);
  const alone = new ModelAnswerer(model, { threshold, temperature, onDecided });
  return {
    pair: pairOf(alone),
    alone,
    dispose: async () => model.dispose(),
  };
}

/**
 * The model alone: a GGUF file, or the folder of an ONNX model.
 * @param watched makes another model of tokens of it, one that tells what it is asked for instance
 */
export async function loadTokens(
  file: string,
  watched: (model: TokenModel) => TokenModel = (model) => model,
): Promise<LoadedModel> {
  const settings = {
    contextTokens: CONTEXT_TOKENS,
    batchTokens: CONTEXT_TOKENS,
    device: 'cpu',
    threads: 1,
  } as const;
  const spec = modelSpec(file, settings);
  const models = new LanguageModels({
    mono: () => performance.now(),
    random: Math.random,
    prefixes: undefined,
  });
  const { signal } = new AbortController();
  return models.make(spec, async () => {
    if (!file.endsWith('.gguf')) {
      const { loadOnnxLlm } = await import('../../../runtime/modelhost/engines/onnx/llm.ts');
      return watched(await loadOnnxLlm(spec, signal));
    }
    const { loadLlama } = await import('../../../runtime/modelhost/engines/llama/load.ts');
    return watched(await loadLlama(spec, signal, () => {}));
  });
}
