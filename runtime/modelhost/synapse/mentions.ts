import { digitsOf, isCommon, singular } from '../../../devices/index.ts';
import { editDistance } from '../../lib/suggest.ts';
import { floorName, type Line, type Listing } from './listing.ts';
import { plainText, type FoundValue } from './values.ts';

/** A piece of a text that names something of the listing, word for word or but for a slip. */
export interface Mention {
  /** Lines that are called so, at most two. */
  readonly pointers: readonly number[];
  /** Characters [start, end) of the text. */
  readonly start: number;
  readonly end: number;
}

interface Word {
  /** As it is compared: without a possessive `'s`. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether a comma or the like stands before it: no name goes on behind one. */
  readonly afterPause: boolean;
}

/** One way to name a line. */
interface Called {
  readonly pointer: number;
  readonly name: readonly string[];
  /** What it is in: may be said before the name, or behind it. */
  readonly places: readonly (readonly string[])[];
  /** Whether the name says enough without a place. */
  readonly alone: boolean;
  /** Of a device: `lamps` are not the one called `lamp`. */
  readonly counted: boolean;
}

interface Candidate extends Mention {
  /** Words that are accounted for; a slip counts for less. */
  readonly weight: number;
  /** The name without its place. */
  readonly name: Span;
}

/** More than two lines of one name tell nothing. */
const MOST_ALIKE = 2;
const SLIP_LETTERS = 5;
const SLIP = 0.1;

/**
 * Where a plain text names what is listed: the longest names win, from left to right, and none overlap. `the tv in the attic
 * room` names `attic room tv`, and the `tv` of the attic room. A name that is but a value of the text, or a part of one, names
 * nothing (`warm` of `warm white`). Linear in the length of the text, times what is listed.
 */
export function mentionsIn(text: string, listing: Listing, values: readonly FoundValue[] = []): Mention[] {
  const said = wordsOf(text);
  const candidates = [
    ...listing.lines.flatMap((line) =>
      calledBy(line, listing).flatMap((called) => candidatesOf(called, said)),
    ),
    ...unspaced(text, listing),
  ].filter((one) => values.every((value) => allows(value, one)));
  const taken: Mention[] = [];
  for (const one of together(candidates).toSorted((a, b) => b.weight - a.weight || a.start - b.start)) {
    if (taken.some((other) => overlap(one, other))) continue;
    taken.push({ pointers: one.pointers, start: one.start, end: one.end });
  }
  return taken.filter(({ pointers }) => pointers.length <= MOST_ALIKE).toSorted((a, b) => a.start - b.start);
}

