import type { Call } from '../../runtime/contract/action.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import { commandFor, type Present } from './linker-command.ts';
import type { HouseIndex, NamedEntity } from './linker-index.ts';
import { ASPECT_KINDS, KIND_WORDS } from './linker-lexicon.ts';
import type { Clause } from './linker-parse.ts';

/** One way to understand a clause. */
export interface Reading {
  readonly calls: readonly Call[];
  readonly confidence: number;
  readonly what: string;
}

export interface Targets {
  /** Set when one reading stands out. */
  readonly certain?: Reading;
  /** Likeliest first, at most 15. */
  readonly readings: readonly Reading[];
  /** Why nothing is certain. */
  readonly reason: string;
}

interface Candidate extends NamedEntity {
  readonly call: Call;
  readonly sure: boolean;
  readonly covered: number;
  readonly score: number;
}

/** Words for covers and switches that mean only devices called so: nobody closes a blind by closing a window. */
const STRICT = new Set([
  'window',
  'garage',
  'gate',
  'awning',
  'water',
  'tap',
  'faucet',
  'tv',
  'television',
  'radio',
  'switch',
  'alarm',
]);
const MAX_READINGS = 15;

/** Finds what a clause is about among the entities that can do what it asks. `area`: where the speaker is. */
export function targetsOf(
  clause: Clause,
  index: HouseIndex,
  present: Present,
  area: string | undefined,
): Targets {
  addHint(clause, index);
  const stems = [...new Set(clause.nouns.map((noun) => noun.stem))];
  const implied = clause.impliedKinds ?? impliedKinds(clause, stems, index);
  const outside: string[] = [];
  const able: Candidate[] = [];
  for (const named of index.entities) {
    const meant = commandFor(named.entity, clause, present);
    if (meant === undefined) continue;
    if (implied !== undefined && !implied.includes(named.entity.kind) && !isNamed(named, stems)) continue;
    const { covered, score } = coverage(named, stems, index);
    if (stems.length > 0 && covered === 0) continue;
    if ('call' in meant) able.push({ ...named, ...meant, covered, score });
    else if (covered === stems.length) outside.push(meant.outside);
  }
  const full = able.filter((candidate) => candidate.covered === stems.length);
  if (full.length === 0 && outside.length > 0) return { readings: [], reason: outside[0]! };
  const nothingSaid = stems.length === 0 && implied === undefined && !clause.all;
  const chosen = nothingSaid ? undefined : choose(full, clause, stems, index, area);
  const readings = able.length > 0 ? rank(able, chosen) : guesses(clause, stems, index, present);
  if (chosen === undefined) return { readings, reason: reasonFor(clause, stems, able, full, index) };
  const unsure =
    !chosen.certain || clause.unknown.length > 0 || clause.hinted || chosen.members.some(({ sure }) => !sure);
  // A typing error must not open a door.
  const risky = clause.typos > 0 && chosen.members.some(({ entity }) => entity.critical);
  if (unsure || risky) return { readings, reason: chosen.certain ? 'not every word is clear' : chosen.what };
  return { certain: readingOf(chosen, clause.typos), readings, reason: '' };
}

/** Takes over a neighbour's kind where the clause itself only says where: `the kitchen and bedroom lights`. */
function addHint(clause: Clause, index: HouseIndex): void {
  const onlyPlaces = clause.nouns.every(({ stem }) => index.placeWords.has(stem));
  if (onlyPlaces && clause.kindHints !== undefined) clause.nouns.push(...clause.kindHints);
}

interface Chosen {
  readonly members: readonly Candidate[];
  readonly confidence: number;
  readonly certain: boolean;
  readonly what: string;
}

