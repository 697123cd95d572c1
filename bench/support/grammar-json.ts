import {
  getLlama,
  LlamaGrammarEvaluationState,
  LlamaLogLevel,
  type LlamaContextSequence,
  type LlamaJsonSchemaGrammar,
  type LlamaModel,
  type Llama,
  type Token,
} from 'node-llama-cpp';
import type { DecideRequest, ModelSpec, PromptPart } from '../../runtime/contract/engine.ts';
import { boundedThreads } from '../../runtime/modelhost/threads.ts';

/** Commands of the benched house, as its call language writes them. */
const COMMANDS = [
  'on',
  'off',
  'open',
  'close',
  'stop',
  'position',
  'speed',
  'temperature',
  'mode',
  'volume',
  'play',
];

/**
 * The usual way: the same prompt, and an answer in JSON that the library's own grammar holds to a schema. The schema is the
 * shortest that names device, command and value; all three are lists, so that a model with random weights does not write
 * numbers without end.
 */
export class GrammarJson {
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #sequence: LlamaContextSequence;
  readonly #pointers: readonly string[];
  readonly #grammars = new Map<number, LlamaJsonSchemaGrammar<never>>();

  private constructor(llama: Llama, model: LlamaModel, sequence: LlamaContextSequence, candidates: number) {
    this.#llama = llama;
    this.#model = model;
    this.#sequence = sequence;
    this.#pointers = Array.from({ length: candidates }, (_, i) => `e${i + 1}`);
  }

  static async load(spec: ModelSpec, candidates: number): Promise<GrammarJson> {
    const llama = await getLlama({
      gpu: spec.device === undefined || spec.device === 'cpu' ? false : spec.device,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: 0,
      logLevel: LlamaLogLevel.error,
    });
    const model = await llama.loadModel({ modelPath: spec.file });
    const context = await model.createContext({
      contextSize: spec.contextTokens,
      threads: boundedThreads(spec.threads),
      sequences: 1,
    });
    return new GrammarJson(llama, model, context.getSequence(), candidates);
  }

  /** Answers with so many calls; returns how many tokens that took. What the prompt shares with the last one is kept. */
  async answer({ prompt }: DecideRequest, calls: number): Promise<number> {
    const tokens = this.#tokens(prompt.system, prompt.user, prompt.opening ?? '');
    const { firstDifferentIndex } = this.#sequence.compareContextTokens(tokens);
    const kept = Math.min(firstDifferentIndex, tokens.length - 1);
    await this.#sequence.eraseContextTokenRanges([{ start: kept, end: this.#sequence.nextTokenIndex }]);
    const grammar = await this.#grammar(calls);
    const state = new LlamaGrammarEvaluationState({ model: this.#model, grammar });
    const written: Token[] = [];
    for await (const token of this.#sequence.evaluate(tokens.slice(kept), {
      temperature: 0,
      grammarEvaluationState: state,
    })) {
      written.push(token);
      // The grammar lets newlines follow without end; the answer is there as soon as it is whole.
      if (isWhole(this.#model.detokenize(written))) break;
    }
    return written.length;
  }

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }

  async #grammar(calls: number): Promise<LlamaJsonSchemaGrammar<never>> {
    const known = this.#grammars.get(calls);
    if (known !== undefined) return known;
    const call = {
      type: 'object',
      properties: {
        e: { enum: this.#pointers },
        c: { enum: COMMANDS },
        v: { enum: [null, ...Array.from({ length: 101 }, (_, i) => i)] },
      },
    };
    const schema = calls === 1 ? call : { type: 'array', items: call, minItems: calls, maxItems: calls };
    const grammar = (await this.#llama.createGrammarForJsonSchema(
      schema as { readonly type: 'object' },
    )) as never;
    this.#grammars.set(calls, grammar);
    return grammar;
  }

  #tokens(system: readonly PromptPart[], user: readonly PromptPart[], opening: string): Token[] {
    const text = (parts: readonly PromptPart[]): string =>
      parts.map((part) => (typeof part === 'string' ? part : part.otherwise)).join('');
    // The same control tokens and the same text as the chat template of the shapes: ChatML.
    const special = (name: string): Token[] => this.#model.tokenize(name, true);
    const plain = (data: string): Token[] => this.#model.tokenize(data, false);
    return [
      ...special('<|im_start|>'),
      ...plain(`system\n${text(system)}`),
      ...special('<|im_end|>'),
      ...plain('\n'),
      ...special('<|im_start|>'),
      ...plain(`user\n${text(user)}`),
      ...special('<|im_end|>'),
      ...plain('\n'),
      ...special('<|im_start|>'),
      ...plain(`assistant\n${opening}`),
    ];
  }
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
