import type { LoadedModel, ModelSpec } from '../../contract/engine.ts';
import type { HostCounters } from '../protocol.ts';
import { modelDigest } from '../prefix/digest.ts';
import { LanguageModel, type LanguageModelParts } from './language-model.ts';
import type { TokenModel } from './token-model.ts';

/** What all models of a host share. */
export type SharedParts = Omit<LanguageModelParts, 'onDispose' | 'owner'>;

/** Makes language models of what engines bring, and counts over all of them. */
export class LanguageModels {
  readonly #parts: SharedParts;
  readonly #models = new Set<LanguageModel>();

  constructor(parts: SharedParts) {
    this.#parts = parts;
  }

  /**
   * Loads a model of tokens with `load` and makes a model of it that can be asked. Throws MODEL_UNSUPPORTED if its chat
   * template cannot be used, and what `load` throws.
   */
  async make(spec: ModelSpec, load: () => Promise<TokenModel>): Promise<LoadedModel> {
    // Before the weights are read: a file that is replaced in between must not pass for the one that was loaded.
    const digest = await this.#digest(spec);
    const tokens = await load();
    try {
      const model: LanguageModel = new LanguageModel(tokens, {
        ...this.#parts,
        // States of a model that cannot be told from others would be taken for theirs.
        prefixes: digest === undefined ? undefined : this.#parts.prefixes,
        owner: { digest: digest ?? '', stateKey: tokens.stateKey },
        onDispose: () => this.#models.delete(model),
      });
      this.#models.add(model);
      return model;
    } catch (error) {
      await tokens.dispose();
      throw error;
    }
  }

  /** Resolves when what is to be kept on disk is there. */
  async settled(): Promise<void> {
    await this.#parts.prefixes?.settled();
  }

  /** Undefined: nothing is kept, or a file cannot be read, which is the engine's to report, with the reason. */
  async #digest({ file, lora = [] }: ModelSpec): Promise<string | undefined> {
    if (this.#parts.prefixes === undefined) return undefined;
    try {
      return await modelDigest([file, ...lora.map((adapter) => adapter.file)]);
    } catch {
      return undefined;
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
