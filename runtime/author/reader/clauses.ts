import { GAP } from './sentence.ts';
import type { Stretch } from './conditions.ts';

/** A part of a sentence that says when: what sets the rule off, or what else must be so. */
export interface Clause {
  readonly stretch: Stretch;
  /** Where the word that opens it stands. */
  readonly from: number;
  /** `but only if`, `unless`: never what sets it off. */
  readonly role: 'trigger' | 'either' | 'condition';
  readonly negated: boolean;
}

/** One way to cut a sentence into what it is about and what is to be done. */
export interface Cut {
  readonly clauses: readonly Clause[];
  readonly action: Stretch;
}

const MARKERS =
  /(?<![\p{L}'’])(?:,? ?(?:but |and )?(only |except |not )?)(when(?:ever)?|if|as soon as|every time(?: that)?|each time(?: that)?|any time|once|the moment(?: that)?|in case|as long as|so long as|provided(?: that)?|providing|while|unless|after|until)(?![\p{L}]| ?[\uE000-\uE00F])/gu;
const TRIGGERS = new Set([
  'when',
  'whenever',
  'as soon as',
  'every time',
  'each time',
  'any time',
  'once',
  'the moment',
  'after',
]);
const CONDITIONS = new Set(['as long as', 'so long as', 'provided', 'providing', 'while', 'unless', 'until']);

interface Marker {
  readonly start: number;
  readonly end: number;
  readonly role: Clause['role'];
  readonly negated: boolean;
}

export function markersIn(mask: string, start: number, end: number): Marker[] {
  return [...mask.slice(start, end).matchAll(MARKERS)].map((match) => {
    const word = (match[2] ?? '').replace(/ that$/, '');
    const limits = match[1] !== undefined || /^,? ?but /.test(match[0]);
    const negated = word === 'unless' || match[1] === 'except ' || match[1] === 'not ';
    const role = limits || CONDITIONS.has(word) ? 'condition' : TRIGGERS.has(word) ? 'trigger' : 'either';
    return { start: start + match.index, end: start + match.index + match[0].length, role, negated };
  });
}

const VERBS =
  'turn|switch|set|open|close|lock|unlock|dim|brighten|start|stop|put|make|play|pause|mute|unmute|activate|run|send|notify|tell|alert|warn|remind|inform|raise|lower|shut|press|vacuum|clean|increase|decrease|reduce|change|toggle|light|bring|let|resume|dock|message|pull|roll|draw|heat|cool|trigger|flash|enable|disable|have|text|push|ping|kill|go|get|call|begin|fetch|keep|extend|retract|unroll|roll|sound|warm';
const VERB = new RegExp(`^(?:${VERBS})$`, 'u');

/** Whether a word orders something: then it names nothing. */
export function isOrder(word: string): boolean {
  return VERB.test(word);
}

const BEFORE_VERB = new RegExp(`(?<=[ ${GAP},])(?:please )?(?=(?:${VERBS})(?![\\p{L}]))`, 'gu');
const PAUSE = new RegExp(
  `[ ${GAP}]*(?:,|:|;|-)[ ${GAP}]*(?:then |and then |please )?| then |${GAP}+ ?(?:then )?`,
  'gu',
);

/** Every way to cut a stretch that begins, or goes on, with a word such as `when`; likelier ones first. */
export function cutsOf(mask: string, from: number, to: number): Cut[] {
  const [start, end] = trimmed(mask, from, to);
  const markers = markersIn(mask, start, end);
  const first = markers[0];
  if (first === undefined) return telegrams(mask, start, end);
  // `two minutes after the door closes` is one clause.
  const timed = /^[\uE000-\uE00F]+ ?$/.test(mask.slice(start, first.start)) && first.role === 'trigger';
  if (first.start > start && !timed) {
    const action = { mask, start, end: first.start };
    return [{ clauses: clausesOf(mask, markers, end), action }];
  }
  const cuts: Cut[] = [];
  for (const at of boundaries(mask, first.end, end)) {
    const inside = markers.filter((marker) => marker.start < at.start);
    const behind = markers.filter((marker) => marker.start >= at.end);
    const actionEnd = behind[0]?.start ?? end;
    const clauses = clausesOf(mask, inside, at.start);
    if (timed && clauses[0] !== undefined)
      clauses[0] = { ...clauses[0], stretch: { ...clauses[0].stretch, start }, from: start };
    cuts.push({
      clauses: [...clauses, ...clausesOf(mask, behind, end)],
      action: { mask, start: at.end, end: actionEnd },
    });
  }
  return cuts;
}

/** `doorbell rings: pause the tv`, `water in the cellar? shut the valve`: what is the case, a sign, what is to be done. */
function telegrams(mask: string, start: number, end: number): Cut[] {
  return [...mask.slice(start, end).matchAll(/ ?[:?](?: then)? /g)].map((match) => ({
    clauses: [
      { stretch: { mask, start, end: start + match.index }, from: start, role: 'trigger', negated: false },
    ],
    action: { mask, start: start + match.index + match[0].length, end },
  }));
}

function clausesOf(mask: string, markers: readonly Marker[], end: number): Clause[] {
  return markers.map(({ start, end: from, role, negated }, i) => ({
    stretch: { mask, start: from, end: markers[i + 1]?.start ?? end },
    from: start,
    role,
    negated,
  }));
}

/** Places at which what is the case may end and what is to be done begin. */
function boundaries(mask: string, start: number, end: number): { start: number; end: number }[] {
  const places = new Map<number, { start: number; end: number }>();
  const body = mask.slice(start, end);
  for (const pattern of [PAUSE, BEFORE_VERB]) {
    for (const match of body.matchAll(pattern)) {
      const place = { start: start + match.index, end: start + match.index + match[0].length };
      if (place.start > start && place.end < end && !places.has(place.end)) places.set(place.end, place);
    }
  }
  return [...places.values()];
}

/** Without spaces, gaps and signs at its ends. */
export function trimmed(mask: string, from: number, to: number): [start: number, end: number] {
  const empty = new Set([' ', ',', ';', ':', GAP]);
  let [start, end] = [from, to];
  while (start < end && empty.has(mask[start]!)) start++;
  while (end > start && empty.has(mask[end - 1]!)) end--;
  return [start, end];
}

/** Places at which a stretch may say two things: behind `and`, `but`, a comma. */
export function joints(mask: string, start: number, end: number): { start: number; end: number }[] {
  const pattern = new RegExp(`,? (?:and|but|while) (?:also )?|, |${GAP}+`, 'gu');
  return [...mask.slice(start, end).matchAll(pattern)]
    .map((match) => ({ start: start + match.index, end: start + match.index + match[0].length }))
    .filter((place) => place.start > start && place.end < end);
}
