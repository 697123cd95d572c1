import {
  atClock,
  atSun,
  type Draft,
  type DraftPart,
  entityOfCall,
  negated,
  subjectOf,
} from '../../../policies/index.ts';
import type { Entity } from '../../contract/house.ts';
import { readAction, type ActionRead } from './actions.ts';
import { cutsOf, joints, markersIn, trimmed, type Clause, type Cut } from './clauses.ts';
import { readCondition, type FoundCondition, type Stretch, type World } from './conditions.ts';
import { findClock, findSun, type Schedule } from './schedules.ts';
import { GAP, maskOf, sentenceOf, wordsAt, type Sentence } from './sentence.ts';
import { tellingWords } from './subjects.ts';
import { findTimes, type TimesFound } from './times.ts';

/** What the reader makes of a sentence. */
export interface Reading {
  /**
   * Rules it may mean, likeliest first. With `certain` every word is accounted for and the first is what was said; else
   * several things fit the words.
   */
  readonly drafts: readonly Draft[];
  readonly certain: boolean;
  /** Parts that are clear, whatever becomes of the others. */
  readonly clear: ClearParts;
  /** Why it is not certain, in words; empty where it is. */
  readonly reason: string;
  /** Words that were not understood. */
  readonly unknown: readonly string[];
  /** How vague words were taken. */
  readonly notes: readonly string[];
  /** More than one rule: each as its sentence. */
  readonly rules?: readonly string[];
}

export interface ClearParts {
  readonly when?: DraftPart<string>;
  readonly if: readonly DraftPart<string>[];
  readonly hold?: DraftPart<number>;
  readonly then?: readonly DraftPart<string>[];
  readonly lasts?: DraftPart<number>;
  /** What is to be done, in the sentence's own words, as far as that is told from the rest. */
  readonly action?: string;
  /** The sentence without the hours, days and sun that are clear: what a model is asked. */
  readonly rest: string;
}

export interface ReadOptions {
  /** What the rule is about that is being edited is about the evening. */
  readonly evening?: boolean;
  /** What `it` may mean besides. */
  readonly about?: readonly Entity[];
}

