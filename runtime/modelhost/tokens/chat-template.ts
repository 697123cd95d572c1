import { randomBytes } from 'node:crypto';
import { GanglionError, isGanglionError, messageOf } from '../../errors.ts';
import type { ChatMessage } from '../../contract/engine.ts';
import { cutAtControls } from './control-names.ts';
import { compileRenderer, type TemplateRenderer } from './template-renderer.ts';
import type { TokenId, Vocabulary } from './token-model.ts';

export type ChatRole = ChatMessage['role'];

/** A stretch of a rendered conversation: the template's own text, a control token, or the place of message `content`. */
export type Piece =
  | { readonly text: string }
  | { readonly token: TokenId }
  | {
      /** Index of the message */
      readonly content: number;
    };

/**
 * How a model wants to be talked to. Contents are never shown to the template: it is rendered with random marks in
 * their places and cut at the marks, so nothing that a device or a person writes can become part of the template.
 *
 *     render  <|im_start|>system⏎ MARK0 <|im_end|>⏎<|im_start|>user⏎ MARK1 <|im_end|>⏎<|im_start|>assistant⏎
 *     pieces  token      text     content token  text token  text   content token   text token   text
 *
 * A model without a template gets plain text: system, blank line, user, blank line; a conversation with answers in it
 * has `User: ` and `Assistant: ` before its messages.
 */
export interface ChatTemplate {
  /**
   * Pieces for messages of these roles and what opens the answer. Every message has exactly one place.
   * Throws MODEL_QUESTION_INVALID where the template does not accept this order of roles.
   */
  chat(roles: readonly ChatRole[]): readonly Piece[];
  /**
   * Pieces for one question; always the same. Message 0 is the system text, message 1 the user's; without `system` there
   * is only message 1. Throws MODEL_UNSUPPORTED.
   */
  prompt(system: boolean): readonly Piece[];
}

export interface ChatTemplateOptions {
  /** The model, for messages about it. */
  readonly file: string;
  readonly vocabulary: Vocabulary;
  /** Hexadecimal, unguessable: the mark. Default: 128 random bits. */
  readonly nonce?: string;
}

export const MAX_MESSAGES = 512;

/** Throws MODEL_UNSUPPORTED if the template cannot be used for one question. */
export function compileChatTemplate(options: ChatTemplateOptions): ChatTemplate {
  const source = options.vocabulary.chatTemplate;
  if (source === undefined) return PLAIN;
  const template = new JinjaChatTemplate(options, source);
  template.prompt(true);
  return template;
}

/** A message as the template is to see it; several contents where messages had to be put together. */
interface Turn {
  readonly role: ChatRole;
  readonly slots: readonly number[];
}

class JinjaChatTemplate implements ChatTemplate {
  readonly #options: ChatTemplateOptions;
  readonly #nonce: string;
  readonly #renderer: TemplateRenderer;
  readonly #prompts = new Map<boolean, readonly Piece[]>();

  constructor(options: ChatTemplateOptions, source: string) {
    this.#options = options;
    this.#nonce = options.nonce ?? randomBytes(16).toString('hex');
    try {
      this.#renderer = compileRenderer(source);
    } catch (error) {
      throw this.#unsupported(error);
    }
  }

  chat(roles: readonly ChatRole[]): readonly Piece[] {
    const { file } = this.#options;
    const invalid = (expected: string, received: string, cause?: unknown): GanglionError =>
      new GanglionError('MODEL_QUESTION_INVALID', { file, expected, received }, { cause });
    if (roles.length < 1 || roles.length > MAX_MESSAGES) {
      throw invalid(`1 to ${MAX_MESSAGES} messages`, `${roles.length}`);
    }
    const turns = roles.map((role, i) => ({ role, slots: [i] }));
    try {
      return this.#layout(turns, false);
    } catch (error) {
      throw invalid(
        "an order of messages that the model's chat template accepts",
        `one it refuses: ${reasonOf(error)}`,
        error,
      );
    }
  }

  prompt(system: boolean): readonly Piece[] {
    let pieces = this.#prompts.get(system);
    if (pieces !== undefined) return pieces;
    const user: Turn = { role: 'user', slots: [1] };
    try {
      pieces = this.#layout(system ? [{ role: 'system', slots: [0] }, user] : [user], true);
    } catch (error) {
      throw this.#unsupported(error);
    }
    this.#prompts.set(system, pieces);
    return pieces;
  }

