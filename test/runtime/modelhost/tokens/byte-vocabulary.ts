import type { TokenId, Vocabulary } from '../../../../runtime/modelhost/tokens/token-model.ts';

const CONTROLS_AT = 1000;

export interface ByteVocabularyOptions {
  readonly controls?: readonly string[];
  /** Name of the control token. */
  readonly bos?: string;
  readonly ends?: readonly string[];
  readonly chatTemplate?: string;
}

/**
 * A vocabulary of bytes, with merges of a space and a letter, of two letters and of two line breaks, so that cutting a
 * text elsewhere gives other tokens. Greedy from the left.
 */
export class ByteVocabulary implements Vocabulary {
  readonly bos: TokenId | undefined;
  readonly ends: readonly TokenId[];
  readonly chatTemplate: string | undefined;
  readonly controls: readonly string[];
  /** Texts asked for, to see that nothing is tokenized that need not be. */
  readonly asked: string[] = [];
  readonly #pairs: readonly string[];

  constructor(options: ByteVocabularyOptions = {}) {
    this.controls = options.controls ?? [];
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
    this.#pairs = ['\n\n', '<|', '|>', 'in', 'st', ...letters.map((letter) => ` ${letter}`)];
    this.bos = options.bos === undefined ? undefined : this.control(options.bos);
    this.ends = (options.ends ?? []).map((name) => this.control(name)!);
    this.chatTemplate = options.chatTemplate;
  }

  get size(): number {
    return CONTROLS_AT + this.controls.length;
  }

  tokenize(text: string): TokenId[] {
    this.asked.push(text);
    const bytes = Buffer.from(text);
    const out: TokenId[] = [];
    for (let i = 0; i < bytes.length; i++) {
      const pair = this.#pairs.indexOf(bytes.toString('latin1', i, i + 2));
      if (pair === -1) out.push(bytes[i]!);
      else {
        out.push(256 + pair);
        i++;
      }
    }
    return out;
  }

  detokenize(tokens: readonly TokenId[]): string {
    return Buffer.concat(
      tokens.map((token) => {
        if (token < 256) return Buffer.of(token);
        return Buffer.from(
          token < CONTROLS_AT ? this.#pairs[token - 256]! : this.controls[token - CONTROLS_AT]!,
        );
      }),
    ).toString();
  }

  control(name: string): TokenId | undefined {
    const index = this.controls.indexOf(name);
    return index === -1 ? undefined : CONTROLS_AT + index;
  }

  /** The control tokens among these, by name. */
  controlsIn(tokens: readonly TokenId[]): string[] {
    return tokens.filter((token) => token >= CONTROLS_AT).map((token) => this.controls[token - CONTROLS_AT]!);
  }
}
