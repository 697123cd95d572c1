import type { LoadedModel } from '../../contract/engine.ts';
import type { HostCounters } from '../protocol.ts';
import { LanguageModel, type LanguageModelParts } from './language-model.ts';
import type { TokenModel } from './token-model.ts';

/** Makes language models of what engines bring, and counts over all of them. */
export class LanguageModels {
  readonly #parts: Omit<LanguageModelParts, 'onDispose'>;
  readonly #models = new Set<LanguageModel>();

  constructor(parts: Omit<LanguageModelParts, 'onDispose'>) {
    this.#parts = parts;
  }

  /** Disposes of the tokens' model where it cannot be used. Throws MODEL_UNSUPPORTED. */
  async make(loading: Promise<TokenModel>): Promise<LoadedModel> {
    const tokens = await loading;
    try {
      const model: LanguageModel = new LanguageModel(tokens, {
        ...this.#parts,
        onDispose: () => this.#models.delete(model),
      });
      this.#models.add(model);
      return model;
    } catch (error) {
      await tokens.dispose();
      throw error;
    }
  }

  get counters(): HostCounters {
    const { prefixes } = this.#parts;
    const automata = [...this.#models].map((model) => model.automata);
    return {
      prefixHits: prefixes?.counters.hits ?? 0,
      prefixMisses: prefixes?.counters.misses ?? 0,
      prefixBytes: prefixes?.counters.bytes ?? 0,
      automatonHits: automata.reduce((sum, { hits }) => sum + hits, 0),
      automatonMisses: automata.reduce((sum, { misses }) => sum + misses, 0),
    };
  }
}
