import {
  checkTree,
  type DecideSpec,
  type TreeFile,
  type ExploreSpec,
  type TrainedTree,
} from '../../policies/index.ts';
import type { Feedback } from '../contract/action.ts';
import type { RuntimeEvent } from '../contract/api.ts';
import type { Sample, SkippedRung } from '../contract/decision.ts';
import type {
  LearningApi,
  LearningEvent,
  LearningExample,
  LearningReport,
  LearningSummary,
  OfferedTree,
} from '../contract/learning.ts';
import type { Log } from '../contract/log.ts';
import type { Rung } from '../contract/rung.ts';
import type { Clock } from '../contract/time.ts';
import type { Proposal } from '../decide.ts';
import { GanglionError } from '../errors.ts';
import type { HealthBoard } from '../health.ts';
import type { Journal } from '../journal/journal.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { ProblemDesk } from '../problems.ts';
import { Explorer } from './explorer.ts';
import { minuteOfDay } from './minute-of-day.ts';
import { choiceOfFeedback, choiceOfVerdict } from './human.ts';
import { reportOf, reportWithout, summaryOf, summaryWithout } from './report.ts';
import { LearningStore } from './store.ts';
import { Student } from './student.ts';
import { StudentRung } from './student-rung.ts';
import { Trainer } from './trainer.ts';
import type { TrainTask } from './train-worker.ts';
import { percent } from './words.ts';

export interface LearningParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: () => number;
  /** IANA name of the site's time zone, for quiet hours. */
  readonly timezone: string;
  readonly log: Log;
  readonly health: HealthBoard;
  readonly problems: ProblemDesk;
  readonly emit: (event: RuntimeEvent) => void;
  /** Ids of all policies. */
  readonly policies: () => readonly string[];
  /** A policy was edited, or its teacher has changed: what it decided before does not count any more. */
  readonly onChanged: (policy: string) => void;
  /** Where trees are trained; the pool unless given. */
  readonly train?: (task: TrainTask) => Promise<TrainedTree>;
}

/**
 * What `decide` policies learn: trees from their teachers' and people's decisions, and which of equally good choices is
 * worth most. Construct → rungFor for each policy, as its ladder is built → load → … → stop.
 */
export class Learning implements LearningApi {
  readonly #parts: LearningParts;
  readonly #store: LearningStore;
  readonly #trainer = new Trainer();
  readonly #students = new Map<string, Student>();
  readonly #explorers = new Map<string, Explorer>();
  /** Why a policy learns nothing. */
  readonly #absent = new Map<string, string>();
  #loaded = false;

