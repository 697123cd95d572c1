import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { Lane, ModelInfo } from '../../../contract/engine.ts';
import type { GrammarState, TokenModel, TokenSession, Vocabulary } from '../../tokens/token-model.ts';
import { grammarFor } from './grammar.ts';
import type { LlamaSession } from './session.ts';

export interface LlamaParts {
  readonly info: ModelInfo;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly sessions: Readonly<Record<Lane, LlamaSession>>;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly stateKey: string;
}

/** A GGUF model: one set of weights, one context with a sequence for each lane. */
export class LlamaTokenModel implements TokenModel {
  readonly info: ModelInfo;
  readonly vocabulary: Vocabulary;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly stateKey: string;
  readonly #parts: LlamaParts;

  constructor(parts: LlamaParts) {
    this.#parts = parts;
    this.info = parts.info;
    this.vocabulary = parts.vocabulary;
    this.contextTokens = parts.contextTokens;
    this.batchTokens = parts.batchTokens;
    this.stateKey = parts.stateKey;
  }

  session(lane: Lane): TokenSession {
    return this.#parts.sessions[lane];
  }

  async grammar(schema: object): Promise<GrammarState> {
    const { llama, model, info } = this.#parts;
    return grammarFor(llama, model, info.file, schema);
  }

  async dispose(): Promise<void> {
    for (const session of Object.values(this.#parts.sessions)) await session.close();
    await this.#parts.context.dispose();
    await this.#parts.model.dispose();
  }
}
