import type { Tokenizer } from '@huggingface/tokenizers';
import type { TokenId, Vocabulary } from '../../tokens/token-model.ts';
import { firstToken, namedTokens, plainTokenizer, type TokenizerJson } from './plain-tokenizer.ts';

/** What the files of a folder in transformers' layout say about its words. */
export interface VocabularyFiles {
  readonly tokenizer: TokenizerJson;
  /** tokenizer_config.json */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  readonly chatTemplate: string | undefined;
  /** What ends an answer, as the model's configurations have it. */
  readonly ends: readonly TokenId[];
  /** Width of the output: may be more than there are tokens. */
  readonly size: number;
}

/**
 * The vocabulary of a folder in transformers' layout. transformers' own tokenizer finds added tokens in any text; here
 * its library gets the tokenizer without them, and they are looked up by name.
 */
export class OnnxVocabulary implements Vocabulary {
  readonly size: number;
  readonly bos: TokenId | undefined;
  readonly ends: readonly TokenId[];
  readonly chatTemplate: string | undefined;
  readonly #plain: Tokenizer;
  /** Added tokens: id → name. */
  readonly #names = new Map<TokenId, string>();
  readonly #controls = new Map<string, TokenId>();

  constructor(files: VocabularyFiles, Library: typeof Tokenizer) {
    const { tokenizer, tokenizerConfig, chatTemplate } = files;
    this.size = files.size;
    this.chatTemplate = chatTemplate;
    this.#plain = new Library(plainTokenizer(tokenizer), {
      ...tokenizerConfig,
      clean_up_tokenization_spaces: false,
    });
    for (const { id, content, special } of namedTokens(tokenizer)) {
      this.#names.set(id, content);
      // Many models have the markers of their chat template as added tokens that are not special. A single character
      // marks nothing.
      if (special === true || [...content].length > 1) this.#controls.set(content, id);
    }
    this.bos = firstToken(tokenizer) ?? this.#configuredBos(tokenizerConfig);
    this.ends = this.#turnFirst(files.ends);
  }

  tokenize(text: string): TokenId[] {
    if (text === '') return [];
    const ids = this.#encode(text);
    if (!ids.some((id) => this.#names.has(id))) return ids;
    // Its name is also what merging gives: taken apart after its first character.
    return ids.flatMap((id) => {
      const name = this.#names.get(id);
      if (name === undefined) return id;
      const [first = ''] = name;
      return [...this.#encode(first), ...this.tokenize(name.slice(first.length))];
    });
  }

  detokenize(tokens: readonly TokenId[]): string {
    let text = '';
    let run: number[] = [];
    const flush = (): void => {
      if (run.length > 0) text += this.#plain.decode(run, { skip_special_tokens: false });
      run = [];
    };
    for (const token of tokens) {
      const name = this.#names.get(token);
      if (name !== undefined) {
        flush();
        text += name;
      } else if (this.#plain.id_to_token(token) !== undefined) run.push(token);
    }
    flush();
    return text;
  }

  control(name: string): TokenId | undefined {
    return this.#controls.get(name);
  }

  #encode(text: string): TokenId[] {
    return text === '' ? [] : this.#plain.encode(text, { add_special_tokens: false }).ids;
  }

  #configuredBos(config: Readonly<Record<string, unknown>>): TokenId | undefined {
    if (config['add_bos_token'] !== true) return undefined;
    const token = config['bos_token'] as string | { readonly content?: string } | null | undefined;
    const name = typeof token === 'string' ? token : token?.content;
    return name === undefined ? undefined : this.#controls.get(name);
  }

  /** First the one that ends a turn in this model's chat template. */
  #turnFirst(ends: readonly TokenId[]): readonly TokenId[] {
    const turn = ends.find((id) => this.chatTemplate?.includes(this.#names.get(id) ?? '\0') === true);
    return turn === undefined ? ends : [turn, ...ends.filter((id) => id !== turn)];
  }
}
