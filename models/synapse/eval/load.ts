import { modelSpec } from '../../../runtime/modelhost/options.ts';
import { LanguageModels } from '../../../runtime/modelhost/tokens/language-models.ts';
import type { Answerer } from './case.ts';
import { ModelAnswerer } from './model.ts';

export interface LoadedSynapse {
  readonly answerer: Answerer;
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
  return {
    answerer: new ModelAnswerer(model, { threshold, onDecided }),
    dispose: async () => model.dispose(),
  };
}
