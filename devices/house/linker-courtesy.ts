import { ORDER_VERBS, VERBS } from './linker-lexicon.ts';
import type { Token } from './linker-tokenize.ts';

/**
 * Set phrases that change nothing about what is meant, though they sound like a condition, a time or a name. As the words of a
 * sentence, without apostrophes. A slash stands between words of which one is said.
 */
function phrases(lines: readonly string[]): readonly (readonly (readonly string[])[])[] {
  return lines.map((phrase) => phrase.split(' ').map((words) => words.split('/')));
}

/** Wherever they stand. */
const ASIDES = phrases([
  'itd be good/nice/great/lovely/better/best/cool if',
  'it would be good/nice/great/lovely/better/best/cool if',
  'id/wed be grateful/glad/happy/thankful/obliged if',
  'i/we would be grateful/glad/happy/thankful/obliged if',
  'id/wed appreciate/like/love/prefer it if',
  'i/we would appreciate/like/love/prefer it if',
  'as bright as day',
  'bright as day',
  'before i/we forget',
  'the/that/this device/one/thing called/named',
  'device/one/thing called/named',
]);

/** Conditions unless a sentence or a part of it ends with them, or an order follows. */
const CONDITIONS = phrases([
  'if you dont/wouldnt mind',
  'if you do/would not mind',
  'if you would/could/can/please',
  'if youd/youll/youre be so kind/good/nice',
  'if you would/could be so kind/good/nice',
  'if youd like',
  'if youd',
  'if its/thats/it not/isnt too/to much trouble/bother/hassle/work',
  'if it/that is/isnt not too much trouble/bother/hassle/work',
  'if it/that isnt too much trouble/bother/hassle/work',
  'if its not too much to ask',
  'if thats/its ok/okay/alright/fine/possible/convenient',
  'if at all possible',
  'if possible',
  'if i/we may/might',
  'if you have/get/find a moment/minute/second/sec/chance',
  'when/whenever you can/could',
  'when/whenever you have/get/find a/the moment/minute/second/sec/chance/time',
  'when/whenever you have/get/find time',
  'when/whenever youre ready',
  'when/whenever it suits you',
  'when/whenever convenient',
]);

/** Between two orders: something is to follow. */
const SEQUELS = phrases(['once thats done/finished', 'once that/this is done/finished']);

/** All words of them: none is a slip of another. */
export const COURTESY_WORDS: ReadonlySet<string> = new Set([...ASIDES, ...CONDITIONS, ...SEQUELS].flat(2));

const PERCEIVE = new Set(['see', 'hear', 'feel', 'smell', 'find', 'notice', 'tell', 'read']);
const HELPERS = new Set([
  'please',
  'kindly',
  'just',
  'have',
  'make',
  'get',
  'let',
  'give',
  'put',
  'take',
  'thanks',
]);
/** Behind these an `if` asks. */
const ASKING = new Set(['check', 'know', 'see', 'tell', 'ask', 'wonder', 'out']);

/** Which tokens belong to such a phrase, the longest counting. Names are no part of one. */
export function courtesiesIn(tokens: readonly Token[], inSpan: readonly boolean[]): boolean[] {
  const words = tokens.map(({ text }, at) => (inSpan[at]! ? '' : text));
  const found = words.map(() => false);
  const said = (phrase: readonly (readonly string[])[], at: number): boolean =>
    phrase.every((alike, i) => alike.includes(words[at + i] ?? ''));
  const lengthAt = (at: number): number => {
    const lengths = (all: typeof ASIDES, fits: (end: number) => boolean): number[] =>
      all
        .filter((phrase) => said(phrase, at))
        .map(({ length }) => length)
        .filter((length) => fits(at + length));
    const asks = ASKING.has(words[at - 1] ?? '');
    return Math.max(
      0,
      ...lengths(ASIDES, () => true),
      ...lengths(CONDITIONS, (end) => !asks && endsAt(tokens, words, end)),
      ...lengths(SEQUELS, (end) => end < words.length),
    );
  };
  for (let at = 0; at < words.length;) {
    const length = lengthAt(at);
    found.fill(true, at, at + length);
    at += Math.max(1, length);
  }
  return found;
}

/** Whether a part of the sentence ends here, or an order begins. */
function endsAt(tokens: readonly Token[], words: readonly string[], at: number): boolean {
  const next = tokens[at];
  if (next === undefined || next.afterPause) return true;
  const word = words[at]!;
  if (PERCEIVE.has(word)) return false;
  return VERBS.has(word) || ORDER_VERBS.has(word) || HELPERS.has(word);
}

/** A sentence without such phrases. A pause before one is before what follows it. */
export function withoutCourtesies(
  tokens: readonly Token[],
  inSpan: readonly boolean[],
): { readonly tokens: Token[]; readonly inSpan: boolean[] } {
  const polite = courtesiesIn(tokens, inSpan);
  const kept: Token[] = [];
  let paused = false;
  tokens.forEach((token, at) => {
    paused ||= token.afterPause;
    if (polite[at]!) return;
    kept.push(paused === token.afterPause ? token : { ...token, afterPause: paused });
    paused = false;
  });
  return { tokens: kept, inSpan: inSpan.filter((_, at) => !polite[at]!) };
}
