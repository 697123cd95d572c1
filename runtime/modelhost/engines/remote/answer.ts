import type { AnswerLanguage } from '../../../contract/answer.ts';
import { invalid, isObject, parse, quote, type Completion, type TokenLogprob } from './completion.ts';
import { ANSWER } from './messages.ts';

/** What this engine needs to know of answer languages. */
export interface AnswerRules {
  /** JSON schema of a string of the language, control tokens as their plain text. */
  schema(language: AnswerLanguage): object;
  /** The string of the language that this text is, control tokens by their names; undefined: it is none. */
  member(language: AnswerLanguage, text: string): string | undefined;
}

/** `response_format` of the request: an object whose one member is the answer. */
export function responseFormat(schema: object): object {
  return {
    type: 'json_schema',
    json_schema: {
      name: 'decision',
      strict: true,
      schema: {
        type: 'object',
        properties: { [ANSWER]: schema },
        required: [ANSWER],
        additionalProperties: false,
      },
    },
  };
}

/**
 * The answer in a completion. Nothing is mended: what is not JSON, of another shape, cut off or outside the language
 * is no answer. Throws REMOTE_ANSWER_INVALID.
 */
export function readAnswer(
  completion: Completion,
  language: AnswerLanguage,
  rules: AnswerRules,
  server: string,
): string {
  const { text, finish } = completion;
  if (finish === 'length')
    throw invalid(server, 'an answer that comes to an end', `one cut off at its token limit: ${quote(text)}`);
  const value = parse(text, server);
  const answer = isObject(value) && Object.keys(value).length === 1 ? value[ANSWER] : undefined;
  if (typeof answer !== 'string') throw invalid(server, `{"${ANSWER}": "…"}`, quote(text));
  const member = rules.member(language, answer);
  if (member === undefined) throw invalid(server, 'one of the possible answers', quote(answer));
  return member;
}

/**
 * How likely the model found the answer: the product over the tokens that spell it and its closing quotation mark.
 * That is among all texts the model could have written, not among the allowed answers. Undefined where the server gave
 * no figures, or figures for other tokens than the text's.
 */
export function answerProbability({ text, logprobs }: Completion): number | undefined {
  if (logprobs.length === 0) return undefined;
  const span = answerSpan(text);
  const spelled = aligned(Buffer.from(text), logprobs);
  if (span === undefined || spelled === undefined) return undefined;
  let sum = 0;
  let at = 0;
  for (const { bytes, logprob } of spelled) {
    const end = at + bytes.length;
    if (end > span.start && at < span.end) {
      if (Number.isNaN(logprob)) return undefined;
      sum += Math.min(0, logprob);
    }
    at = end;
  }
  return Math.exp(sum);
}

/** Where the value of the answer lies in the JSON text, its closing quotation mark included. Bytes. */
function answerSpan(text: string): { start: number; end: number } | undefined {
  const head = new RegExp(String.raw`^\s*\{\s*"${ANSWER}"\s*:\s*"`).exec(text);
  const tail = /"\s*\}\s*$/.exec(text);
  if (head === null || tail === null || tail.index < head[0].length) return undefined;
  return { start: Buffer.byteLength(head[0]), end: Buffer.byteLength(text.slice(0, tail.index + 1)) };
}

/** The tokens that spell the text; servers may add the end-of-turn token. */
function aligned(text: Buffer, logprobs: readonly TokenLogprob[]): readonly TokenLogprob[] | undefined {
  let at = 0;
  for (const [i, { bytes }] of logprobs.entries()) {
    if (at === text.length) return logprobs.slice(0, i);
    if (!text.subarray(at, at + bytes.length).equals(bytes)) return undefined;
    at += bytes.length;
  }
  return at === text.length ? logprobs : undefined;
}
