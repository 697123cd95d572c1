import {
  ASIDES,
  CANCELS,
  HINTS,
  IGNORES,
  LATER,
  NEGATIONS,
  ORDER_VERBS,
  QUESTION_OPENERS,
  REQUEST_OPENERS,
  SENSES,
  SUGGESTIONS,
  TELLINGS,
  VERB_NOUNS,
  VERBS,
} from './linker-lexicon.ts';
import { courtesiesIn } from './linker-courtesy.ts';
import type { Token } from './linker-tokenize.ts';

/**
 * What a sentence does, as far as its form tells. `limited`: it orders something and denies something else in the same breath
 * ("all off, but not the hall"), or words a wish by what is missing ("I can't see a thing"): an order, but never a certain one.
 * `talk`: it tells something ("I love the view from the kitchen"); a `statement` may be a wish ("it is dark in here").
 */
export type Gist = 'request' | 'question' | 'cancel' | 'negated' | 'later' | 'talk' | 'statement' | 'limited';

const POLITE = new Set(['hey', 'hi', 'hello', 'ok', 'okay', 'please', 'and', 'so', 'now']);
const COPULAS = new Set(['is', 'are', 'was', 'were', 'its']);
/** A negation rules over a verb that follows it within so many words. */
const REACH = 3;
/** Behind these a word such as `lock` or `light` is a verb. */
const TAKE_VERBS = new Set(['to', 'not', 'dont', 'never']);

/** Tells orders from questions, denials, cancellations and plans. Words inside names (`inSpan`) tell nothing. */
export function gistOf(tokens: readonly Token[], inSpan: readonly boolean[], endsAsQuestion: boolean): Gist {
  const opening = openingName(tokens, inSpan);
  const polite = courtesiesIn(tokens, inSpan);
  const words = tokens
    .filter((_, at) => !polite[at]! && (inSpan[at] !== true || at < opening))
    .map((token) => token.text);
  const said = words.filter((word) => !POLITE.has(word));
  if (isCalledOff(said)) return 'cancel';
  const first =
    tokens.find((token, at) => !polite[at]! && (!POLITE.has(token.text) || REQUEST_OPENERS.has(token.text)))
      ?.text ?? '';
  const suggests = SUGGESTIONS.some((phrase) => startsWith(said, phrase));
  // `dim level of the lamp`: a level that is not said is asked for.
  const level = words.findIndex((word, at) => word === 'level' && words[at + 1] === 'of');
  const unsaid = level >= 0 && tokens.every(({ number }) => number === undefined);
  const opensAsQuestion = (QUESTION_OPENERS.has(first) || unsaid) && !suggests;
  const denies = words.some(
    (word, at) => isNegation(words, at) && !(word === 'leave' && words[at + 1] === 'me'),
  );
  if (denies && !suggests) {
    if (opensAsQuestion && first !== 'do') return 'question';
    return isRuledByNegation(words, said) ? 'negated' : words.some(isLater) ? 'later' : 'limited';
  }
  if (opensAsQuestion || asksToBeTold(words)) return 'question';
  if (words.some(isLater)) return 'later';
  const asks = endsAsQuestion && !REQUEST_OPENERS.has(first);
  if (asks && !suggests && !words.includes('mind')) return 'question';
  if (TELLINGS.some((phrase) => startsWith(said, phrase)) && !tokens.some((_, at) => mayOrder(tokens, at)))
    return 'talk';
  if (suggests) return 'limited';
  const makeSure = words.some(
    (word, at) => word === 'ensure' || (word === 'make' && words[at + 1] === 'sure'),
  );
  const complains = words.some((word) => HINTS.has(word));
  return words.some((word) => COPULAS.has(word)) && !makeSure && !complains ? 'statement' : 'request';
}

/** Where a name that the sentence opens with ends, if it holds a word that denies or calls off: that counts all the same. */
function openingName(tokens: readonly Token[], inSpan: readonly boolean[]): number {
  let at = tokens.findIndex(({ text }) => !POLITE.has(text));
  const from = at;
  while (at >= 0 && inSpan[at] === true) at++;
  const name = tokens.slice(Math.max(0, from), Math.max(0, at));
  return name.some(({ text }) => NEGATIONS.has(text) || CANCELS.some(([first]) => first === text)) ? at : 0;
}

const ARTICLES = new Set(['the', 'a', 'an', 'my', 'our', 'your', 'this', 'that']);
const SWITCHED = new Set(['on', 'off', 'up', 'down', 'out']);

/** Whether a word may belong to an order, behind whatever is told first: `I love this song, volume to 40`. */
function mayOrder(tokens: readonly Token[], at: number): boolean {
  const { text, number, afterPause } = tokens[at]!;
  if (afterPause || number !== undefined || SWITCHED.has(text)) return true;
  return (VERBS.has(text) || ORDER_VERBS.has(text)) && !ARTICLES.has(tokens[at - 1]?.text ?? '');
}