function choose(
  full: readonly Candidate[],
  clause: Clause,
  stems: readonly string[],
  index: HouseIndex,
  area: string | undefined,
): Chosen | undefined {
  if (full.length === 0) return undefined;
  const plural = clause.all || clause.nouns.some((noun) => noun.plural && KIND_WORDS.has(noun.stem));
  const exact = exactlyNamed(full, stems, plural);
  if (exact.length === 1) return one(exact[0]!, 0.98);
  const kindWords = stems.filter((stem) => KIND_WORDS.has(stem));
  const called = calledSo(full, kindWords);
  const members = sparing(oneKind(called, kindWords), clause);
  const kindsSaid = kindWords.filter((word) => !index.placeWords.has(word));
  const vague = isVague(clause, kindsSaid, plural, called.length < full.length);
  if (vague)
    return { members, confidence: 0, certain: false, what: 'more than what is called so could be meant' };
  if (members.length === 1) return one(members[0]!, 0.92);
  const kinds = new Set(members.map(({ entity }) => entity.kind));
  const everything = kinds.size > 1;
  if (
    everything &&
    !(clause.all && clause.verb === 'off' && stems.every((stem) => index.placeWords.has(stem)))
  ) {
    return { members, confidence: 0, certain: false, what: 'several kinds of device could be meant' };
  }
  const partial = stems.some((stem) => !KIND_WORDS.has(stem) && !index.placeWords.has(stem));
  const placed = stems.some((stem) => index.placeWords.has(stem) && !KIND_WORDS.has(stem));
  const critical = members.some(({ entity }) => entity.critical);
  const what = `${members.length} devices could be meant`;
  if (critical && (everything || !plural)) return { members, confidence: 0, certain: false, what };
  // `the thermostat in the hall` is one of those there; `the light in the hall` is all of them.
  if (
    !plural &&
    kinds.size === 1 &&
    members[0]!.entity.kind !== 'light' &&
    members[0]!.entity.kind !== 'cover'
  )
    return { members, confidence: 0, certain: false, what };
  if (clause.verb === 'toggle') return { members, confidence: 0, certain: false, what };
  if (partial) return { members, confidence: 0.88, certain: plural, what };
  if (placed || clause.whole) return { members, confidence: 0.93, certain: true, what };
  return inTheRoom(members, clause, plural, area, what);
}

/** `everything on` hardly means blinds and valves; `all doors` hardly means only what has a door in its name. */
function isVague(clause: Clause, kindWords: readonly string[], plural: boolean, narrowed: boolean): boolean {
  const unkind = kindWords.length === 0 && clause.impliedKinds === undefined;
  if (clause.all && unkind && (clause.verb !== 'off' || clause.pronoun)) return true;
  return plural && narrowed && kindWords.some((word) => (KIND_WORDS.get(word)?.length ?? 0) > 1);
}

/** No place was named: the speaker's own room if that is known, the whole house for plurals otherwise. */
function inTheRoom(
  members: readonly Candidate[],
  clause: Clause,
  plural: boolean,
  area: string | undefined,
  what: string,
): Chosen {
  const near = area === undefined ? [] : members.filter(({ entity }) => entity.area === area);
  if (near.length > 0 && (clause.here || !clause.all))
    return { members: near, confidence: 0.9, certain: true, what };
  if (clause.here) return { members, confidence: 0, certain: false, what: 'it is not known where “here” is' };
  return { members, confidence: 0.82, certain: plural, what };
}

function one(member: Candidate, confidence: number): Chosen {
  return { members: [member], confidence, certain: true, what: member.entity.name };
}

/** Those whose whole name was said, the longest such name winning; a plural kind word means more than one device. */
function exactlyNamed(full: readonly Candidate[], stems: readonly string[], plural: boolean): Candidate[] {
  let best: Candidate[] = [];
  let longest = 0;
  for (const candidate of full) {
    for (const name of candidate.names) {
      if (!name.every((word) => stems.includes(word))) continue;
      const own = name.some((word) => !KIND_WORDS.has(word) && !candidate.areaWords.has(word));
      if (plural && !own) continue;
      if (name.length > longest) {
        longest = name.length;
        best = [];
      }
      if (name.length === longest && !best.includes(candidate)) best.push(candidate);
    }
  }
  return best;
}

/** `curtain` and `blind` are both covers: where some are called so, the others are not meant. */
function calledSo(full: readonly Candidate[], kindWords: readonly string[]): readonly Candidate[] {
  let left = full;
  for (const word of kindWords) {
    const called = left.filter(({ nameWords }) => nameWords.has(word));
    const generic = left.some(({ entity }) => entity.kind === word);
    if (called.length > 0 && !generic) left = called;
  }
  return left;
}

const SWITCHED = new Set<Kind>(['light', 'switch', 'fan', 'media_player', 'humidifier']);

/** `turn everything off` is about what is switched: blinds, valves and the heating stay as they are. */
function sparing(members: readonly Candidate[], clause: Clause): readonly Candidate[] {
  const several = members.some(({ entity }) => entity.kind !== members[0]?.entity.kind);
  if (!several || !clause.all || clause.verb !== 'off') return members;
  return members.filter(({ entity }) => SWITCHED.has(entity.kind));
}

/** A word for two kinds (`door`, `switch`) means the first of them that there is. */
function oneKind(members: readonly Candidate[], kindWords: readonly string[]): readonly Candidate[] {
  for (const word of kindWords) {
    for (const kind of KIND_WORDS.get(word) ?? []) {
      const ofKind = members.filter(({ entity }) => entity.kind === kind);
      if (ofKind.length > 0) return ofKind;
    }
  }
  return members;
}

