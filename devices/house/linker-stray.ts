import type { EntityId } from '../../runtime/contract/ids.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import type { HouseIndex, LinkableHouse } from './linker-index.ts';
import {
  ASPECT_WORDS,
  COLORS,
  FILLERS,
  HERE,
  HINTS,
  KIND_WORDS,
  LATER,
  MAXIMA,
  MINIMA,
  MODES,
  NEGATIONS,
  ORDER_VERBS,
  PLAIN_WORDS,
  QUANTIFIERS,
  ROOM_WORDS,
  UNITS,
  VERBS,
  WHITES,
  WHOLE,
} from './linker-lexicon.ts';
import { gistOf } from './linker-intent.ts';
import { readPlainly } from './linker-read.ts';
import { tokenize, type Token } from './linker-tokenize.ts';
import { mergeNumbers, quantityAt } from './linker-values.ts';

/** What an answer is about: devices, and places or devices it points at or leaves out, by what they are called. */
export interface Pointed {
  readonly entities: readonly EntityId[];
  readonly names: readonly string[];
  /** It sets nothing to a value of the sentence: then a number is part of a name. */
  readonly valueless?: boolean;
  /** It is about the whole house. */
  readonly everywhere?: boolean;
}

/**
 * A word by which a sentence names something else than what was chosen for it: a name or place of this house that is not
 * among the chosen (`set the printer to red` and a lamp was chosen), or one that nothing chosen is called by (`lock the front
 * door` and the back door was). Undefined where every such word fits. Whoever chose may be sure; a word still says otherwise.
 */
export function strayWord(text: string, house: LinkableHouse, pointed: Pointed): string | undefined {
  const { tokens, inSpan, index } = readPlainly(text, house);
  const { words, kinds } = wordsOf(index, pointed);
  // A scene is named after a mood, and asked for wherever somebody is.
  const moods = kinds.size > 0 && [...kinds].every((kind) => kind === 'scene');
  const fits = ({ text: word, stem }: Token): boolean =>
    words.has(stem) ||
    words.has(word) ||
    words.has(word.replace(/s$/u, '')) ||
    (KIND_WORDS.get(stem)?.some((kind) => kinds.has(kind)) ?? false);
  const stray = tokens.find((token, at) => {
    if (moods) return isMood(tokens[at + 1]) && !fits(token) && !isPlain(token);
    if (fits(token) || isPlain(token) || (token.text.length < 2 && token.number === undefined)) return false;
    if (inSpan[at] === true) return true;
    const before = tokens[at - 1];
    // `the lamp 6`, where lamps 1 to 3 are.
    const numbers = (stem: string): boolean =>
      ROOM_WORDS.has(stem) || (pointed.valueless === true && words.has(stem));
    if (token.number !== undefined) {
      const counts = UNITS.has(tokens[at + 1]?.stem ?? '');
      return before !== undefined && !token.afterPause && !counts && numbers(before.stem);
    }
    // `in my library`, where no library is: whatever was chosen is elsewhere.
    const inside = tokens[at - 2]?.text ?? '';
    const owned =
      before !== undefined && OWNERS.has(before.text) && (INSIDE.has(inside) || THROUGHOUT.has(inside));
    const next = tokens[at + 1];
    if (owned && next?.text !== 'mode') return true;
    // `throughout the library`, `lily's study`, `my darkroom`: places that nothing chosen is in.
    const where = before !== undefined && THROUGHOUT.has(before.text);
    const whose = OWN.has(before?.text ?? '') && pointed.everywhere === true && !VERBS.has(token.text);
    // `the mezzanine's lightsaber to white`: only a place of it is here.
    const placed = inSpan[at - 1] === true && before?.text !== before?.stem && endsName(next);
    if (where || whose || (placed && !VERBS.has(token.text))) return true;
    const describes = next !== undefined && !next.afterPause && !isPlain(next) && fits(next);
    return describes && (before !== undefined || KIND_WORDS.has(token.stem)) && !VERBS.has(token.text);
  });
  return stray?.text;
}

