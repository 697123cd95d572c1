import { CANCELS, HINTS, LATER, NEGATIONS, QUESTION_OPENERS, REQUEST_OPENERS } from './linker-lexicon.ts';
import type { Token } from './linker-tokenize.ts';

/** What a sentence does, as far as its form tells. */
export type Gist = 'request' | 'question' | 'cancel' | 'negated' | 'later' | 'statement';

const POLITE = new Set(['hey', 'hi', 'hello', 'ok', 'okay', 'please', 'and', 'so', 'now']);
const COPULAS = new Set(['is', 'are', 'was', 'were']);

/** Tells orders from questions, denials, cancellations and plans. Words inside names (`inSpan`) tell nothing. */
export function gistOf(tokens: readonly Token[], inSpan: readonly boolean[], endsAsQuestion: boolean): Gist {
  const words = tokens.filter((_, at) => inSpan[at] !== true).map((token) => token.text);
  const said = words.filter((word) => !POLITE.has(word));
  if (
    CANCELS.some((cancel) => cancel.length === said.length && cancel.every((word, at) => said[at] === word))
  )
    return 'cancel';
  const first =
    tokens.find((token) => !POLITE.has(token.text) || REQUEST_OPENERS.has(token.text))?.text ?? '';
  const makeSure = words.some(
    (word, at) => word === 'ensure' || (word === 'make' && words[at + 1] === 'sure'),
  );
  if (words.some((word, at) => NEGATIONS.has(word) && !(word === 'leave' && words[at + 1] === 'me'))) {
    return QUESTION_OPENERS.has(first) && first !== 'do' ? 'question' : 'negated';
  }
  if (words.includes('tell') || words.includes('whether')) return 'question';
  if (QUESTION_OPENERS.has(first)) return 'question';
  if (words.some((word) => LATER.has(word))) return 'later';
  const asks = endsAsQuestion && !REQUEST_OPENERS.has(first);
  if (asks && !words.includes('mind')) return 'question';
  const complains = words.some((word) => HINTS.has(word));
  return words.some((word) => COPULAS.has(word)) && !makeSure && !complains ? 'statement' : 'request';
}