  constructor(parts: LearningParts) {
    this.#parts = parts;
    this.#store = new LearningStore(parts.journal);
    parts.health.beforeRead(() => this.#showHealth());
  }

  /**
   * The `tree` rung of a policy that learns. Called anew for a policy that was edited: it goes on where features and choices
   * are the same.
   * @param teachers rungs behind it that decide for themselves, in their order
   */
  rungFor(spec: DecideSpec, teachers: readonly (Rung | SkippedRung)[]): Rung | SkippedRung {
    const { id } = spec;
    this.#forgetStudent(id);
    if (spec.learn === 'off') return this.#without(id, 'learning is off for this policy (learn: off)');
    if (spec.features.length === 0) return this.#without(id, 'the policy has no features to learn from');
    const { clock, random } = this.#parts;
    const student = new Student({
      spec,
      teachers,
      store: this.#store,
      clock,
      random,
      train: this.#parts.train ?? ((task) => this.#trainer.train(task)),
      onEvent: (event) => this.#tell(event),
      onError: (error) => this.#parts.problems.caught(`What ${id} learns`, error),
    });
    this.#students.set(id, student);
    if (this.#loaded) student.load();
    return new StudentRung(student);
  }

  /** The choices of a policy that are equally good, if it lists any. Called as `rungFor` is. */
  exploreFor(spec: DecideSpec): void {
    this.#explorers.delete(spec.id);
    const { explore } = spec;
    if (explore === undefined) return;
    const { clock, random, timezone } = this.#parts;
    const explorer = new Explorer({
      spec: { ...spec, explore } satisfies WithExplore,
      clock,
      random,
      timezone,
    });
    this.#explorers.set(spec.id, explorer);
    if (this.#loaded) this.#recall(explorer);
  }

  /** A policy is gone, or was edited and comes again. What it has learned is kept. */
  forget(policy: string): void {
    this.#forgetStudent(policy);
    this.#explorers.delete(policy);
  }

  #forgetStudent(policy: string): void {
    const before = this.#students.get(policy);
    if (before !== undefined) this.#parts.onChanged(policy);
    before?.stop();
    this.#students.delete(policy);
    this.#absent.delete(policy);
  }

  /** Reads what earlier runs have learned; again when a disk that could not be read at first can be. */
  load(): void {
    this.#loaded = true;
    this.#guarded('policies that are gone', () => this.#sweep());
    for (const student of this.#students.values()) student.load();
    for (const explorer of this.#explorers.values()) this.#recall(explorer);
  }

  /** A proposal of a policy with choices that are equally good may come back with another of them. */
  refine(proposal: Proposal): Proposal {
    const explorer = this.#explorers.get(proposal.policy ?? '');
    if (explorer === undefined) return proposal;
    return this.#guarded(explorer.spec.id, () => explorer.refine(proposal)) ?? proposal;
  }

  /** Never throws: what cannot be learned is said, and the rest goes on. */
  feedback(feedback: Feedback): void {
    if (this.#students.size === 0 && this.#explorers.size === 0) return;
    this.#guarded('feedback', () => this.#hear(feedback));
  }

  /** A person has approved or denied an action of a decision. Never throws. */
  verdict(decision: string, verdict: 'approve' | 'deny'): void {
    if (this.#students.size > 0) this.#guarded('a verdict', () => this.#heed(decision, verdict));
  }

  list(): readonly LearningSummary[] {
    const exploring = [...this.#explorers.keys()].filter((policy) => !this.#students.has(policy));
    return [...this.#summaries(), ...exploring.flatMap((policy) => this.summary(policy) ?? [])];
  }

  summary(policy: string): LearningSummary | undefined {
    const student = this.#students.get(policy);
    if (student !== undefined) return summaryOf(student);
    const explorer = this.#explorers.get(policy);
    return explorer === undefined ? undefined : summaryWithout(explorer, this.#treeless(policy));
  }

  choicesOf(policy: string): readonly string[] | undefined {
    return this.#students.get(policy)?.choices;
  }

  report(policy: string): LearningReport {
    const explorer = this.#explorers.get(policy);
    if (explorer !== undefined && !this.#students.has(policy))
      return reportWithout(explorer, this.#treeless(policy));
    return reportOf(this.#student(policy), explorer);
  }

  examples(policy: string, limit: number): readonly LearningExample[] {
    return this.#store
      .examples(this.#student(policy).subject, limit)
      .map(({ at, values, choice, source }) => ({ at, values, choice, source }));
  }

  revert(policy: string, version: number): LearningReport {
    this.#student(policy).revert(version);
    return this.report(policy);
  }

  offer(policy: string, { tree, rows, error }: OfferedTree): LearningReport {
    const student = this.#student(policy);
    const file = uncertified(checkTree('the offered tree', tree).content);
    const need = (good: boolean, expected: string, received: string): void => {
      if (!good) throw new GanglionError('LEARNING_TREE', { policy, expected, received });
    };
    const { features, choices } = student;
    need(same(file.features, features), `the features ${features.join(', ')}`, file.features.join(', '));
    const strange = file.choices.find((choice) => !choices.includes(choice));
    need(strange === undefined, `choices of the policy (${choices.join(', ')})`, String(strange));
    const seen = file.nodes.some((node) => 'choice' in node && (node.rows ?? 0) > 0);
    need(seen, 'leaves with the number of rows they were learned from', 'none');
    student.adopt({ tree: file, rows, error, standardError: Number.NaN, errorOutsideMargins: error });
    return this.report(policy);
  }

  explore(policy: string, live: boolean): LearningReport {
    const explorer = this.#explorers.get(policy);
    if (explorer === undefined) {
      this.#student(policy);
      throw new GanglionError('LEARNING_ABSENT', {
        policy,
        reason: 'it lists no choices that are equally good (explore)',
      });
    }
    const reason = explorer.setLive(live);
    if (reason !== undefined) throw new GanglionError('EXPLORE_UNPROVEN', { policy, reason });
    this.#store.saveDocument(exploreName(policy), { live });
    const text = live
      ? 'Of its equally good choices the one that was worth most is taken from now on.'
      : 'Of its equally good choices the usual one is taken again.';
    this.#tell({ at: this.#parts.clock.wall(), policy, kind: 'explore', text });
    return this.report(policy);
  }

  get gauges(): Record<string, number> {
    const summaries = this.#summaries();
    const sum = (of: (one: LearningSummary) => number): number =>
      summaries.reduce((total, one) => total + of(one), 0);
    const decisions = sum((one) => one.decisions);
    const students = [...this.#students.values()];
    return {
      learning_policies: summaries.length,
      learning_examples: sum((one) => one.examples),
      learning_off_model_share: decisions === 0 ? 0 : sum((one) => one.answered) / decisions,
      learning_audits: students.reduce((total, { audits }) => total + audits.answered, 0),
      learning_audits_disagreed: students.reduce((total, { audits }) => total + audits.disagreed, 0),
      learning_training: this.#trainer.running,
    };
  }

  async stop(): Promise<void> {
    for (const student of this.#students.values()) student.stop();
    await this.#trainer.stop();
  }

  #hear(feedback: Feedback): void {
    const decision = this.#parts.journal.decisions.find(feedback.decision);
    const { policy, sample } = decision ?? {};
    if (decision === undefined || policy === undefined || sample === undefined) return;
    this.#explorers.get(policy)?.reward(feedback);
    const student = this.#students.get(policy);
    if (student === undefined) return;
    const choice = choiceOfFeedback(feedback, decision, student.choices);
    this.#correct(student, decision.id, sample, choice);
  }

  #heed(decisionId: string, verdict: 'approve' | 'deny'): void {
    const decision = this.#parts.journal.decisions.find(decisionId);
    const student = this.#students.get(decision?.policy ?? '');
    if (decision?.sample === undefined || student === undefined) return;
    const choice = choiceOfVerdict(verdict, decision, student.choices);
    this.#correct(student, decision.id, decision.sample, choice);
  }

  #correct(student: Student, decision: string, sample: Sample, choice: string | undefined): void {
    const { id } = student.spec;
    // Between choices that are equally good, taste is what the explorer learns; that none of them was right is no taste.
    if (choice === undefined || (this.#isEqual(id, sample.choice) && this.#isEqual(id, choice))) return;
    student.corrected(decision, sample.features, choice);
  }

  #summaries(): LearningSummary[] {
    return [...this.#students.values()].map(summaryOf);
  }

  /** Once at a start: policies come and go while people edit them. */
  #sweep(): void {
    const now = this.#parts.clock.wall();
    if (minuteOfDay(now, 'UTC') !== undefined) this.#store.sweep(new Set(this.#parts.policies()), now);
  }

  #guarded<T>(about: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#parts.problems.caught(`What is learned from ${about}`, error);
      return undefined;
    }
  }

  #without(policy: string, reason: string): SkippedRung {
    this.#absent.set(policy, reason);
    return { rung: 'tree', reason };
  }

  /** Throws POLICY_UNKNOWN, LEARNING_ABSENT. */
  #student(policy: string): Student {
    const student = this.#students.get(policy);
    if (student !== undefined) return student;
    const known = this.#parts.policies();
    if (!known.includes(policy))
      throw new GanglionError('POLICY_UNKNOWN', { id: policy, hint: didYouMean(policy, known) });
    const reason = this.#absent.get(policy) ?? 'it is no policy whose tree is learned here';
    throw new GanglionError('LEARNING_ABSENT', { policy, reason });
  }

  /** Why no tree is learned for a policy that tries choices. */
  #treeless(policy: string): string {
    return this.#absent.get(policy) ?? 'no tree that learns is among its rungs';
  }

  #isEqual(policy: string, choice: string | undefined): boolean {
    return choice !== undefined && this.#explorers.get(policy)?.spec.explore?.among.includes(choice) === true;
  }

  /** Never throws: what cannot be read is said, and its choices are tried anew. */
  #recall(explorer: Explorer): void {
    this.#guarded(`the choices of ${explorer.spec.id}`, () => this.#takeUp(explorer));
  }

  #takeUp(explorer: Explorer): void {
    const policy = explorer.spec.id;
    const kept = this.#store.document(exploreName(policy)) as { readonly live: boolean } | undefined;
    const records = this.#parts.journal.decisions.list({ policy, limit: Explorer.capacity });
    const unproven = explorer.recall(records.toReversed(), kept?.live === true);
    if (unproven === undefined) return;
    this.#store.saveDocument(exploreName(policy), { live: false });
    const text = `What is known of its equally good choices no longer shows that another is worth more than the usual one, which is taken again. ${unproven} Once it does, \`ganglion policy distil ${policy} --live\`.`;
    this.#tell({ at: this.#parts.clock.wall(), policy, kind: 'explore', text });
  }

  #tell(event: LearningEvent): void {
    const { log, emit } = this.#parts;
    const { policy, kind, version, text } = event;
    log.info({ policy, kind, ...(version === undefined ? {} : { version }) }, `${policy}: ${text}`);
    emit({ type: 'learning', ...event });
    if (kind === 'withdrawn') this.#parts.onChanged(policy);
  }

  /** Among the parts of the daemon, once something has been learned. */
  #showHealth(): void {
    const summaries = this.#summaries().filter(({ examples }) => examples > 0);
    if (summaries.length === 0) return;
    const text = summaries.map(({ policy, recent, examples }) =>
      recent > 0
        ? `${policy}: ${percent(recent)} by its tree`
        : `${policy}: ${examples} decisions to learn from`,
    );
    const more = text.length > 5 ? ` and ${text.length - 5} more` : '';
    this.#parts.health.set('learning', 'ok', `${text.slice(0, 5).join('; ')}${more}`);
  }
}

type WithExplore = DecideSpec & { readonly explore: ExploreSpec };

/** What it has shown elsewhere does not count: it shows it here, to the policy's own teacher. */
function uncertified(file: TreeFile): TreeFile {
  const nodes = file.nodes.map((node) => {
    if (!('choice' in node)) return node;
    const { certified: _, ...leaf } = node;
    return leaf;
  });
  return { ...file, nodes };
}

function exploreName(policy: string): string {
  return `${policy}/explore`;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