/** Ways to cut a sentence that are tried, likelier ones first. */
const MAX_CUTS = 40;
/** More drafts than anybody would look at. */
const MAX_DRAFTS = 8;
const POLITE =
  /^(?:please |hey |ok |okay |i want you to |i'd like you to |i would like you to |could you (?:please )?|can you (?:please )?|would you (?:please )?|make sure (?:to |that you |you )|remember to |always |from now on,? |it would be nice to )+/;

/**
 * Reads common forms of sentences without a model:
 *
 *     sentence → values masked → hours, days and sun found → cut into what is the case and what is to be done
 *              → conditions by their predicates, calls by the linker
 *
 * Deterministic. Certain only where every word is accounted for and one thing fits.
 */
export function readSentence(given: string, world: World, options: ReadOptions = {}): Reading {
  const sentence = sentenceOf(given);
  const start = POLITE.exec(sentence.text)?.[0].length ?? 0;
  const rules = twoRules(sentence, start, world, options);
  if (rules !== undefined) {
    const none = { if: [], rest: sentence.text };
    return {
      drafts: [],
      certain: false,
      clear: none,
      reason: 'these are two rules',
      unknown: [],
      notes: [],
      rules,
    };
  }
  return readRange(sentence, start, sentence.text.length, world, options);
}

function readRange(
  sentence: Sentence,
  start: number,
  end: number,
  world: World,
  options: ReadOptions,
): Reading {
  const whole = ' '.repeat(start) + maskOf(sentence).slice(start, end);
  const sun = findSun(sentence, whole);
  const evening =
    options.evening === true || /\b(?:evening|night|bed|sunset|dark|dusk)\b/.test(sentence.text);
  const times = findTimes(sentence, sun?.mask ?? whole, { evening });
  // `when it is noon` is a schedule; `at 7` behind another trigger is not understood.
  const clock = sun === undefined ? findClock(sentence, times.mask, evening) : undefined;
  const schedule = sun ?? clock;
  const mask = clock?.mask ?? times.mask;
  const readings = [
    ...(schedule === undefined
      ? []
      : scheduled(sentence, mask, start, end, { schedule, times, world, options })),
    ...(schedule === clock ? triggered(sentence, times.mask, start, end, { times, world, options }) : []),
    ...(schedule === undefined && times.begins !== undefined
      ? begun(sentence, mask, start, end, { times, world, options })
      : []),
  ];
  const best = readings.toSorted((a, b) => costOf(a) - costOf(b))[0];
  const notes = [...times.notes, ...(clock?.notes ?? [])];
  const rest = sentence.text.slice(start, end);
  if (best === undefined) {
    const unknown = markersIn(mask, start, end).length === 0 ? [] : tellingWords(mask.slice(start, end));
    const clear = { if: times.conditions, rest };
    return { drafts: [], certain: false, clear, reason: 'it does not say when', unknown, notes };
  }
  return { ...best, notes };
}

interface Parts {
  readonly times: TimesFound;
  readonly world: World;
  readonly options: ReadOptions;
}

/** What is set off by the clock or the sun; anything else that is said must hold then. */
function scheduled(
  sentence: Sentence,
  mask: string,
  start: number,
  end: number,
  parts: Parts & { readonly schedule: Schedule },
): Reading[] {
  const { schedule, times } = parts;
  const byDay = schedule.byDay && times.days.length > 0;
  const when = {
    value: schedule.at(byDay ? times.days : []),
    words: [schedule.words, ...(byDay ? dayWords(times) : [])],
  };
  const kept = times.conditions.filter(({ value }) => !byDay || subjectOf(value) !== 'days');
  return withTrigger(sentence, mask, start, end, { ...parts, when, kept });
}

/** `after sunset turn on …`: what nothing else sets off is set off when that begins. */
function begun(sentence: Sentence, mask: string, start: number, end: number, parts: Parts): Reading[] {
  const { times } = parts;
  const begins = times.begins!;
  const byDay = begins.minutes !== undefined && times.days.length > 0;
  const value =
    begins.minutes === undefined ? atSun(begins.sun!) : atClock(begins.minutes, byDay ? times.days : []);
  const when = { value, words: [begins.words, ...(byDay ? dayWords(times) : [])] };
  const kept = times.conditions.filter(
    (condition, i) => i !== begins.condition && (!byDay || subjectOf(condition.value) !== 'days'),
  );
  return withTrigger(sentence, mask, start, end, { ...parts, when, kept });
}

function dayWords({ conditions }: TimesFound): readonly string[] {
  return conditions.filter(({ value }) => subjectOf(value) === 'days').flatMap(({ words }) => words);
}

function withTrigger(
  sentence: Sentence,
  mask: string,
  start: number,
  end: number,
  parts: Parts & { readonly when: DraftPart<string>; readonly kept: readonly DraftPart<string>[] },
): Reading[] {
  const [from, to] = trimmed(mask, start, end);
  const cuts: readonly Cut[] =
    markersIn(mask, from, to).length === 0
      ? [{ clauses: [], action: { mask, start: from, end: to } }]
      : cutsOf(mask, from, to);
  return cuts.slice(0, MAX_CUTS).map((cut) => readCut(sentence, cut, parts, parts.when, parts.kept));
}

/** What is set off by something that happens. */
function triggered(sentence: Sentence, mask: string, start: number, end: number, parts: Parts): Reading[] {
  return cutsOf(mask, start, end)
    .slice(0, MAX_CUTS)
    .map((cut) => readCut(sentence, cut, parts, undefined, parts.times.conditions));
}

function readCut(
  sentence: Sentence,
  cut: Cut,
  { world, options }: Parts,
  schedule: DraftPart<string> | undefined,
  times: readonly DraftPart<string>[],
): Reading {
  const unknown: string[] = [];
  let reason = '';
  const found: { readonly condition: FoundCondition; readonly clause: Clause }[] = [];
  for (const clause of cut.clauses) {
    const read =
      readPronoun(sentence, clause.stretch, cut.action, world) ?? readClause(sentence, clause.stretch, world);
    if (read.ok) for (const condition of read.found) found.push({ condition, clause });
    else {
      unknown.push(...read.unknown);
      reason ||= `“${sentence.text.slice(clause.stretch.start, clause.stretch.end).trim()}” is not clear`;
    }
  }
  const trigger = schedule === undefined ? triggerOf(found) : undefined;
  const others = found.filter((one) => one !== trigger);
  if (schedule === undefined && trigger === undefined) reason ||= 'it does not say what sets the rule off';
  // The state of something for some time is told by what sets a rule off alone.
  const held = others.find(({ condition }) => condition.hold !== undefined);
  if (held !== undefined) {
    reason ||= `how long “${held.condition.words[0]}” was so is no condition a rule can have`;
    unknown.push(...(held.condition.hold?.words ?? []));
  }
  const about = [...(trigger?.condition.about ?? []), ...(options.about ?? [])];
  const action = readAction(sentence, cut.action, world.house, about);
  if (!action.ok) {
    reason ||= action.reason;
    unknown.push(...action.unknown);
  }
  const acted = action.ok && action.readings.length === 1 ? action.readings[0]! : [];
  const meant = trigger === undefined ? undefined : sameThing(trigger.condition, acted);
  const whens = schedule === undefined ? whensOf(meant) : [schedule];
  const conditions = others.map(({ condition, clause }) => {
    const { words, readings } = sameThing(condition, acted);
    if (!clause.negated) return readings.map((value) => ({ value, words }));
    const said = [wordsAt(sentence, clause.from, clause.stretch.end)];
    return readings.map((value) => ({ value: negated(value), words: said }));
  });
  const hold = trigger?.condition.hold;
  const drafts = reason === '' && action.ok ? draftsOf(whens, times, conditions, hold, action) : [];
  const clash = drafts[0] === undefined ? undefined : clashOf(drafts[0]);
  if (clash !== undefined) return failedReading(sentence, cut, `it says two things of ${clash}`);
  const several = [...conditions, whens, action.ok ? action.readings : []].some(({ length }) => length > 1);
  return {
    drafts: drafts.slice(0, MAX_DRAFTS),
    certain: drafts.length > 0 && !several,
    reason: reason === '' && several ? severalText(sentence, cut, found, action) : reason,
    unknown: [...new Set(unknown)],
    notes: [],
    clear: {
      if: [...times, ...conditions.flatMap((readings) => (readings.length === 1 ? readings : []))],
      ...(whens.length === 1 ? { when: whens[0]! } : {}),
      ...(hold === undefined ? {} : { hold }),
      ...(action.ok && action.readings.length === 1 ? { then: action.readings[0]! } : {}),
      ...(action.ok && action.lasts !== undefined ? { lasts: action.lasts } : {}),
      action: wordsAt(sentence, cut.action.start, cut.action.end),
      rest: lettersOf(sentence, cut.action.mask),
    },
  };
}

/** The sentence without what its mask has covered. */
function lettersOf({ text }: Sentence, mask: string): string {
  const left = Array.from({ length: text.length }, (_, i) => (mask[i] === GAP ? ' ' : text[i]));
  return left.join('').replaceAll(/\s+/g, ' ').trim();
}

function failedReading(sentence: Sentence, cut: Cut, reason: string): Reading {
  const clear = { if: [], rest: sentence.text };
  const unknown = [sentence.text.slice(cut.action.start, cut.action.end).trim()];
  return { drafts: [], certain: false, clear, reason, unknown, notes: [] };
}

function severalText(
  sentence: Sentence,
  cut: Cut,
  found: readonly { readonly condition: FoundCondition }[],
  action: ActionRead,
): string {
  const vague = found.find(({ condition }) => condition.readings.length > 1);
  const words =
    vague?.condition.words[0] ??
    (action.ok ? sentence.text.slice(cut.action.start, cut.action.end).trim() : '');
  return `“${words}” fits several things`;
}

/** `lock the front door when it has been closed for ten minutes`: `it` is read as what the action names. */
function readPronoun(
  sentence: Sentence,
  { mask, start, end }: Stretch,
  action: Stretch,
  world: World,
): { readonly ok: true; readonly found: readonly FoundCondition[] } | undefined {
  const words = sentence.text.slice(start, end);
  const it = /^\s*(?:it|they)\b/.exec(words);
  const named =
    /^[\s,]*(?:please )?\p{L}+(?: (?:on|off|up|down))? ((?:the|my|our) [\p{L} ]+?)(?: (?:on|off|up|down))?[\s,]*$/u.exec(
      sentence.text.slice(action.start, action.end),
    )?.[1];
  if (it === null || named === undefined || mask.slice(start, end).includes(GAP)) return undefined;
  const said = sentenceOf(`${named}${words.slice(it[0].length)}`);
  const read = readCondition(said, { mask: maskOf(said), start: 0, end: said.text.length }, world);
  if (!read.ok || read.found.readings.length !== 1) return undefined;
  return { ok: true, found: [{ ...read.found, words: [words.trim()] }] };
}

/** All conditions of a clause: as one where it is one, else of its parts. */
export function readClause(
  sentence: Sentence,
  { mask, start, end }: Stretch,
  world: World,
):
  | { readonly ok: true; readonly found: readonly FoundCondition[] }
  | { readonly ok: false; readonly unknown: readonly string[] } {
  const [from, to] = trimmed(mask, start, end);
  if (from === to) return { ok: true, found: [] };
  const whole = readCondition(sentence, { mask, start: from, end: to }, world);
  if (whole.ok && whole.found.readings.length === 1) return { ok: true, found: [whole.found] };
  for (const joint of joints(mask, from, to)) {
    const left = readCondition(sentence, { mask, start: from, end: joint.start }, world);
    if (!left.ok) continue;
    const right = readClause(sentence, { mask, start: joint.end, end: to }, world);
    if (right.ok) return { ok: true, found: [left.found, ...right.found] };
  }
  return whole.ok ? { ok: true, found: [whole.found] } : whole;
}

/** What happens sets a rule off before what is; of equals the first. What is said as a condition never does. */
function triggerOf<T extends { readonly condition: FoundCondition; readonly clause: Clause }>(
  found: readonly T[],
): T | undefined {
  const able = found.filter(({ clause }) => clause.role !== 'condition' && !clause.negated);
  const main = able.filter(({ clause }) => clause.role === 'trigger');
  const among = main.length > 0 ? main : able;
  return (
    among.find(({ condition }) => condition.hold !== undefined) ??
    among.find(({ condition }) => condition.event) ??
    among[0]
  );
}

/** `turn the iron off when it has been on for an hour`: `it` is what is acted on. */
function sameThing(condition: FoundCondition, acted: readonly DraftPart<string>[]): FoundCondition {
  if (condition.readings.length < 2 || !condition.words.some((words) => /\b(?:it|they)\b/.test(words)))
    return condition;
  const entities = new Set(acted.map(({ value }) => entityOfCall(value)));
  const at = condition.about.findIndex(({ id }) => entities.has(id));
  const reading = condition.readings[at];
  if (reading === undefined || condition.about.length !== condition.readings.length) return condition;
  return { ...condition, readings: [reading], about: [condition.about[at]!] };
}

function whensOf(trigger: FoundCondition | undefined): DraftPart<string>[] {
  if (trigger === undefined) return [];
  const { readings, becoming, words, hold } = trigger;
  if (becoming !== undefined && hold === undefined) return [{ value: becoming, words }];
  return readings.map((value) => ({ value, words }));
}

function draftsOf(
  whens: readonly DraftPart<string>[],
  times: readonly DraftPart<string>[],
  conditions: readonly (readonly DraftPart<string>[])[],
  hold: DraftPart<number> | undefined,
  action: ActionRead & { ok: true },
): Draft[] {
  let combined: DraftPart<string>[][] = [[]];
  for (const readings of conditions)
    combined = combined.flatMap((some) => readings.map((one) => [...some, one])).slice(0, MAX_DRAFTS);
  return action.readings.flatMap((then) =>
    whens.flatMap((when) =>
      combined.map((own): Draft => ({
        when,
        if: [...times, ...own],
        // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
        then,
        mode: 'suggest',
        ...(hold === undefined ? {} : { hold }),
        ...(action.lasts === undefined ? {} : { lasts: action.lasts }),
      })),
    ),
  );
}

/** An entity that is to do two things at once. */
function clashOf({ then }: Draft): string | undefined {
  const seen = new Map<string, string>();
  for (const { value } of then) {
    const entity = entityOfCall(value);
    if (entity === undefined || entity.startsWith('notify.')) continue;
    if (seen.has(entity) && seen.get(entity) !== value) return entity;
    seen.set(entity, value);
  }
  return undefined;
}

function costOf({ certain, drafts, unknown, reason, clear }: Reading): number {
  if (certain) return 0;
  const halves = (clear.when === undefined ? 3 : 0) + (clear.then === undefined ? 3 : 0);
  return (drafts.length > 0 ? 1 : 10 + halves) + unknown.length + (reason === '' ? 0 : 0.5);
}

const JOINTS = /(?:[.;!] +|,? and (?:then )?|, (?:then )?|,? but )/g;

/** Where a sentence holds two rules, each of them clear by itself: the two sentences. */
function twoRules(
  sentence: Sentence,
  start: number,
  world: World,
  options: ReadOptions,
): string[] | undefined {
  const { text } = sentence;
  const mask = maskOf(sentence);
  const triggers = markersIn(mask, start, text.length).filter(({ role }) => role !== 'condition').length;
  const clocks = mask.match(/\bat [\uE000-\uE00F]/g)?.length ?? 0;
  if (triggers + clocks < 2) return undefined;
  for (const match of text.matchAll(JOINTS)) {
    if (match.index <= start) continue;
    const first = readRange(sentence, start, match.index, world, options);
    if (!first.certain) continue;
    const from = match.index + match[0].length;
    const about = first.drafts[0]!.then.flatMap(
      ({ value }) => world.house.entity(entityOfCall(value)!) ?? [],
    );
    const second = readRange(sentence, from, text.length, world, { ...options, about });
    if (second.certain) return [text.slice(start, match.index), text.slice(from)];
  }
  return undefined;
}