/** Called off as a whole, or in an afterthought: `turn on the lamp, no wait, forget it`. */
function isCalledOff(said: readonly string[]): boolean {
  if (IGNORES.has(said[0] ?? '')) return true;
  return CANCELS.some((phrase) => {
    if (phrase.length === said.length) return startsWith(said, phrase);
    const whole = phrase.length > 1 || phrase[0] === 'nevermind';
    return whole && (startsWith(said, phrase) || startsWith(said.slice(-phrase.length), phrase));
  });
}

function startsWith(words: readonly string[], phrase: readonly string[]): boolean {
  return phrase.every((word, at) => words[at] === word);
}

function isNegation(words: readonly string[], at: number): boolean {
  return NEGATIONS.has(words[at]!) && !ASIDES.has(words[at + 1] ?? '');
}

/** Whether what is denied is an order itself (`don't ever open …`), or the sentence opens with a bare no. */
function isRuledByNegation(words: readonly string[], said: readonly string[]): boolean {
  if (said[0] === 'no' || (said[0] === 'not' && !isGraded(words, words.indexOf('not')))) {
    if (said[1] === undefined || VERBS.has(said[1]) || said[0] === 'not') return true;
  }
  if (isForbidden(said)) return true;
  return words.some((word, at) => {
    if (!isNegation(words, at) || word === 'leave' || isGraded(words, at)) return false;
    // `I can't see out, open the blind`
    if (/^(?:cant|cannot|couldnt)$/u.test(word) && PERCEIVED.has(words[at + 1] ?? '')) return false;
    return words
      .slice(at + 1, at + 1 + REACH)
      .some((next, i) => VERBS.has(next) && (!VERB_NOUNS.has(next) || TAKE_VERBS.has(words[at + i]!)));
  });
}

const GRADES = new Set(['so', 'too', 'quite', 'nearly', 'as', 'only', 'just']);
const PERCEIVED = new Set(['see', 'hear', 'read', 'find', 'breathe']);
const STATES = new Set(['on', 'off', 'open', 'up', 'down', 'running', 'playing', 'so', 'too']);

/** `not so dim`, `must not stay open`: what is denied is how something is, and that may be an order. */
function isGraded(words: readonly string[], at: number): boolean {
  const [word, next = '', what = ''] = words.slice(at);
  if (word !== 'not' || words[at - 1] === 'do' || /^(?:yet|now)$/u.test(what)) return false;
  return GRADES.has(next) || (/^(?:be|stay|remain)$/u.test(next) && STATES.has(what));
}

const MODALS = new Set(['can', 'could', 'should', 'must', 'may', 'shall', 'better', 'had', 'are', 'ought']);
const SOFTENERS = new Set(['better', 'just', 'ever', 'simply', 'really', 'to', 'supposed', 'allowed']);

/** `you should not …`, `you can't just …`, `you'd better not …`; but not `you can't see a thing in here`. */
function isForbidden([first, ...rest]: readonly string[]): boolean {
  if (first !== 'you' && first !== 'youd') return false;
  const denied = rest.findIndex((word) => !MODALS.has(word) && !SOFTENERS.has(word));
  if (denied < 0 || rest[denied] === 'leave' || !isNegation(rest, denied)) return false;
  const what = rest.slice(denied + 1).find((word) => !SOFTENERS.has(word));
  return what !== undefined && !SENSES.has(what);
}

/** `tell me …`, `let me know if …`, `check whether …`; but not `tell Robbie to go home`. */
function asksToBeTold(words: readonly string[]): boolean {
  return words.some((word, at) => {
    const next = words[at + 1] ?? '';
    switch (word) {
      case 'tell':
        return next === 'me' || next === 'us' || !words.includes('to', at);
      case 'whether':
        return true;
      case 'know':
      case 'check':
        return next === 'if' || next === 'that' || next === 'whether';
      case 'see':
        // `see that the door is locked` is an order.
        return next === 'if' || (next === 'that' && !words.slice(0, at).every((one) => POLITE.has(one)));
      case 'find':
        return next === 'out';
      case 'how':
        return next === 'to';
      default:
        return false;
    }
  });
}

const THEN = new Set(['please', 'can', 'could', 'i', 'have', 'make', 'let', 'get', 'you']);
const MOMENTS = new Set(['bit', 'moment', 'while', 'sec', 'tick', 'jiffy', 'few']);

function isLater(word: string, at: number, words: readonly string[]): boolean {
  // `in a bit`
  if (word === 'in' && words[at + 1] === 'a' && MOMENTS.has(words[at + 2] ?? '')) return true;
  if ((word === 'as' && words[at + 1] === 'soon') || (word === 'in' && words[at + 1] === 'case')) return true;
  // `dim the lamp, after that lock the door`: now, in turn.
  const next = words[at + 2] ?? '';
  const orders =
    THEN.has(next) || (VERBS.has(next) && (!VERB_NOUNS.has(next) || ARTICLES.has(words[at + 3] ?? '')));
  if (word === 'after' && /^(?:this|that)$/u.test(words[at + 1] ?? '') && orders && at + 3 < words.length)
    return false;
  // `close the blind while you turn off the tv`: both.
  if (word === 'while' && /^you(?:re)?$/u.test(words[at + 1] ?? '')) return false;
  return LATER.has(word) && !(word === 'once' && (words[at - 1] === 'at' || words[at + 1] === 'more'));
}