/** A value within a name belongs to it; one that is the name, or goes on behind it, does not. */
function allows(value: Span, one: Candidate): boolean {
  if (!overlap(value, one)) return true;
  const { name } = one;
  return isWithin(value, one) && !isWithin(name, value) && (!overlap(value, name) || isWithin(value, name));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export function isWithin(a: Span, b: Span): boolean {
  return a.start >= b.start && a.end <= b.end;
}

function overlap(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Candidates of the same piece of text are one, of all their lines. */
function together(candidates: readonly Candidate[]): Candidate[] {
  const spans = new Map<string, Candidate>();
  for (const one of candidates) {
    const key = `${one.start} ${one.end}`;
    const other = spans.get(key);
    // What is said exactly is meant rather than what is said but for a slip.
    if (other === undefined || one.weight > other.weight) spans.set(key, one);
    else if (one.weight === other.weight)
      spans.set(key, { ...other, pointers: [...new Set([...other.pointers, ...one.pointers])] });
  }
  return [...spans.values()];
}

function calledBy(line: Line, listing: Listing): Called[] {
  const { pointer } = line;
  if (line.type !== 'entity') {
    const { name, aliases } = line.type === 'area' ? line.area : line.floor;
    return [name, ...aliases].map((one) => ({
      pointer,
      name: nameWords(one),
      places: [],
      alone: true,
      counted: false,
    }));
  }
  const { name, aliases, area = '' } = line.entity;
  const place = nameWords(listing.areaNames.get(area) ?? '');
  const floor = nameWords(floorName(listing, area) ?? '');
  const places = [place, floor].filter((words) => words.length > 0);
  return [name, ...aliases].flatMap((one): Called[] => {
    const called = { pointer, name: nameWords(one), places, alone: true, counted: true };
    const rest = without(called.name, place);
    // `attic room tv` is also called `tv`, but only where the attic room is named too.
    return rest === undefined || !rest.some((word) => /\p{L}/u.test(word))
      ? [called]
      : [
          { ...called, places: [] },
          { ...called, name: rest, places: [place], alone: false },
        ];
  });
}

/** A name without the words of its place; undefined where they are not in it, or are all of it. */
function without(name: readonly string[], place: readonly string[]): string[] | undefined {
  if (place.length === 0 || place.length >= name.length) return undefined;
  for (let at = 0; at + place.length <= name.length; at++) {
    if (place.every((word, i) => name[at + i] === word))
      return [...name.slice(0, at), ...name.slice(at + place.length)];
  }
  return undefined;
}

function candidatesOf({ name, places, pointer, alone, counted }: Called, said: readonly Word[]): Candidate[] {
  if (name.length === 0) return [];
  const out: Candidate[] = [];
  for (let at = 0; at + name.length <= said.length; at++) {
    const weight = matched(name, said, at, counted);
    if (weight === 0) continue;
    const end = at + name.length;
    const own = { start: said[at]!.start, end: said[end - 1]!.end };
    const put = (from: number, to: number, more: number): void => {
      const span = { start: said[from]!.start, end: said[to - 1]!.end };
      out.push({ pointers: [pointer], ...span, weight: weight + more, name: own });
    };
    if (alone) put(at, end, 0);
    const behind = afterLink(said, end);
    for (const place of places) {
      const before = at - place.length;
      const ahead = said[at]!.afterPause ? 0 : matched(place, said, before, false);
      if (ahead > 0) put(before, end, ahead);
      const follows = matched(place, said, behind, false);
      if (follows > 0) put(at, behind + place.length, follows);
    }
  }
  return out;
}

/** How many words of a name are said from here on, less for slips; 0 where not all are. */
function matched(name: readonly string[], said: readonly Word[], at: number, counted: boolean): number {
  if (at < 0 || at + name.length > said.length) return 0;
  let weight = 0;
  for (const [i, word] of name.entries()) {
    const other = said[at + i]!;
    const alike =
      i > 0 && other.afterPause ? 0 : likeness(word, other.text, counted && i === name.length - 1);
    if (alike === 0) return 0;
    weight += alike;
  }
  return weight;
}

function likeness(own: string, said: string, counted: boolean): number {
  if (own === said || (!counted && singular(own) === singular(said))) return 1;
  const slip =
    own.length >= SLIP_LETTERS &&
    said.length >= SLIP_LETTERS &&
    Math.abs(own.length - said.length) <= 1 &&
    own[0] === said[0] &&
    singular(own) !== singular(said) &&
    !isCommon(said) &&
    editDistance(own, said) === 1;
  return slip ? 1 - SLIP : 0;
}

const LINKS: ReadonlySet<string> = new Set(['in', 'inside', 'on', 'of', 'at', 'from', 'within', 'for', 'to']);
/** What may stand before such a word: `that is`, `over`, `we have`, `belonging`. */
const LEADS: ReadonlySet<string> = new Set(
  'that which is are over down up out back there we have got belonging located standing'.split(' '),
);
const MOST_LEADS = 3;
const DETERMINERS: ReadonlySet<string> = new Set(['the', 'my', 'our', 'your', 'this', 'that']);

/** Where a place would begin that follows here: `in the …`, `that's over in the …`. -1 where none is led in. */
function afterLink(said: readonly Word[], at: number): number {
  let next = at;
  while (next < at + MOST_LEADS && LEADS.has(said[next]?.text ?? '')) next++;
  const link = said[next]?.text ?? '';
  // `the lamp to the hall` leads nowhere; `belonging to the hall` does.
  const paused = said.slice(at, next + 2).some(({ afterPause }) => afterPause);
  if (paused || !LINKS.has(link) || (link === 'to' && said[next - 1]?.text !== 'belonging')) return -1;
  return DETERMINERS.has(said[next + 1]?.text ?? '') ? next + 2 : next + 1;
}

function wordsOf(text: string): Word[] {
  let before = 0;
  return [...text.matchAll(/[\p{L}\p{M}\p{N}]+(?:'\p{L}+)?/gu)].map(({ 0: word, index }) => {
    const afterPause = /[,;!?]|\.\s/u.test(text.slice(before, index));
    before = index + word.length;
    return { text: digitsOf(word) ?? word.replace(/'s$/u, ''), start: index, end: before, afterPause };
  });
}

function nameWords(name: string): string[] {
  return wordsOf(plainText(name)).map(({ text }) => text);
}

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]{2}/u;

/** Names in writing without spaces stand in the middle of other words: `打开客厅灯`. */
function unspaced(text: string, { lines }: Listing): Candidate[] {
  if (!UNSPACED.test(text)) return [];
  return lines.flatMap((line) => {
    const called = line.type === 'entity' ? line.entity : line.type === 'area' ? line.area : line.floor;
    return [called.name, ...called.aliases].flatMap((own): Candidate[] => {
      const name = plainText(own);
      const start = UNSPACED.test(name) ? text.indexOf(name) : -1;
      if (start < 0) return [];
      const span = { start, end: start + name.length };
      return [{ pointers: [line.pointer], ...span, weight: name.length, name: span }];
    });
  });
}
