import type { LinkableHouse } from './linker-index.ts';
import { gistOf } from './linker-intent.ts';
import {
  FILLERS,
  KIND_WORDS,
  NEGATIONS,
  ORDER_VERBS,
  QUANTIFIERS,
  VERB_NOUNS,
  VERBS,
  WHOLE,
} from './linker-lexicon.ts';
import { rank } from './linker-rank.ts';
import { readWords } from './linker-read.ts';
import { tokenize, type Token } from './linker-tokenize.ts';
import { quantityAt } from './linker-values.ts';

/** More orders than anybody gives in one breath. */
const MAX_CLAUSES = 6;

/** Where one order may end and another begin. A dot between digits is no end. */
const JOINT =
  /(?:[,;]|\.(?=\s))(?:\s+(?:and|oh|then|also|plus|please)(?=\s))*|\s(?:and|then|plus|also|as well as|along with|after that|while you(?:['’]re at it)?)(?:\s+(?:and|then|also|please|oh))*(?=\s)/giu;

/** A time, said of all that is ordered. */
const TIMED = /\b(?:\d{1,2}[:.h]\d\d|at \d|(?:mins?|secs?|hrs?|[ap]\.?m)\b)/iu;

/** What goes back to something said before, leaves something out of it or says how all of it is to be: they belong together. */
const REFERENCES = new Set(
  `it its them they that those these one ones other others another same rest too else again there this
   but except excluding besides only stay stays is are was were be sure ensure if`.split(/\s+/u),
);
/** These go back to something unless a noun follows. */
const BOTH = new Set(['both', 'all', 'each', 'every']);
/** `turn`-like verbs order something only together with one of these, or with a value. */
const PARTICLES = new Set(['on', 'off', 'up', 'down', 'open', 'closed', 'shut', 'back', 'out']);
/** Wherever these stand; the lamp on the desk is not to be turned on. */
const ENDED = new Set(['off', 'closed', 'shut']);
const MANNERS = new Set(['please', 'now', 'thanks', 'ok', 'again']);
/** Before these a word such as `lock` or `light` orders something. */
const ARTICLES = new Set(['the', 'my', 'our', 'all', 'every', 'both', 'up', 'a', 'an']);
/** Behind these it is a thing. */
const OWNERS = new Set(['the', 'my', 'our', 'your', 'a', 'an']);

/**
 * The orders of a request, where it gives several and each stands for itself: it says what to do, names what with, and goes
 * back to none before it (`kill the tv, and lock the front door`). Otherwise the whole text alone: a list under one verb
 * (`turn the tv and the hall lamp off`) is one order, and so is whatever could be cut in two ways.
 */
export function clausesOf(text: string, house: LinkableHouse): readonly string[] {
  if (text.search(JOINT) < 0 || TIMED.test(text)) return [text];
  const whole = readWords(text, house);
  // What is denied, limited or told in one part of it may hold for all of it.
  if (gistOf(whole.tokens, whole.inSpan, false) !== 'request') return [text];
  const clauses: Piece[] = [];
  let listed = false;
  for (const piece of piecesOf(text, house)) {
    const role = roleOf(text.slice(piece.start, piece.end), house);
    const before = clauses.at(-1);
    // `the tv off, the radio and the lamp on`: on which side the radio is, only reading it all tells.
    if (role === 'unclear' || (before === undefined && role === 'thing') || (role === 'state' && listed))
      return [text];
    listed = role === 'thing';
    if (listed) before!.end = piece.end;
    else clauses.push(piece);
  }
  if (clauses.length < 2 || clauses.length > MAX_CLAUSES) return [text];
  const orders = clauses.map(({ start, end }) => text.slice(start, end).trim());
  return orders.some((order) => isAmbiguous(order, house)) ? [text] : orders;
}

/** Whether two devices fit equally well: where they are is said in another order, maybe (`… and close the blind in the hall`). */
function isAmbiguous(order: string, house: LinkableHouse): boolean {
  const [first, second] = rank(order, house, 2);
  const alike = first?.type === 'entity' && second?.type === 'entity' && first.score === second.score;
  return alike && !tokenize(order).some(({ text, stem }) => QUANTIFIERS.has(text) || text !== stem);
}

/** Characters [start, end) of a text. */
interface Piece {
  readonly start: number;
  end: number;
}

/** What is between joining words, but for those that are part of a name (`mum and dad's room`). */
function piecesOf(text: string, house: LinkableHouse): Piece[] {
  const pieces: Piece[] = [];
  const add = (start: number, end: number): void => {
    if (text.slice(start, end).trim() === '') return;
    const before = pieces.at(-1);
    const named = (from: number, to: number): number => namedIn(text.slice(from, to), house);
    const apart = before === undefined ? 0 : named(before.start, before.end) + named(start, end);
    if (before !== undefined && named(before.start, end) > apart) before.end = end;
    else pieces.push({ start, end });
  };
  let start = 0;
  for (const joint of text.matchAll(JOINT)) {
    add(start, joint.index);
    start = joint.index + joint[0].length;
  }
  add(start, text.length);
  return pieces;
}

/** An order with a verb, one without (`the tv off`), something more for the order before, or what could be several of these. */
type Role = 'order' | 'state' | 'thing' | 'unclear';

function roleOf(piece: string, house: LinkableHouse): Role {
  const { tokens, inSpan } = readWords(piece, house);
  if (tokens.some((_, at) => inSpan[at] !== true && refersBack(tokens, inSpan, at))) return 'unclear';
  const valued = tokens.some((_, at) => inSpan[at] !== true && quantityAt(tokens, at) !== undefined);
  const moved = tokens.some(({ text }, at) => inSpan[at] !== true && PARTICLES.has(text));
  const named = tokens.some(
    ({ text }, at) => inSpan[at] === true || QUANTIFIERS.has(text) || WHOLE.has(text),
  );
  const opening = openingVerb(tokens, inSpan);
  if (opening === undefined) {
    if (valued) return 'unclear';
    const last = tokens.findLastIndex(({ text }) => !MANNERS.has(text));
    const ends = PARTICLES.has(tokens[last]?.text ?? '') && inSpan[last] !== true;
    const ended = tokens.some(({ text }, at) => inSpan[at] !== true && ENDED.has(text));
    if (ends || ended) return named ? 'state' : 'unclear';
    return 'thing';
  }
  const complete = opening === 'order' || valued || moved;
  return complete && named ? 'order' : 'unclear';
}

function refersBack(tokens: readonly Token[], inSpan: readonly boolean[], at: number): boolean {
  const { text } = tokens[at]!;
  if (REFERENCES.has(text) || NEGATIONS.has(text)) return true;
  if (!BOTH.has(text)) return false;
  const next = tokens[at + 1];
  return !(inSpan[at + 1] === true || KIND_WORDS.has(next?.stem ?? '') || OWNERS.has(next?.text ?? ''));
}

/** What a piece opens with, manners aside: a verb that says all, or one that waits for `on`, `off` or a value. */
function openingVerb(tokens: readonly Token[], inSpan: readonly boolean[]): 'order' | 'turn' | undefined {
  const at = tokens.findIndex(
    ({ text }, i) => inSpan[i] === true || !FILLERS.has(text) || ORDER_VERBS.has(text),
  );
  const { text = '' } = tokens[at] ?? {};
  if (at < 0 || inSpan[at] === true || OWNERS.has(tokens[at - 1]?.text ?? '')) return undefined;
  const verb = VERBS.get(text);
  if (verb === undefined) return ORDER_VERBS.has(text) ? 'order' : undefined;
  const next = tokens[at + 1];
  const isNoun = VERB_NOUNS.has(text) && inSpan[at + 1] !== true && !ARTICLES.has(next?.text ?? '');
  if (isNoun) return undefined;
  return verb === 'set' ? 'turn' : 'order';
}

function namedIn(text: string, house: LinkableHouse): number {
  return readWords(text, house).inSpan.filter(Boolean).length;
}
