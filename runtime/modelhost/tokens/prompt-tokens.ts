import type { ChatMessage, Prompt, PromptPart } from '../../contract/engine.ts';
import { GanglionError } from '../../errors.ts';
import type { ChatTemplate, Piece } from './chat-template.ts';
import type { TokenId, Vocabulary } from './token-model.ts';

/** No vocabulary packs more characters than this into a token on average; longer text is refused before it is tokenized. */
const MAX_CHARS_PER_TOKEN = 24;

/** What prompts are turned into tokens with: one per model. */
export interface PromptReader {
  /** The model, for messages about it. */
  readonly file: string;
  readonly vocabulary: Vocabulary;
  readonly template: ChatTemplate;
  readonly contextTokens: number;
}

export interface PromptTokens {
  readonly tokens: TokenId[];
  /** How many leading tokens depend on `prompt.system` alone: those whose keys and values are worth keeping. */
  readonly prefixLength: number;
}

/**
 * A question in tokens: the system text, the user's, then the opening of the answer, as the model's template has them.
 * Control tokens come from the template and from parts that name one; strings are plain text whatever they look like.
 * Prompts with equal `system` share their first `prefixLength` tokens whatever else they hold.
 * Throws MODEL_QUESTION_INVALID, MODEL_PROMPT_TOO_LONG, MODEL_UNSUPPORTED.
 */
export function promptTokens(prompt: Prompt, reader: PromptReader): PromptTokens {
  const { system, user, opening = '' } = prompt;
  checkCharacters([...system, ...user, opening], reader);
  const run = new TokenRun(reader.vocabulary);
  let prefixLength = 0;
  for (const piece of reader.template.prompt(!isEmpty(system))) {
    if ('content' in piece && piece.content === 1) prefixLength = run.border();
    run.piece(piece, (index) => (index === 0 ? system : user));
  }
  run.text(opening);
  return { tokens: checkTokens(run.end(), reader), prefixLength };
}

/** A conversation in tokens, up to where the answer begins. Throws MODEL_QUESTION_INVALID, MODEL_PROMPT_TOO_LONG. */
export function chatTokens(messages: readonly ChatMessage[], reader: PromptReader): TokenId[] {
  const contents = messages.map((message) => message.content);
  checkCharacters(contents, reader);
  const run = new TokenRun(reader.vocabulary);
  for (const piece of reader.template.chat(messages.map((message) => message.role))) {
    run.piece(piece, (index) => [contents[index]!]);
  }
  return checkTokens(run.end(), reader);
}

function isEmpty(parts: readonly PromptPart[]): boolean {
  return parts.every((part) => part === '');
}

function checkCharacters(parts: readonly PromptPart[], { file, contextTokens }: PromptReader): void {
  const limit = contextTokens * MAX_CHARS_PER_TOKEN;
  const characters = parts.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0);
  if (characters > limit) {
    // At the least: counting them would take longer than saying so.
    const tokens = Math.ceil(characters / MAX_CHARS_PER_TOKEN);
    throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file, tokens, limit: contextTokens - 1 });
  }
}

function checkTokens(tokens: TokenId[], { file, contextTokens }: PromptReader): TokenId[] {
  if (tokens.length === 0) {
    throw new GanglionError('MODEL_QUESTION_INVALID', {
      file,
      expected: 'a prompt with text',
      received: 'an empty one',
    });
  }
  // One place is left for the answer.
  const limit = contextTokens - 1;
  if (tokens.length > limit) {
    throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file, tokens: tokens.length, limit });
  }
  return tokens;
}

/**
 * Collects tokens. Text between two control tokens is tokenized together, the template's and the data's, because models
 * were trained on such text (` word` is another token than ` ` and `word`); `tokenize` makes no control token of it.
 */
class TokenRun {
  readonly #vocabulary: Vocabulary;
  readonly #tokens: TokenId[];
  #text = '';

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#tokens = vocabulary.bos === undefined ? [] : [vocabulary.bos];
  }

  piece(piece: Piece, contentOf: (index: number) => readonly PromptPart[]): void {
    if ('text' in piece) this.text(piece.text);
    else if ('token' in piece) this.#templateToken(piece.token);
    else for (const part of contentOf(piece.content)) this.#part(part);
  }

  text(text: string): void {
    this.#text += text;
  }

  /**
   * Ends what may be shared with other prompts. Returns how many tokens that are. A space right before the border goes
   * with what follows, as vocabularies have it.
   */
  border(): number {
    const space = this.#text.endsWith(' ') ? ' ' : '';
    this.#text = this.#text.slice(0, this.#text.length - space.length);
    this.#flush();
    this.#text = space;
    return this.#tokens.length;
  }

  end(): TokenId[] {
    this.#flush();
    return this.#tokens;
  }

  #part(part: PromptPart): void {
    if (typeof part === 'string') return this.text(part);
    const id = this.#vocabulary.control(part.token);
    if (id === undefined) return this.text(part.otherwise);
    this.#push(id);
  }

  #templateToken(id: TokenId): void {
    // The template may write the token that begins every prompt; it is there already.
    const atStart = this.#tokens.length === 1 && this.#text === '';
    if (atStart && id === this.#vocabulary.bos) return;
    this.#push(id);
  }

  #push(id: TokenId): void {
    this.#flush();
    this.#tokens.push(id);
  }

  #flush(): void {
    if (this.#text !== '')
      for (const token of this.#vocabulary.tokenize(this.#text)) this.#tokens.push(token);
    this.#text = '';
  }
}