/**
 * Whether a sentence says too little to mean the whole house: verbs and manners alone (`turn on`), or one thing without a place
 * (`turn off the light`). What it wishes in other words (`it is too dark`) is not too little.
 */
export function saysTooLittle(text: string, house: LinkableHouse): boolean {
  const { tokens, inSpan } = readPlainly(text, house);
  if (inSpan.includes(true)) return false;
  const wide = tokens.some(
    ({ text: word, stem }) =>
      QUANTIFIERS.has(word) || WHOLE.has(word) || HINTS.has(word) || (KIND_WORDS.has(stem) && word !== stem),
  );
  if (wide) return false;
  return tokens.every((token) => {
    if (token.number !== undefined || isPlain(token) || VERBS.has(token.text)) return true;
    return KIND_WORDS.has(token.stem);
  });
}

/**
 * A word that says what a sentence is about, where that is nothing of this house: it names no device, place, kind or quantity
 * and is no known complaint (`iron my shirts`). Then whoever chose the whole house has only guessed.
 */
export function foreignWord(text: string, house: LinkableHouse): string | undefined {
  const { tokens, inSpan } = readPlainly(text, house);
  const homely = tokens.some(
    ({ text: word, stem }, at) =>
      inSpan[at] === true ||
      KIND_WORDS.has(stem) ||
      ASPECT_WORDS.has(stem) ||
      HINTS.has(word) ||
      QUANTIFIERS.has(word) ||
      WHOLE.has(word),
  );
  // A complaint may name nothing at all (`I can't see a thing`), and a value is said of something here.
  if (homely || tokens.some((_, at) => quantityAt(tokens, at) !== undefined)) return undefined;
  if (gistOf(tokens, inSpan, false) !== 'request') return undefined;
  return tokens.find(
    (token) =>
      token.text.length > 2 && !isPlain(token) && !VERBS.has(token.text) && !ORDER_VERBS.has(token.text),
  )?.text;
}

const THROUGHOUT = new Set(['inside', 'throughout', 'across', 'around']);
const OWN = new Set(['my', 'our']);
const AFTER_NAME = new Set('to on off up down at by please because now open closed thanks'.split(' '));

/** Whether a name ends before this word. */
function endsName(next: Token | undefined): boolean {
  return next === undefined || next.afterPause || AFTER_NAME.has(next.text);
}

/** `movie mode`, `the away scene` */
function isMood(next: Token | undefined): boolean {
  return next?.text === 'mode' || next?.text === 'scene';
}

const INSIDE = new Set(['in', 'inside', 'on', 'from']);
const OWNERS = new Set(['the', 'my', 'our']);

/** Words that name nothing by themselves. */
function isPlain({ text, stem }: Token): boolean {
  return (
    FILLERS.has(text) ||
    PLAIN_WORDS.has(text) ||
    ASPECT_WORDS.has(stem) ||
    QUANTIFIERS.has(text) ||
    WHOLE.has(text) ||
    HERE.has(text) ||
    ROOM_WORDS.has(stem) ||
    NEGATIONS.has(text) ||
    HINTS.has(text) ||
    LATER.has(text) ||
    COLORS.has(text) ||
    WHITES.has(text) ||
    MAXIMA.has(text) ||
    MINIMA.has(text) ||
    MODES.has(text)
  );
}

function wordsOf(
  index: HouseIndex,
  { entities, names }: Pointed,
): { words: ReadonlySet<string>; kinds: ReadonlySet<Kind> } {
  const words = new Set(
    names.flatMap((name) => [...tokenize(name), ...mergeNumbers(tokenize(name))].map(({ stem }) => stem)),
  );
  const kinds = new Set<Kind>();
  const chosen = new Set<string>(entities);
  for (const { entity, nameWords, areaWords, floorWords } of index.entities) {
    if (!chosen.has(entity.id)) continue;
    kinds.add(entity.kind);
    for (const own of [nameWords, areaWords, floorWords])
      for (const word of own) {
        words.add(word);
        for (const { stem } of mergeNumbers(tokenize(word))) words.add(stem);
      }
  }
  return { words, kinds };
}
