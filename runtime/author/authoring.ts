import { createHash } from 'node:crypto';
import type { LinkableHouse } from '../../devices/index.ts';
import {
  asEntry,
  diffLines,
  type Draft,
  edited,
  END_SUFFIX,
  type AuthoringExample,
  idFor,
  isRejected,
  keyOf,
  nearest,
  partsOf,
  readDraft,
  sameSentence,
  describeDraft,
  type ToolSignature,
  writeDraft,
} from '../../policies/index.ts';
import type { AuthorReply, AuthorRequest, AuthorVerdict, Authoring } from '../contract/authoring.ts';
import type { RungName } from '../contract/decision.ts';
import type { Entity } from '../contract/house.ts';
import type { PolicyShelf } from '../contract/policy-shelf.ts';
import type { Clock } from '../contract/time.ts';
import { GanglionError, isGanglionError } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { ReplayResult, ReplaySettings } from '../replay/index.ts';
import { refusalOf, warningsOf } from './checks.ts';
import type { ExampleStore } from './examples.ts';
import { installDraft, type Installed, standingOf } from './install.ts';
import { absentThings, isGrounded, MIN_CONFIDENCE, withClear, type AuthorModel } from './model.ts';
import { inTurns, neighboursOf } from './near.ts';
import { readEdit } from './reader/edit-sentence.ts';
import type { World } from './reader/conditions.ts';
import { readSentence, type Reading } from './reader/reader.ts';
import { replayOf } from './replay.ts';
import { runTests, testFileOf, testsFor } from './trial.ts';

export interface AuthorParts {
  readonly house: LinkableHouse;
  /** Numeric properties of an entity: those it lists, and those that were reported. */
  readonly numbers: (entity: Entity) => readonly string[];
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  /** The policies as they are; without a place to install to, drafts are shown and no more. */
  readonly shelf: PolicyShelf;
  readonly examples: ExampleStore;
  /** Asked in this order where the words alone are not clear. */
  readonly models: readonly AuthorModel[];
  readonly clock: Clock;
  /** Replays policies over the past; undefined where there is none. */
  readonly replay?: (
    files: readonly { readonly name: string; readonly text: string }[],
    about: readonly string[],
    spanMs: number,
    signal: AbortSignal,
  ) => Promise<ReplayResult>;
  /** What a model may take, ms. */
  readonly modelMs: number;
}

const MAX_CHARS = 600;
/** Earlier sentences a model is shown. */
const SHOWN = 4;
/** From which on an earlier sentence is worth showing to a model. */
const HINTING = 0.15;
/** Of the words of two sentences, from which on one tells what the other means. */
const ALIKE = 0.5;

/** A rule that may be meant. */
interface Candidate {
  readonly draft: Draft;
  readonly rung: RungName;
  /** 0–1 */
  readonly confidence: number;
  readonly others: readonly Draft[];
  readonly notes: readonly string[];
}

/** Why there is none. */
interface Refused {
  readonly reason: string;
  readonly notUnderstood: readonly string[];
  readonly rules?: readonly string[];
}

/**
 * Rules from sentences:
 *
 *     sentence ─► reader ─► certain ────────────────► checks ─► tests ─► replay ─► shown ─► shelf
 *                   └─► open ─► examples ─► models ──┘
 */
export class Author implements Authoring {
  readonly #parts: AuthorParts;
  readonly #world: World;

  constructor(parts: AuthorParts) {
    this.#parts = parts;
    const { house, numbers } = parts;
    this.#world = { house, numbers };
  }

  async author(request: AuthorRequest): Promise<AuthorReply> {
    const sentence = request.text.replaceAll(/\s+/g, ' ').trim();
    const wrong = unreadable(sentence);
    if (wrong !== undefined) return refusal(sentence, { reason: wrong, notUnderstood: [] });
    return request.edit === undefined
      ? this.#write(sentence, request)
      : this.#edit(sentence, request.edit, request);
  }

