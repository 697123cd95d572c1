import type { AnswerLanguage } from '../../contract/answer.ts';
import type { Vocabulary } from '../tokens/token-model.ts';
import { compileAnswer } from './compile.ts';
import type { TokenAutomaton } from './token-automaton.ts';

export interface AutomatonCacheOptions {
  /** Automata kept. Default 32: a house has few shapes, and policies few sets of choices. */
  readonly entries?: number;
  /** Edges of all of them together, 8 bytes each and as much again for texts. Default 2 000 000. */
  readonly edges?: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

/** The compiled automata of one vocabulary, by their languages' keys. What was not asked for the longest goes first. */
export class AutomatonCache {
  hits = 0;
  misses = 0;
  evicted = 0;
  /** Time spent compiling, altogether. */
  compileMs = 0;
  readonly #vocabulary: Vocabulary;
  readonly #options: Required<AutomatonCacheOptions>;
  /** Oldest use first. */
  readonly #kept = new Map<string, TokenAutomaton>();
  #edges = 0;

  constructor(vocabulary: Vocabulary, options: AutomatonCacheOptions) {
    this.#vocabulary = vocabulary;
    this.#options = { entries: 32, edges: 2_000_000, ...options };
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Throws MODEL_QUESTION_INVALID. */
  get(language: AnswerLanguage): TokenAutomaton {
    const kept = this.#kept.get(language.key);
    if (kept !== undefined) {
      this.hits += 1;
      this.#kept.delete(language.key);
      this.#kept.set(language.key, kept);
      return kept;
    }
    this.misses += 1;
    const from = this.#options.now();
    const automaton = compileAnswer(language, this.#vocabulary);
    this.compileMs += this.#options.now() - from;
    this.#kept.set(language.key, automaton);
    this.#edges += automaton.token.length;
    this.#evict();
    return automaton;
  }

  /** The newest stays, however large it is. */
  #evict(): void {
    for (const [key, automaton] of this.#kept) {
      const full = this.#kept.size > this.#options.entries || this.#edges > this.#options.edges;
      if (!full || this.#kept.size === 1) {
        return;
      }
      this.#kept.delete(key);
      this.#edges -= automaton.token.length;
      this.evicted += 1;
    }
  }
}
