import { modelSpec } from '../../../runtime/modelhost/options.ts';
import { LanguageModels } from '../../../runtime/modelhost/tokens/language-models.ts';
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

/** Tokens a listing, a question and an answer take at most, with room to spare. */
const CONTEXT_TOKENS = 512;

/** Loads the embedded model in this process, on the processor. Throws what loading throws. */
export async function loadSynapse(
  file: string,
  onDecided: (ms: number) => void,
  threshold = 0.5,
): Promise<LoadedSynapse> {
  const { loadLlama } = await import('../../../runtime/modelhost/engines/llama/load.ts');
  const spec = { ...modelSpec(file, { contextTokens: CONTEXT_TOKENS, device: 'cpu' }), threads: 1 };
  const models = new LanguageModels({
    mono: () => performance.now(),
    random: Math.random,
    prefixes: undefined,
  });
  const model = await models.make(spec, async () => loadLlama(spec, new AbortController().signal, () => {}));
  const alone = new ModelAnswerer(model, { threshold, onDecided });
  return {
    pair: pairOf(alone),
    alone,
    dispose: async () => model.dispose(),
  };
}
