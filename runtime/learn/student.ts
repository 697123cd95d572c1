import {
  DEFAULT_CERTIFICATE,
  Distiller,
  type DecideSpec,
  type DistilEvent,
  type TrainedTree,
  type TrainingJob,
  type VersionRecord,
  weightOf,
} from '../../policies/index.ts';
import type { LadderAnswer } from '../../policies/index.ts';
import type { LearningAudits, LearningEvent } from '../contract/learning.ts';
import type { SkippedRung } from '../contract/decision.ts';
import type { Rung, RungRequest } from '../contract/rung.ts';
import type { Clock, Timer, WallMs } from '../contract/time.ts';
import { GanglionError, isGanglionError, messageOf } from '../errors.ts';
import type { Example } from '../journal/examples.ts';
import { newId } from '../lib/id.ts';
import { Auditing } from './auditing.ts';
import { Recent } from './recent.ts';
import { subjectOf, type Kept, type KeptProgress, type KeptVersion, type LearningStore } from './store.ts';
import type { TrainTask } from './train-worker.ts';

export interface StudentOptions {
  readonly spec: DecideSpec;
  /** Rungs it learns from. */
  readonly teachers: readonly (Rung | SkippedRung)[];
  readonly store: LearningStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly train: (task: TrainTask) => Promise<TrainedTree>;
  readonly onEvent: (event: LearningEvent) => void;
  readonly onError: (error: unknown) => void;
}

/** What has been learned since is learned again after a kill; only counters are lost. Milliseconds. */
const SAVE_MS = 60_000;
const EVENTS_KEPT = 50;
export const NO_AUDITS: LearningAudits = { asked: 0, answered: 0, disagreed: 0, dropped: 0 };

/**
 * Learns one policy from its teacher: examples go to the journal and to the distiller, trees are trained elsewhere, what
 * the tree answers is audited, and all of it is kept.
 *
 *     teacher's rung ──► taught ──► journal, distiller ──► training ──► shadow ──► certified ──► answers ──► audited
 */
export class Student {
  readonly spec: DecideSpec;
  readonly subject: string;
  readonly features: readonly string[];
  readonly choices: readonly string[];
  readonly #options: StudentOptions;
  readonly #auditing: Auditing;
  #distiller: Distiller;
  #recent = new Recent();
  #audits: LearningAudits = NO_AUDITS;
  #events: LearningEvent[] = [];
  #upTo: string | undefined;
  /** By version, as they were last saved: status, and what each decides otherwise than the one before. */
  readonly #saved = new Map<number, string>();
  readonly #diffs = new Map<number, readonly string[]>();
  #saving: Timer | undefined;
  #stopped = false;

