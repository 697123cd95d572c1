import { LlamaVocabularyType, type LlamaModel, type Token } from 'node-llama-cpp';
import type { TokenId, Vocabulary } from '../../tokens/token-model.ts';

/**
 * The vocabulary of a GGUF model. Text becomes tokens in llama.cpp. Tokens become text here, from their bytes: the
 * library's way drops a leading space and, for some vocabularies, spaces before punctuation.
 */
export class LlamaVocabulary implements Vocabulary {
  readonly size: number;
  readonly bos: TokenId | undefined;
  readonly ends: readonly TokenId[];
  readonly chatTemplate: string | undefined;
  readonly #model: LlamaModel;
  readonly #names: readonly string[];
  readonly #spm: boolean;
  readonly #bytesOf: ((token: TokenId) => Uint8Array) | undefined;
  /** What stands before a text that follows other text, where the library would put a space before it. */
  readonly #anchor: string;
  readonly #anchorTokens: readonly TokenId[];
  readonly #markers: ReadonlySet<TokenId>;

  constructor(model: LlamaModel) {
    const { metadata } = model.fileInfo;
    this.#model = model;
    this.#names = metadata.tokenizer.ggml.tokens;
    this.size = this.#names.length;
    const type = model.vocabularyType;
    this.#spm = type === LlamaVocabularyType.spm;
    if (this.#spm) this.#bytesOf = (token) => this.#spmBytes(token);
    else if (type === LlamaVocabularyType.bpe) this.#bytesOf = (token) => this.#bpeBytes(token);
    this.#anchor = this.#spm || type === LlamaVocabularyType.ugm ? anchorFor(this.#names) : '';
    this.#anchorTokens = this.#anchor === '' ? [] : model.tokenize(this.#anchor, false);
    this.#markers = this.#findMarkers();
    const { bos, shouldPrependBosToken } = model.tokens;
    this.bos = bos !== null && shouldPrependBosToken ? bos : undefined;
    this.chatTemplate = metadata.tokenizer.chat_template;
    this.ends = this.#findEnds();
  }

  tokenize(text: string): TokenId[] {
    const tokens = this.#plain(text);
    const marker = tokens.find((token) => this.#markers.has(token));
    if (marker === undefined) return tokens;
    // The library finds user-defined tokens such as <tool_call> or [INST] in plain text too, and merging may give any
    // token. Here it is data: cut after its first character.
    const name = [this.#names[marker]!, this.#spelled(marker)].find(
      (each) => !isOne(each) && text.includes(each),
    );
    if (name === undefined) {
      return isOne(text) ? tokens : [...text].flatMap((each) => this.tokenize(each));
    }
    const pieces = text.split(name);
    const [first = ''] = name;
    return pieces.flatMap((piece, i) => {
      const head = i === 0 ? '' : name.slice(first.length);
      return this.tokenize(head + piece + (i === pieces.length - 1 ? '' : first));
    });
  }

  detokenize(tokens: readonly TokenId[]): string {
    const bytesOf = this.#bytesOf;
    if (bytesOf === undefined) return this.#model.detokenize([...tokens] as Token[], true);
    return Buffer.concat(tokens.map(bytesOf)).toString('utf8');
  }

  control(name: string): TokenId | undefined {
    if (name === '') return undefined;
    const [token, ...others] = this.#model.tokenize(name, true);
    if (token === undefined || others.length > 0) return undefined;
    if (this.#names[token] !== name) return undefined;
    // Many models have the markers of their chat template as user-defined tokens.
    return this.#markers.has(token) || this.#model.getTokenAttributes(token).control ? token : undefined;
  }

  #plain(text: string): TokenId[] {
    if (text === '') return [];
    if (this.#anchor === '') return this.#model.tokenize(text, false);
    return this.#model.tokenize(this.#anchor + text, false).slice(this.#anchorTokens.length);
  }

  /** GPT-2 writes each byte of a token as one character; named tokens stand for themselves. */
  #bpeBytes(token: TokenId): Uint8Array {
    const name = this.#names[token] ?? '';
    const { control, userDefined, unknown, unused } = this.#model.getTokenAttributes(token as Token);
    return control || userDefined || unknown || unused ? Buffer.from(name) : gpt2Bytes(name);
  }

  /** SentencePiece writes a space as U+2581 and a byte without a token of its own as <0x0A>. */
  #spmBytes(token: TokenId): Uint8Array {
    const name = this.#names[token] ?? '';
    const { byte, normal } = this.#model.getTokenAttributes(token as Token);
    if (byte) return Uint8Array.of(Number.parseInt(name.slice(3, 5), 16));
    return Buffer.from(normal ? name.replaceAll(SPM_SPACE, ' ') : name);
  }

  /** The text that merging would make the token from, were it an ordinary one. */
  #spelled(token: TokenId): string {
    const name = this.#names[token]!;
    return this.#spm ? name.replaceAll(SPM_SPACE, ' ') : Buffer.from(gpt2Bytes(name)).toString('utf8');
  }

  /**
   * Control and user-defined tokens: what stands for something else than its text. Runs of white space mark nothing, and
   * a single character cannot be written in another way.
   */
  #findMarkers(): ReadonlySet<TokenId> {
    const found = new Set<TokenId>();
    for (const [token, name] of this.#names.entries()) {
      const { control, userDefined } = this.#model.getTokenAttributes(token as Token);
      if ((control || userDefined) && !isSpace(name) && !isOne(name)) found.add(token);
    }
    return found;
  }

  /** Every token that ends generation; first the one that ends a turn in this model's chat template. */
  #findEnds(): TokenId[] {
    const { eos, eot } = this.#model.tokens;
    const template = this.chatTemplate;
    const named = (token: TokenId | null): boolean =>
      token !== null && template?.includes(this.#names[token] ?? '\0') === true;
    const all: TokenId[] = [];
    for (let token = 0; token < this.size; token++) {
      if (this.#model.isEogToken(token as Token)) all.push(token);
    }
    const turn =
      (named(eot) ? eot : undefined) ??
      all.find(named) ??
      (template?.includes('eos_token') === true ? eos : undefined) ??
      (template === undefined ? eos : (eot ?? eos)) ??
      undefined;
    return turn === undefined ? all : [turn, ...all.filter((token) => token !== turn)];
  }
}

/** How SentencePiece writes a space: U+2581. */
const SPM_SPACE = '\u2581';

function isSpace(name: string): boolean {
  return name.replaceAll(SPM_SPACE, ' ').trim() === '';
}

/** A single character. */
function isOne(text: string): boolean {
  return text.length <= 2 && [...text].length <= 1;
}

function gpt2Bytes(name: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of name) {
    const byte = GPT2_BYTES.get(character);
    if (byte === undefined) bytes.push(...Buffer.from(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A character that is part of no longer token, so that nothing grows together with it. */
function anchorFor(names: readonly string[]): string {
  const free = ['\n', '\u0001', '\u0002', '\u0003'].find(
    (anchor) => !names.some((name) => name.length > 1 && name.includes(anchor)),
  );
  return free ?? '\n';
}

/** The characters GPT-2's vocabularies write bytes as: printable ones as themselves, the others from U+0100 on. */
const GPT2_BYTES: ReadonlyMap<string, number> = new Map(
  (() => {
    let moved = 0;
    return Array.from({ length: 256 }, (_, byte) => {
      const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
      return [String.fromCodePoint(printable ? byte : 256 + moved++), byte] as const;
    });
  })(),
);
