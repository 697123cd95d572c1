import { COURTESY_WORDS } from './linker-courtesy.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import { editDistance } from '../../runtime/lib/suggest.ts';
import type { HouseIndex } from './linker-index.ts';
import {
  ASPECT_WORDS,
  FILLERS,
  GATE_WORDS,
  HERE,
  HINTS,
  KIND_WORDS,
  QUANTIFIERS,
  ROOM_WORDS,
  VERB_KINDS,
  VERB_NOUNS,
  VERBS,
  WHOLE,
} from './linker-lexicon.ts';
import type { Token } from './linker-tokenize.ts';
import type { Aspect, Quantity, Verb } from './linker-types.ts';
import { quantityAt, type FoundQuantity } from './linker-values.ts';

/** A word that says which device is meant. */
export interface Noun {
  readonly stem: string;
  readonly plural: boolean;
}

/** One clause of a request, taken apart. */
export interface Clause {
  verb?: Verb;
  /** Kinds that verb, value or hint imply, for clauses that name none. */
  impliedKinds?: readonly Kind[];
  quantity?: Quantity;
  /** `by 10 %` rather than `to 10 %`. */
  relative: boolean;
  aspect?: Aspect;
  nouns: Noun[];
  /** A kind a neighbouring clause names, for one that names only a place. */
  kindHints?: Noun[];
  all: boolean;
  /** The whole house. */
  whole: boolean;
  here: boolean;
  /** `it`, `them`: what the clause before was about. */
  pronoun: boolean;
  /** Words nothing here explains. */
  unknown: string[];
  typos: number;
  /** A complaint (`it is dark`) rather than an order. */
  hinted: boolean;
}

interface Particles {
  readonly on: boolean;
  readonly off: boolean;
  readonly up: boolean;
  readonly down: boolean;
}

const AFTER_ON = new Set([
  'in',
  'at',
  'to',
  'for',
  'please',
  'now',
  'here',
  'everywhere',
  'across',
  'all',
  'over',
  'throughout',
  'with',
  'by',
  'again',
  'and',
  'then',
  'inside',
  'thanks',
  'up',
  'down',
]);
const TURNERS = new Set([
  'turn',
  'turning',
  'switch',
  'switching',
  'put',
  'flip',
  'bring',
  'get',
  'power',
  'back',
  'light',
  'keep',
]);

/** Marks the tokens that spell out a name of an entity, area or floor; longer names first. */
export function spansOf(tokens: readonly Token[], index: HouseIndex): boolean[] {
  const inSpan = tokens.map(() => false);
  for (let at = 0; at < tokens.length; at++) {
    if (inSpan[at] === true) continue;
    const phrases = index.phrases.get(tokens[at]!.stem);
    const match = phrases?.find((words) => words.every((word, offset) => tokens[at + offset]?.stem === word));
    for (let offset = 0; offset < (match?.length ?? 0); offset++) inSpan[at + offset] = true;
  }
  return inSpan;
}

/** Corrects words that are one slip away from exactly one word that means something here. First letters must agree. */
export function correct(tokens: readonly Token[], index: HouseIndex): { tokens: Token[]; typos: number } {
  let typos = 0;
  const corrected = tokens.map((token) => {
    if (token.number !== undefined || token.text.length < 4 || isKnown(token, index)) return token;
    const near: string[] = [];
    for (const word of index.vocabulary.get(token.text.charAt(0)) ?? []) {
      if (Math.abs(word.length - token.text.length) > 1 && Math.abs(word.length - token.stem.length) > 1)
        continue;
      if (editDistance(word, token.text) === 1 || editDistance(word, token.stem) === 1) near.push(word);
    }
    if (near.length !== 1) return token;
    typos++;
    const [word] = near as [string];
    const plural = token.text !== token.stem && !word.endsWith('s');
    return { ...token, text: plural ? `${word}s` : word, stem: word };
  });
  return { tokens: corrected, typos };
}

function isKnown({ text, stem }: Token, index: HouseIndex): boolean {
  const meant = index.vocabulary.get(stem.charAt(0));
  return (
    meant?.has(text) === true ||
    meant?.has(stem) === true ||
    FILLERS.has(text) ||
    WHOLE.has(text) ||
    HERE.has(text) ||
    ROOM_WORDS.has(stem) ||
    HINTS.has(text) ||
    GATE_WORDS.has(text) ||
    COURTESY_WORDS.has(text) ||
    COMMON.has(text)
  );
}