/** What a value or aspect is about where no device is named: `set the bedroom to 50 %` is about its lights. */
function impliedKinds(
  clause: Clause,
  stems: readonly string[],
  index: HouseIndex,
): readonly Kind[] | undefined {
  if (stems.some((stem) => !index.placeWords.has(stem))) return undefined;
  if (clause.aspect !== undefined) return ASPECT_KINDS[clause.aspect];
  switch (clause.quantity?.type) {
    case 'color':
    case 'kelvin':
    case 'percent':
      return ['light'];
    case 'degrees':
    case 'mode':
      return ['climate'];
    case 'number':
    case undefined:
      break;
  }
  return undefined;
}

function isNamed(named: NamedEntity, stems: readonly string[]): boolean {
  return named.names.some(
    (name) => name.every((word) => stems.includes(word)) && name.some((word) => !named.areaWords.has(word)),
  );
}

/** How many of the words this entity explains, and how well: names weigh most, then places, then kinds. */
function coverage(
  named: NamedEntity,
  stems: readonly string[],
  index: HouseIndex,
): { covered: number; score: number } {
  const houseWide = named.entity.kind === 'scene' && named.entity.area === undefined;
  let covered = 0;
  let score = 0;
  for (const stem of stems) {
    const byKind = KIND_WORDS.get(stem)?.includes(named.entity.kind) === true && !STRICT.has(stem);
    let weight = 0;
    if (named.nameWords.has(stem)) weight = 3;
    else if (named.areaWords.has(stem)) weight = 2;
    else if (named.floorWords.has(stem)) weight = 1.5;
    else if (byKind) weight = 1;
    // A scene without an area is everybody's: `party mode in the kitchen`.
    else if (houseWide && index.placeWords.has(stem)) weight = 0.5;
    if (weight > 0) covered++;
    score += weight;
  }
  return { covered, score };
}

function readingOf(chosen: Pick<Chosen, 'members' | 'confidence'>, typos: number): Reading {
  const { members } = chosen;
  const confidence = Math.max(0.5, chosen.confidence - 0.1 * typos);
  return { calls: members.map(({ call }) => call), confidence, what: named(members) };
}

/** The first few of them by name, and how many more there are. */
export function named(members: readonly NamedEntity[]): string {
  const names = members.slice(0, 4).map(({ entity }) => entity.name.slice(0, 60));
  const more = members.length > names.length ? ` and ${members.length - names.length} more` : '';
  return `${names.join(', ')}${more}`;
}

function rank(able: readonly Candidate[], chosen: Chosen | undefined): Reading[] {
  const readings: Reading[] = [];
  if (chosen !== undefined && chosen.members.length > 1) readings.push(readingOf(chosen, 0));
  const inChosen = new Set(chosen?.members);
  const byScore = able.toSorted(
    (a, b) =>
      Number(inChosen.has(b)) - Number(inChosen.has(a)) ||
      b.score - a.score ||
      (a.entity.id < b.entity.id ? -1 : 1),
  );
  for (const candidate of byScore.slice(0, MAX_READINGS - readings.length)) {
    readings.push(readingOf({ members: [candidate], confidence: 0.5 }, 0));
  }
  return readings;
}

const GUESSED_VERBS = [
  'on',
  'off',
  'open',
  'close',
  'start',
  'return',
  'lock',
  'unlock',
  'activate',
  'press',
] as const;
const GUESSED_ENTITIES = 4;

/** What the named devices can do at all, for a request that names devices but no command of theirs: `make coffee`. */
function guesses(clause: Clause, stems: readonly string[], index: HouseIndex, present: Present): Reading[] {
  const { quantity: _, ...rest } = clause;
  const named = index.entities
    .filter(({ entity }) => entity.commands.length > 0)
    .map((candidate) => ({ ...candidate, ...coverage(candidate, stems, index) }))
    .filter(({ covered }) => covered > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, GUESSED_ENTITIES);
  const readings = new Map<string, Reading>();
  for (const candidate of named) {
    for (const verb of GUESSED_VERBS) {
      const meant = commandFor(candidate.entity, { ...rest, verb }, present);
      if (meant === undefined || !('call' in meant)) continue;
      const key = `${meant.call.entity}.${meant.call.command}`;
      readings.set(key, { calls: [meant.call], confidence: 0.3, what: candidate.entity.name.slice(0, 60) });
    }
  }
  return [...readings.values()].slice(0, MAX_READINGS);
}

function reasonFor(
  clause: Clause,
  stems: readonly string[],
  able: readonly Candidate[],
  full: readonly Candidate[],
  index: HouseIndex,
): string {
  if (clause.verb === undefined) return 'it does not say what to do';
  if (stems.length === 0) return 'it does not say which device';
  if (full.length > 0) return `${full.length} devices could be meant`;
  const strange = stems.filter(
    (stem) => !able.some((candidate) => coverage(candidate, [stem], index).covered > 0),
  );
  return `nothing here that can do this is called “${(strange.length > 0 ? strange : stems).join(' ').slice(0, 60)}”`;
}