  constructor(options: StudentOptions) {
    const { spec } = options;
    this.#options = options;
    this.spec = spec;
    this.features = spec.features.map(({ source }) => source);
    this.choices = spec.choices.map(({ label }) => label);
    this.subject = subjectOf(spec.id, this.features, this.choices);
    this.#distiller = this.#newDistiller();
    this.#auditing = new Auditing({
      spec,
      teachers: options.teachers,
      clock: options.clock,
      onAnswer: (request, answer) => this.#audited(request, answer),
      onDropped: () => this.#count({ dropped: 1 }),
      onError: options.onError,
    });
  }

  get distiller(): Distiller {
    return this.#distiller;
  }

  get recent(): Recent {
    return this.#recent;
  }

  get audits(): LearningAudits {
    return this.#audits;
  }

  get events(): readonly LearningEvent[] {
    return this.#events;
  }

  get teachers(): readonly (Rung | SkippedRung)[] {
    return this.#options.teachers;
  }

  /** What a version decides otherwise than the one before it. */
  readonly diffOf = (version: number): readonly string[] => this.#diffs.get(version) ?? [];

  /** Goes on from what the journal has. Never throws: what cannot be used is said, and learning starts anew. */
  load(): void {
    try {
      this.#takeUp();
    } catch (error) {
      this.#anew();
      const policy = this.spec.id;
      const reason = `it could not be read (${messageOf(error)})`;
      const known = isGanglionError(error);
      this.#options.onError(
        known ? error : new GanglionError('LEARNING_STATE', { policy, reason }, { cause: error }),
      );
    }
  }

  #takeUp(): void {
    const { store } = this.#options;
    const kept = store.load(this.subject);
    this.#distiller = this.#newDistiller();
    this.#saved.clear();
    this.#restore(kept);
    const isNew = kept.state === undefined && kept.examples.length === 0;
    if (store.begin(this.spec.id, this.subject) && isNew)
      this.#say(
        'anew',
        'Its features or choices are new: it learns anew. Put back as they were, it goes on from there.',
      );
    this.#train();
  }

  #anew(): void {
    this.#distiller = this.#newDistiller();
    this.#recent = new Recent();
    this.#audits = NO_AUDITS;
    this.#events = [];
    this.#upTo = undefined;
    this.#saved.clear();
    this.#diffs.clear();
  }

  /** What the tree says; every decision of the policy is to be put to it. */
  answer(request: RungRequest): ReturnType<Distiller['answer']> {
    const values = finite(request.frame.values);
    const answer = this.#distiller.answer(values);
    const taken = answer !== undefined && answer.confidence >= (request.minConfidence ?? 0);
    this.#recent.add(taken);
    this.#saveSoon();
    if (!taken) return answer;
    if (this.#distiller.audit(this.#options.clock.wall()) !== undefined) {
      this.#count({ asked: 1 });
      this.#auditing.add(request);
    }
    return answer;
  }

  /** A slower rung has decided. */
  taught({ frame, choices }: RungRequest, index: number): void {
    const choice = choices[index];
    if (choice === undefined) return;
    const at = this.#options.clock.wall();
    this.#learn({ id: newId(at), at, values: cells(frame.values), choice: choice.label, source: 'model' });
  }

  /** A person has said what would have been right. The first word on a decision counts. */
  corrected(decision: string, features: readonly (number | null)[], choice: string): boolean {
    const id = `${decision}h`;
    if (features.length !== this.features.length || this.#options.store.knows(id)) return false;
    this.#learn({ id, at: this.#options.clock.wall(), values: features, choice, source: 'human' });
    return true;
  }

  /** @throws GanglionError LEARNING_VERSION */
  revert(version: number): void {
    if (!this.#distiller.revert(version)) {
      const ids = this.#distiller.versions().map(({ id }) => id);
      const known = ids.length === 0 ? 'is none yet' : `are ${ids[0]} to ${ids.at(-1)}`;
      throw new GanglionError('LEARNING_VERSION', { policy: this.spec.id, version, known });
    }
    const record = this.#distiller.versions().find(({ id }) => id === version);
    const how =
      record?.status === 'active'
        ? 'and answers where it was certified.'
        : 'and is compared with its teacher before it answers.';
    this.#say('reverted', `Version ${version} was brought back by hand, ${how}`, version);
    this.save();
  }

  /** A tree learned elsewhere becomes the version under test. */
  adopt(trained: TrainedTree): void {
    this.#take(this.#distiller.adopt(trained, this.#options.clock.wall()));
    this.save();
  }

  save(): void {
    this.#saving?.cancel();
    this.#saving = undefined;
    const { versions, ...progress } = this.#distiller.progress();
    const ids = versions.map(({ id }) => id);
    const changed = versions.filter(({ id, status, reason }) => {
      const before = this.#saved.get(id);
      return status === 'active' || status === 'shadow' || before !== `${status} ${reason}`;
    });
    const gone = [...this.#saved.keys()].filter((id) => !ids.includes(id));
    const state = {
      progress,
      versions: ids,
      upTo: this.#upTo,
      recent: this.#recent.text,
      audits: this.#audits,
      events: this.#events,
    };
    const kept = changed.map((record): KeptVersion => ({ record, diff: this.diffOf(record.id) }));
    if (!this.#options.store.save(this.subject, state, kept, gone)) {
      this.#saveSoon();
      return;
    }
    for (const { id, status, reason } of versions) this.#saved.set(id, `${status} ${reason}`);
    for (const id of gone) {
      this.#saved.delete(id);
      this.#diffs.delete(id);
    }
  }

  stop(): void {
    this.#auditing.stop();
    if (!this.#stopped) this.save();
    this.#stopped = true;
    this.#saving?.cancel();
  }

  #newDistiller(state?: unknown): Distiller {
    const { spec, random } = this.#options;
    const certify = spec.certify ?? DEFAULT_CERTIFICATE;
    const { features, choices } = this;
    const live = spec.learn === 'auto';
    return new Distiller({ policy: spec.id, features, choices, certify, live, random }, state);
  }

  /** Throws LEARNING_STATE. */
  #restore({ state, versions, examples }: Kept): void {
    const last = examples.findIndex(({ id }) => id === state?.upTo);
    // An example that is not there any more: all that are count already. Counted twice they would certify too much.
    const gone = last < 0 && state?.upTo !== undefined;
    const end = gone ? examples.length : last + 1;
    if (state !== undefined) this.#resume(state, versions, examples.slice(0, end));
    for (const example of examples.slice(end)) this.#observe(example);
  }

  /** @param examples those that count in the state already, oldest first */
  #resume(state: KeptProgress, versions: readonly KeptVersion[], examples: readonly Example[]): void {
    const { kept, ...progress } = state.progress;
    const known = examples.slice(Math.max(0, examples.length - kept)).flatMap((example) => {
      const label = this.choices.indexOf(example.choice);
      return label < 0 ? [] : [{ ...example, label }];
    });
    this.#distiller = this.#newDistiller({
      ...progress,
      versions: versions.map(({ record }) => record),
      examples: {
        values: known.flatMap(({ values }) => values),
        labels: known.map(({ label }) => label),
        weights: known.map(({ source }) => weightOf(source)),
      },
    });
    this.#recent = new Recent(state.recent);
    this.#audits = { ...NO_AUDITS, ...state.audits };
    this.#events = [...state.events];
    this.#upTo = state.upTo;
    for (const { record, diff } of versions) {
      this.#diffs.set(record.id, diff);
      this.#saved.set(record.id, `${record.status} ${record.reason}`);
    }
  }

  #learn(example: Omit<Example, 'subject'>): void {
    if (this.#stopped || this.#options.spec.learn === 'off') return;
    const whole = { ...example, subject: this.subject };
    this.#options.store.add(whole);
    this.#observe(whole);
    this.#train();
  }

  #observe({ id, at, values, choice, source }: Example): void {
    this.#upTo = id;
    const row = Float64Array.from(values, (value) => value ?? Number.NaN);
    this.#take(this.#distiller.observe({ values: row, choice, at: at as WallMs, source }));
    this.#saveSoon();
  }

  #audited(request: RungRequest, { index, rung }: LadderAnswer): void {
    if (rung === 'abstain' || index < 0) return;
    const said = this.#distiller.predict(finite(request.frame.values));
    this.#count({ answered: 1, disagreed: said === request.choices[index]?.label ? 0 : 1 });
    this.taught(request, index);
  }

  #count(by: Partial<LearningAudits>): void {
    const { asked, answered, disagreed, dropped } = this.#audits;
    this.#audits = {
      asked: asked + (by.asked ?? 0),
      answered: answered + (by.answered ?? 0),
      disagreed: disagreed + (by.disagreed ?? 0),
      dropped: dropped + (by.dropped ?? 0),
    };
  }

  #train(): void {
    const job = this.#distiller.job();
    if (job !== undefined) void this.#learnTree(job);
  }

  async #learnTree({ id, data, options }: TrainingJob): Promise<void> {
    const distiller = this.#distiller;
    const { train, clock, onError } = this.#options;
    try {
      const trained = await train({ data, options });
      // What has been read anew from the disk meanwhile knows nothing of this job.
      if (this.#stopped || distiller !== this.#distiller) return;
      this.#take(distiller.trained(id, trained, clock.wall()));
      this.save();
    } catch (error) {
      distiller.failed(id);
      if (!this.#stopped) onError(error);
    }
  }

  #take(events: readonly DistilEvent[]): void {
    for (const { kind, text, version } of events) {
      if (kind === 'shadow' && version !== undefined) this.#describe(version);
      this.#say(kind, text, version);
    }
    if (events.length > 0) this.save();
  }

  /** What a new version decides otherwise, while the decisions it was learned from are at hand. */
  #describe(version: number): void {
    const before = this.#distiller.versions().findLast(({ id }: VersionRecord) => id < version);
    const diff = before === undefined ? undefined : this.#distiller.diff(before.id, version);
    this.#diffs.set(version, diff ?? []);
  }

  #say(kind: LearningEvent['kind'], text: string, version?: number): void {
    const { clock, onEvent } = this.#options;
    const about = version === undefined ? {} : { version };
    const event: LearningEvent = { at: clock.wall(), policy: this.spec.id, kind, ...about, text };
    this.#events = [...this.#events, event].slice(-EVENTS_KEPT);
    onEvent(event);
  }

  #saveSoon(): void {
    if (this.#stopped) return;
    this.#saving ??= this.#options.clock.schedule(SAVE_MS, () => this.save());
  }
}

/** Trees know finite numbers and missing ones. */
function finite(values: Float64Array): Float64Array {
  return values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
}

function cells(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}