/** Ordinary words a letter away from ones that matter; they mean what they say. */
const COMMON = new Set([
  'look',
  'looks',
  'lead',
  'sort',
  'stay',
  'plan',
  'clock',
  'fans',
  'love',
  'line',
  'list',
  'late',
  'down',
  'dear',
  'does',
  'like',
  'long',
  'lost',
  'open',
  'room',
  'hill',
  'hello',
  'tell',
  'test',
  'play',
  'plate',
  'with',
  'want',
  'then',
  'that',
  'them',
  'they',
  'back',
  'both',
  'been',
  'before',
  'close',
]);

/** Takes a clause apart. `inSpan` marks tokens that belong to names. */
export function parseClause(tokens: readonly Token[], inSpan: readonly boolean[], typos: number): Clause {
  const clause: Clause = {
    relative: false,
    nouns: [],
    all: false,
    whole: false,
    here: false,
    pronoun: false,
    unknown: [],
    typos,
    hinted: false,
  };
  const verbs: string[] = [];
  const particles = { on: false, off: false, up: false, down: false };
  let towards = false;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    const found = inSpan[at] === true ? undefined : quantityAt(tokens, at);
    if (inSpan[at] === true) {
      addNoun(clause, token);
    } else if (found !== undefined) {
      if (clause.quantity === undefined && !isCount(tokens, at, found)) clause.quantity = found.quantity;
      else clause.unknown.push(token.text);
      const before = tokens[at - 1];
      clause.relative ||= before?.text === 'by';
      towards ||= before?.text === 'to' || before?.text === 'at';
      // `the blind 5`, without a unit: rather a part of a name than a value.
      if (found.quantity.type === 'number' && KIND_WORDS.has(before?.stem ?? ''))
        clause.unknown.push(token.text);
      at += found.length - 1;
    } else if (!takeParticle(tokens, at, particles) && !takeVerb(tokens, at, verbs, clause)) {
      takeWord(clause, token, tokens[at - 1]);
    }
  }
  settleVerb(clause, verbs, particles);
  settleChange(clause, verbs, particles, towards);
  return clause;
}

const TOWARDS = new Set(['to', 'at', 'by']);

/** `turn on 2 lights` counts devices, it sets none to 2. */
function isCount(tokens: readonly Token[], at: number, { quantity, length }: FoundQuantity): boolean {
  if (quantity.type !== 'number' || TOWARDS.has(tokens[at - 1]?.text ?? '')) return false;
  const next = tokens[at + length];
  const turnsOn = tokens.some(({ text }) => text === 'on');
  return turnsOn || (next !== undefined && !FILLERS.has(next.text));
}

function addNoun(clause: Clause, { text, stem }: Token): void {
  clause.nouns.push({ stem, plural: text !== stem });
}

function takeParticle(
  tokens: readonly Token[],
  at: number,
  particles: { -readonly [K in keyof Particles]: boolean },
): boolean {
  const { text } = tokens[at]!;
  const before = tokens[at - 1]?.text ?? '';
  const after = tokens[at + 1];
  if (text === 'off' || (text === 'out' && KIND_WORDS.has(tokens[at - 1]?.stem ?? ''))) {
    particles.off = true;
    return true;
  }
  if (text === 'on') {
    const ends = after === undefined || after.number !== undefined || AFTER_ON.has(after.text);
    particles.on ||= TURNERS.has(before) || ends;
    return true;
  }
  if (text === 'up' || text === 'down') {
    particles[text] = true;
    return true;
  }
  return false;
}

/** Before these a word is a noun: `the light can go off`. */
const ARTICLES = new Set([
  'the',
  'a',
  'an',
  'my',
  'our',
  'your',
  'all',
  'every',
  'each',
  'both',
  'this',
  'that',
  'of',
]);