  judge({ draft, verdict }: AuthorVerdict): AuthorReply {
    const { examples, clock } = this.#parts;
    const known = examples.find(draft);
    if (known === undefined) {
      const all = [...new Set(examples.all().map((one) => one.draft))];
      throw new GanglionError('AUTHOR_DRAFT_UNKNOWN', { draft, hint: didYouMean(draft, all) });
    }
    const { sentence, policies } = known;
    const base = { ...EMPTY, sentence, draft, policies };
    if (verdict === 'reject') {
      examples.add({ ...known, at: clock.wall(), verdict: 'rejected' });
      return {
        ...base,
        status: 'refused',
        reason: 'it was rejected and is not proposed for this sentence again',
      };
    }
    const done = this.#install(known);
    return 'reason' in done
      ? { ...base, status: 'refused', reason: done.reason }
      : { ...base, status: 'installed', versions: done.versions };
  }

  async #write(sentence: string, request: AuthorRequest): Promise<AuthorReply> {
    const found = await this.#candidate(sentence, request);
    if ('reason' in found) return refusal(sentence, found);
    const { draft } = found;
    const current = this.#parts.shelf.current();
    const id = idFor(nameOf(draft, this.#parts.house), new Set(current.keys()));
    return this.#show(sentence, id, found, current, request);
  }

  async #edit(sentence: string, id: string, request: AuthorRequest): Promise<AuthorReply> {
    const current = this.#parts.shelf.current();
    const read = readDraft(id, current);
    if ('reason' in read) {
      if (read.reason === 'unknown')
        throw new GanglionError('POLICY_UNKNOWN', { id, hint: didYouMean(id, [...current.keys()]) });
      const reason = `${id} is no rule that a sentence can change: edit its file`;
      return refusal(sentence, { reason, notUnderstood: [] });
    }
    const change = readEdit(sentence, read.draft, this.#world);
    if (!change.ok) return refusal(sentence, { reason: change.reason, notUnderstood: change.unknown });
    const changed = edited(read.draft, change.edits);
    // What a rule does by itself is looked at as a suggestion first, unless a person says otherwise.
    const isTamed = changed.mode === 'auto' && !change.edits.some(({ op }) => op === 'mode');
    const draft: Draft = isTamed ? { ...changed, mode: 'suggest' } : changed;
    const notes = isTamed
      ? [
          ...change.notes,
          'It acted by itself and would only suggest now; say “put it to work” when it is right.',
        ]
      : change.notes;
    if (keyOf(draft) === keyOf(read.draft) && changed.mode === read.draft.mode)
      return refusal(sentence, { reason: `${id} says that already`, notUnderstood: [] });
    const found: Candidate = { draft, rung: 'link', confidence: 1, others: [], notes };
    return this.#show(sentence, id, found, current, request);
  }

  /** The rule a sentence means, or why it means none. */
  async #candidate(sentence: string, request: AuthorRequest): Promise<Candidate | Refused> {
    const { examples } = this.#parts;
    const reading = readSentence(sentence, this.#world);
    const { rules, notes } = reading;
    if (rules !== undefined) {
      const each = rules.map((one) => `“${one}”`).join(' and ');
      return { reason: `it holds two rules; say them one at a time: ${each}`, notUnderstood: [], rules };
    }
    const open = reading.drafts.filter((draft) => !isRejected(sentence, keyOf(draft), examples.all()));
    const [first] = open;
    if (first !== undefined && reading.certain)
      return { draft: first, rung: 'link', confidence: 1, others: open.slice(1), notes };
    const like = this.#likeBefore(sentence, open);
    if (like !== undefined) return { ...like, notes: [...notes, ...like.notes] };
    return (await this.#byModel(sentence, reading, open, request)) ?? this.#unclear(sentence, reading, open);
  }

  /** Of rules that fit as well, the one that is like what was accepted for a sentence like this. */
  #likeBefore(sentence: string, drafts: readonly Draft[]): Candidate | undefined {
    if (drafts.length < 2) return undefined;
    for (const { example } of nearest(sentence, this.#parts.examples.all(), SHOWN, ALIKE)) {
      if (example.verdict !== 'accepted') continue;
      const fitting = drafts.filter((draft) => shareOf(draft, example) === 1);
      if (fitting.length !== 1) continue;
      const note = `Several things fit; it was taken as before in “${example.sentence}”.`;
      const others = drafts.filter((one) => one !== fitting[0]);
      return { draft: fitting[0]!, rung: 'link', confidence: 0.8, others, notes: [note] };
    }
    return undefined;
  }

  async #byModel(
    sentence: string,
    { clear, unknown, notes }: Reading,
    open: readonly Draft[],
    request: AuthorRequest,
  ): Promise<Candidate | undefined> {
    const { house, examples, models, modelMs } = this.#parts;
    if (absentThings(sentence, unknown, house).length > 0) return undefined;
    const all = examples.all();
    const signal = request.signal ?? new AbortController().signal;
    // A draft that was turned down for this sentence is not the only one wanted.
    const alternatives = all.some((one) => one.verdict === 'rejected' && sameSentence(one.sentence, sentence))
      ? 4
      : 0;
    const question = { sentence, clear, house, alternatives, deadlineMs: modelMs, signal };
    for (const model of models) {
      try {
        const answers = await model.propose({
          ...question,
          examples: nearest(sentence, all, SHOWN, HINTING),
        });
        const drafts = answers.map(({ draft, confidence }) => ({
          draft: withClear(draft, clear),
          confidence,
        }));
        const best = drafts.find(
          ({ draft, confidence }) =>
            confidence >= MIN_CONFIDENCE &&
            isGrounded(draft, sentence, house) &&
            !isRejected(sentence, keyOf(draft), all),
        );
        if (best === undefined) continue;
        const others = open.filter((draft) => keyOf(draft) !== keyOf(best.draft));
        return { ...best, rung: model.rung, others: others.slice(0, 3), notes };
      } catch (error) {
        // A model that is not ready, too slow or gone leaves the sentence to the next one.
        if (!isGanglionError(error) || signal.aborted) throw error;
      }
    }
    return undefined;
  }

  #unclear(sentence: string, reading: Reading, open: readonly Draft[]): Refused {
    const { reason, unknown, drafts } = reading;
    if (drafts.length > 0 && open.length === 0)
      return { reason: 'what it seems to mean was rejected before; say it another way', notUnderstood: [] };
    const meant = open.slice(0, 4).map((draft) => describeDraft(draft, this.#parts.house));
    if (meant.length > 0) return { reason: `${reason}; say which is meant`, notUnderstood: [], rules: meant };
    const absent = absentThings(sentence, unknown, this.#parts.house);
    if (absent.length > 0)
      return {
        reason: `there is nothing here called ${absent.map((word) => `“${word}”`).join(', ')}`,
        notUnderstood: absent,
      };
    return { reason: reason === '' ? 'it is not clear' : reason, notUnderstood: unknown };
  }

  /** Checks, tests and replays a draft, and installs it where that is wanted. */
  async #show(
    sentence: string,
    id: string,
    found: Candidate,
    current: ReadonlyMap<string, string>,
    request: AuthorRequest,
  ): Promise<AuthorReply> {
    const { house, tools, settings, clock, examples } = this.#parts;
    const { draft, notes, rung, confidence, others } = found;
    const policies = writeDraft(id, draft);
    const rest = new Map([...current].filter(([other]) => other !== id && other !== `${id}${END_SUFFIX}`));
    const trial = { house, tools, settings, from: clock.wall() };
    const turn = inTurns();
    const near = await neighboursOf(policies, rest, turn);
    await turn();
    const wrong = refusalOf(draft, policies, near.linked, trial);
    if (wrong !== undefined) return { ...refusal(sentence, { reason: wrong, notUnderstood: [] }), policies };
    await turn();
    const { conflicts, notes: more } = await warningsOf(draft, policies, near, { ...trial, turn });
    await turn();
    const tests = testsFor(draft, trial);
    const example = exampleOf(sentence, policies, draft, clock.wall(), request.edit, current);
    examples.add(example);
    const reply: AuthorReply = {
      ...EMPTY,
      sentence,
      status: 'proposed',
      draft: example.draft,
      rung,
      confidence,
      policies,
      words: describeDraft(draft, house),
      parts: partsOf(draft),
      notes: [...notes, ...more],
      others: others.map((one) => describeDraft(one, house)),
      conflicts,
      tests: await runTests(tests, policies, { ...trial, turn }),
      ...(tests.cases.length === 0 ? {} : { testFile: testFileOf(tests) }),
      ...(await this.#past(policies, rest, request)),
      ...(request.edit === undefined ? {} : { diff: differenceOf(id, current, policies) }),
    };
    if (request.install !== true) return reply;
    const done = this.#install(example);
    return 'reason' in done
      ? { ...reply, status: 'refused', reason: done.reason }
      : { ...reply, status: 'installed', versions: done.versions };
  }

  async #past(
    policies: AuthorReply['policies'],
    others: ReadonlyMap<string, string>,
    { replayMs, signal }: AuthorRequest,
  ): Promise<Pick<AuthorReply, 'replay'>> {
    const { replay } = this.#parts;
    if (replayMs === undefined || replay === undefined) return {};
    const files = [...policies.map(({ id, text }) => [id, text] as const), ...others].map(([id, text]) => ({
      name: id,
      text: asEntry(text),
    }));
    const about = policies.map(({ id }) => id);
    const result = await replay(files, about, replayMs, signal ?? new AbortController().signal);
    return { replay: replayOf(result, new Set(about)) };
  }

  #install(example: AuthoringExample): Installed {
    const { examples, clock, shelf } = this.#parts;
    const done = installDraft(example, shelf);
    if ('versions' in done) {
      const verdict = example.edited === undefined ? 'accepted' : 'edited';
      examples.add({ ...example, at: clock.wall(), verdict });
    }
    return done;
  }
}

const EMPTY = {
  notUnderstood: [],
  policies: [],
  parts: [],
  notes: [],
  others: [],
  conflicts: [],
  tests: [],
  versions: [],
};

function refusal(sentence: string, { reason, notUnderstood, rules }: Refused): AuthorReply {
  return {
    ...EMPTY,
    sentence,
    status: 'refused',
    reason,
    notUnderstood,
    ...(rules === undefined ? {} : { rules }),
  };
}

function unreadable(sentence: string): string | undefined {
  if (!/[\p{L}\p{N}]/u.test(sentence)) return 'the sentence is empty: say what is to happen, and when';
  if (sentence.length > MAX_CHARS)
    return `it has ${sentence.length} characters, and ${MAX_CHARS} are the most a rule is made of`;
  return undefined;
}

/** What share of what a draft calls and is set off by an accepted one has too. */
function shareOf(draft: Draft, example: AuthoringExample): number {
  const pieces = [draft.when.value, ...draft.then.map(({ value }) => value)];
  const known = new Set(example.key.split('\n').flatMap((line) => line.split('; ')));
  return pieces.filter((piece) => known.has(piece)).length / pieces.length;
}

/** What a rule is called by: what it does to what, and what sets it off. */
function nameOf({ then, when }: Draft, house: LinkableHouse): string[] {
  const [call = ''] = then.map(({ value }) => value);
  const [kind = '', slug = '', command = ''] = call.split('(')[0]!.split('.');
  const name = house.entity(`${kind}.${slug}`)?.name ?? slug;
  const trigger =
    /([a-z_]+\.[\p{Ll}\p{Lo}\p{N}_]+)\./u.exec(when.value)?.[1] ??
    /cron|sunset|sunrise/.exec(when.value)?.[0];
  const cause = trigger === undefined ? [] : ['when', house.entity(trigger as Entity['id'])?.name ?? trigger];
  return [name, command.replace(/^(?:turn|set)_/, ''), ...(cause[1] === 'cron' ? ['at a time'] : cause)];
}

function exampleOf(
  sentence: string,
  policies: AuthorReply['policies'],
  draft: Draft,
  at: number,
  edit: string | undefined,
  current: ReadonlyMap<string, string>,
): AuthoringExample {
  const key = keyOf(draft);
  const standing = edit === undefined ? undefined : standingOf(edit, current);
  const about = JSON.stringify([sentence, policies.map(({ text }) => text), standing]);
  const hash = createHash('sha256').update(about).digest('hex').slice(0, 8);
  const example = { at, sentence, verdict: 'proposed' as const, draft: hash, key, policies };
  return edit === undefined || standing === undefined ? example : { ...example, edited: edit, standing };
}

function differenceOf(id: string, current: ReadonlyMap<string, string>, policies: AuthorReply['policies']) {
  const ids = [id, `${id}${END_SUFFIX}`];
  const before = ids.flatMap((one) => current.get(one) ?? []).join('\n');
  return diffLines(before, policies.map(({ text }) => text).join('\n'));
}