  #unsupported(error: unknown): GanglionError {
    const { file } = this.#options;
    const reason = `its chat template cannot be used: ${reasonOf(error)}`;
    return new GanglionError('MODEL_UNSUPPORTED', { file, reason }, { cause: error });
  }

  /**
   * Templates differ in what they accept. Tried in turn: the messages as they are; system texts put together in front
   * and neighbours of one role joined (alternation); the system text in front of the first user's (no system role).
   * Each with contents as strings and as lists of parts, and without and with a `strftime_now`, which gives an empty
   * text: a date would spoil the kept prefix every day.
   */
  #layout(turns: readonly Turn[], ordered: boolean): readonly Piece[] {
    const slots = turns.flatMap((turn) => turn.slots);
    const joined = joinTurns(turns);
    let first: unknown;
    for (const attempt of [turns, joined, foldSystem(joined)]) {
      for (const parts of [false, true]) {
        for (const dated of [false, true]) {
          try {
            return this.#cut(this.#render(attempt, parts, dated), slots, ordered);
          } catch (error) {
            // Another form of the same messages would take as long.
            if (isGanglionError(error) && error.code === 'TEMPLATE_LIMIT') throw error;
            first ??= error;
          }
        }
      }
    }
    throw first;
  }

  #mark(name: string | number): string {
    return `${this.#nonce}x${name}x`;
  }

  #render(turns: readonly Turn[], parts: boolean, dated: boolean): string {
    const { bos, ends } = this.#options.vocabulary;
    const messages = turns.map(({ role, slots }) => {
      const text = slots.map((slot) => this.#mark(slot)).join('\n\n');
      // A template that knows no lists of parts would print them; the mark in there gives that away.
      return { role, content: parts ? [{ type: 'text', text, mark: this.#nonce }] : text };
    });
    return this.#renderer.render({
      messages,
      bos_token: bos === undefined ? '' : this.#mark('bos'),
      eos_token: ends[0] === undefined ? '' : this.#mark('eos'),
      add_generation_prompt: true,
      // Models that think aloud first: an answer of a closed language leaves no room for it.
      enable_thinking: false,
      thinking: false,
      tools: null,
      documents: null,
      ...(dated ? { strftime_now: () => '' } : {}),
    });
  }

  /** Throws TEMPLATE_UNSUPPORTED if a content is missing, repeated, cut or, where it matters, out of order. */
  #cut(rendered: string, slots: readonly number[], ordered: boolean): readonly Piece[] {
    const { bos, ends, chatTemplate = '' } = this.#options.vocabulary;
    const refuse = (reason: string): GanglionError =>
      new GanglionError('TEMPLATE_UNSUPPORTED', { template: `${chatTemplate.slice(0, 80)}…`, reason });
    const pieces: Piece[] = [];
    const seen: number[] = [];
    // Odd places hold the names of the marks.
    closeThinking(rendered)
      .split(new RegExp(`${this.#nonce}x(\\d+|bos|eos)x`))
      .forEach((piece, i) => {
        if (i % 2 === 1) {
          if (piece === 'bos' || piece === 'eos') {
            pieces.push({ token: piece === 'bos' ? bos! : ends[0]! });
            return;
          }
          seen.push(Number(piece));
          pieces.push({ content: Number(piece) });
          return;
        }
        if (piece.includes(this.#nonce.slice(0, 8))) throw refuse('it changes the content of a message');
        for (const token of cutAtControls(piece, this.#options.vocabulary)) {
          pieces.push(typeof token === 'string' ? { text: token } : { token });
        }
      });
    const unique = new Set(seen);
    if (unique.size < seen.length) throw refuse('it repeats the content of a message');
    if (slots.some((slot) => !unique.has(slot))) throw refuse('it leaves out the content of a message');
    if (ordered && seen.some((slot, i) => slot < (seen[i - 1] ?? 0))) {
      throw refuse("it puts the user's text before the system's");
    }
    return pieces;
  }
}

function reasonOf(error: unknown): string {
  if (!isGanglionError(error)) return messageOf(error).slice(0, 300);
  const { fields } = error;
  if ('reason' in fields) return fields.reason.slice(0, 300);
  return 'limit' in fields ? `it does not stay within ${fields.limit}` : error.message;
}

/** An answer that begins inside an open thinking block would be thought, not said: the block is closed, empty. */
function closeThinking(rendered: string): string {
  const open = rendered.lastIndexOf('<think>');
  if (open === -1 || rendered.includes('</think>', open)) return rendered;
  if (rendered.slice(open + '<think>'.length).trim() !== '') return rendered;
  return `${rendered.trimEnd()}\n\n</think>\n\n`;
}

function joinTurns(turns: readonly Turn[]): Turn[] {
  const systems = turns.filter((turn) => turn.role === 'system');
  const others = turns.filter((turn) => turn.role !== 'system');
  const out: Turn[] = [];
  for (const turn of [...systems, ...others]) {
    const last = out.at(-1);
    if (last?.role === turn.role) {
      out[out.length - 1] = { role: turn.role, slots: [...last.slots, ...turn.slots] };
    } else out.push(turn);
  }
  return out;
}

function foldSystem(turns: readonly Turn[]): readonly Turn[] {
  const [system, user, ...rest] = turns;
  if (system?.role !== 'system') return turns;
  const role = 'user';
  if (user === undefined) return [{ role, slots: system.slots }];
  if (user.role !== role) return [{ role, slots: system.slots }, user, ...rest];
  return [{ role, slots: [...system.slots, ...user.slots] }, ...rest];
}

/** For models without a chat template, which continue text. */
const PLAIN: ChatTemplate = {
  chat(roles) {
    const labelled = roles.includes('assistant');
    const label = (role: ChatRole): string =>
      labelled && role !== 'system' ? (role === 'user' ? 'User: ' : 'Assistant: ') : '';
    const pieces = roles.flatMap((role, content): Piece[] => [
      { text: label(role) },
      { content },
      { text: '\n\n' },
    ]);
    return labelled ? [...pieces, { text: 'Assistant:' }] : pieces;
  },
  prompt: (system) =>
    system
      ? [{ content: 0 }, { text: '\n\n' }, { content: 1 }, { text: '\n\n' }]
      : [{ content: 1 }, { text: '\n\n' }],
};