function takeVerb(tokens: readonly Token[], at: number, verbs: string[], clause: Clause): boolean {
  const { text } = tokens[at]!;
  const next = tokens[at + 1];
  if (!VERBS.has(text)) return false;
  const first = verbs.length === 0 && clause.nouns.length === 0;
  if (VERB_NOUNS.has(text) && (!first || ARTICLES.has(tokens[at - 1]?.text ?? ''))) return false;
  // `light off in the kitchen`: a noun that only looks like a verb.
  if (text === 'light' && (next === undefined || NOUN_BEFORE.has(next.text))) return false;
  verbs.push(text);
  return true;
}

const NOUN_BEFORE = new Set(['on', 'off', 'down', 'to', 'in', 'at']);

function takeWord(clause: Clause, token: Token, before: Token | undefined): void {
  const { text, stem } = token;
  const aspect = ASPECT_WORDS.get(stem);
  const hint = HINTS.get(text);
  if (QUANTIFIERS.has(text) || WHOLE.has(text)) {
    clause.all ||= QUANTIFIERS.has(text);
    clause.whole ||= WHOLE.has(text);
  } else if (HERE.has(text)) {
    clause.here = true;
  } else if (text === 'it' || text === 'them') {
    clause.pronoun = true;
  } else if (ROOM_WORDS.has(stem)) {
    // `this room's` looks like a plural.
    const each = !HERE.has(before?.text ?? '') && (text !== stem || QUANTIFIERS.has(before?.text ?? ''));
    clause.whole ||= each;
    clause.here ||= !each;
  } else if (aspect !== undefined) {
    clause.aspect = aspect;
  } else if (KIND_WORDS.has(stem)) {
    addNoun(clause, token);
  } else if (hint !== undefined) {
    clause.hinted = true;
    clause.verb ??= hint.verb;
    clause.impliedKinds ??= hint.kinds;
  } else if (!FILLERS.has(text) && text !== '%' && text !== '°') {
    // A word of some device's name, or one that nothing here explains: matching tells.
    addNoun(clause, token);
  }
}

/** Joins verb words and particles into one verb; what does not join is left as an unknown word. */
function settleVerb(clause: Clause, words: readonly string[], particles: Particles): void {
  const known = words.map((word) => VERBS.get(word)!);
  const strong = known.filter((verb) => verb !== 'set');
  let verb: Verb | undefined = strong[0] ?? known[0];
  if (strong.length > 1 && strong.some((other) => other !== verb)) {
    if (verb === 'start' && strong[1] === 'play') verb = 'play';
    else if (verb !== 'stop') clause.unknown.push(words[1]!);
  }
  const turning = verb === undefined || verb === 'set';
  if (particles.off && (turning || verb === 'close')) verb = 'off';
  else if (turning && particles.up) verb = 'up';
  else if (turning && particles.down) verb = 'down';
  else if (turning && particles.on) verb = 'on';
  else if (verb === 'close' && particles.down && words.includes('shut')) verb = 'off';
  verb ??= clause.quantity === undefined ? undefined : 'set';
  if (verb !== undefined) {
    clause.verb = verb;
    clause.hinted = false;
  }
  const implied = words.map((word) => VERB_KINDS.get(word)).find((kinds) => kinds !== undefined);
  if (implied !== undefined) clause.impliedKinds = implied;
}

/** `up 20 %` is by 20, `up to 20 %` is to 20; a verb alone (`dim it 20 %`) leaves open which. */
function settleChange(
  clause: Clause,
  words: readonly string[],
  particles: Particles,
  towards: boolean,
): void {
  const { verb, quantity } = clause;
  const lightUp = particles.up && words.includes('light');
  if ((particles.up || particles.down) && verb === 'on' && !lightUp) clause.unknown.push('up');
  if (particles.on && (verb === 'up' || verb === 'down')) clause.unknown.push('on');
  if (verb !== 'up' && verb !== 'down') return;
  if (
    quantity === undefined ||
    quantity.type === 'color' ||
    quantity.type === 'kelvin' ||
    quantity.type === 'mode'
  )
    return;
  if (towards) clause.verb = 'set';
  else if (!clause.relative && !('limit' in quantity)) {
    clause.relative = true;
    if (!particles.up && !particles.down && quantity.type !== 'degrees') clause.unknown.push(words[0] ?? '');
  }
}
