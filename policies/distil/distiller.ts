import type { WallMs } from '../../runtime/contract/time.ts';
import type { TrainedTree } from '../tree/train.ts';
import type { ColumnKind, TrainingData, TrainOptions } from '../tree/training-data.ts';
import { type Certificate, isLeaf, type TreeFile } from '../tree/tree-file.ts';
import { Auditor, type Audit } from './auditor.ts';
import { diffTrees } from './diff.ts';
import { certifiedEvent, type DistilEvent, droppedEvent, notReadyEvent, withdrawnEvent } from './events.ts';
import { ExampleStore } from './example-store.ts';
import { divide } from './regions.ts';
import { checkState, type DistillerState } from './state.ts';
import { casesNeeded, casesPerRegion, planTest } from './test-plan.ts';
import { newRegion, Version, type VersionRecord } from './version.ts';

export interface DistillerOptions {
  readonly policy: string;
  readonly features: readonly string[];
  readonly kinds?: readonly ColumnKind[];
  readonly choices: readonly string[];
  /** What a region must have shown to answer. */
  readonly certify: Certificate;
  /** False: nothing is answered however well it is certified. */
  readonly live: boolean;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Decisions within which most should have left the teacher: larger means smaller, and so more telling, regions. */
  readonly horizon?: number;
  /** Share of the tree's decisions that the teacher checks, and at least how many a day. */
  readonly auditShare?: number;
  readonly auditsPerDay?: number;
  /** Cases of a region closer together than this count as one, ms: a reading that repeats itself proves nothing. */
  readonly spacingMs?: number;
  /** Labelled rows kept to learn from. */
  readonly capacity?: number;
}

const DEFAULTS = { horizon: 2000, auditShare: 0.02, auditsPerDay: 10, spacingMs: 1000, capacity: 8192 };
/** Rows of the first training; each later one has twice as many. */
const FIRST_TRAINING = 128;
/** While a version is tested beside one that answers already, so many of the latter's decisions are checked. */
const TEST_SHARE = 0.1;
/** A version that leaves more than this to the teacher is worth a better one. */
const TOLERATED_REST = 0.05;
/** A row that a person labelled counts as so many of the model's. */
const HUMAN_WEIGHT = 5;
/** Of a row that was chosen by chance: no row counts for more than so many. */
const MOST_WEIGHT = 50;
/** Versions kept here; the caller keeps them all, as events bring them. */
const VERSIONS_KEPT = 20;

/** One decision of the teacher. */
export interface DistilExample {
  readonly values: Float64Array;
  readonly choice: string;
  readonly at: WallMs;
  /** `model`: a slower rung's answer. `human`: a person said what would have been right. `implied` teaches nothing. */
  readonly source: 'model' | 'human' | 'implied';
  /** Why the teacher was asked although the tree had answered; as `audit` returned it. */
  readonly audit?: Audit;
}

export interface DistilAnswer {
  readonly version: number;
  readonly choice: string;
  readonly confidence: number;
  /** Node index of the version's tree. */
  readonly leaf: number;
  readonly certified: Certificate;
}

/** What is to be trained, elsewhere: `trainTree(job.data, job.options)`. Plain data, can be sent to a thread. */
export interface TrainingJob {
  readonly id: number;
  readonly data: TrainingData;
  readonly options: TrainOptions;
}

export interface DistillerStats {
  readonly decisions: number;
  readonly answered: number;
  readonly audited: number;
  readonly examples: number;
  /** Implied feedback and choices the policy does not list. */
  readonly ignored: number;
}

/**
 * Turns a teacher's decisions into a tree that answers where it is certified. A state machine without time, chance,
 * files or threads of its own:
 *
 *     teacher's decisions ──► rows ──► training ──► shadow: tested on later decisions, region by region
 *                               ▲                      │ certified                       │ failed
 *                               │ drift: forget        ▼                                 ▼
 *                               └──────────────── active: answers, audited            dropped
 *
 * A certificate says: in this region the tree agrees with its teacher at least so often, wrong with probability at most
 * 1 − confidence for all regions of a version together.
 */
export class Distiller {
  readonly #options: Required<Omit<DistillerOptions, 'kinds'>> & Pick<DistillerOptions, 'kinds'>;
  readonly #examples: ExampleStore;
  readonly #auditor: Auditor;
  #versions: VersionRecord[] = [];
  #active: Version | undefined;
  #shadow: Version | undefined;
  #nextId = 1;
  #nextTraining = FIRST_TRAINING;
  /** The job that is out, and rows learned from since the last drift. */
  #job: number | undefined;
  #jobs = 0;
  #learned = 0;
  #live: boolean;
  readonly #stats = { decisions: 0, answered: 0, audited: 0, ignored: 0 };
  /** Since the active version is: what it was asked and answered. */
  #asked = 0;
  #answered = 0;

  /** Throws LEARNING_STATE if the state belongs to other features or choices, or is damaged. */
  constructor(options: DistillerOptions, state?: unknown) {
    this.#options = { ...DEFAULTS, ...options };
    this.#live = options.live;
    this.#examples = new ExampleStore(this.#options);
    const { random, auditsPerDay: perDay } = this.#options;
    const saved = state === undefined ? undefined : checkState(options.policy, state, options);
    this.#auditor = new Auditor({ random, perDay, ...(saved === undefined ? {} : { state: saved.auditor }) });
    if (saved !== undefined) this.#restore(saved);
  }

  get live(): boolean {
    return this.#live;
  }

  setLive(live: boolean): void {
    this.#live = live;
  }

  /** What the tree says about a decision, where it may. Every decision of the policy is to be put to it. */
  answer(values: Float64Array): DistilAnswer | undefined {
    this.#stats.decisions++;
    const version = this.#active;
    if (version === undefined) return undefined;
    this.#asked++;
    const leaf = version.leafOf(values);
    const region = version.regionAt(leaf);
    if (region?.outcome !== 'certified') return undefined;
    this.#answered++;
    if (!this.#live) return undefined;
    this.#stats.answered++;
    const { wanted, id, tree } = version.record;
    const node = tree.nodes[leaf]!;
    return {
      version: id,
      choice: version.choiceAt(leaf),
      confidence: isLeaf(node) ? node.confidence : 0,
      leaf,
      certified: { agreement: region.agreement ?? 0, confidence: wanted.confidence },
    };
  }

  /** Whether a decision that the tree has answered is to be put to the teacher too, in the background. */
  audit(at: WallMs): Audit | undefined {
    const picked = this.#auditor.pick(at, this.#auditShare);
    if (picked !== undefined) this.#stats.audited++;
    return picked;
  }

  /** The teacher has decided: learned from, counted in tests, compared with what the tree says. */
  observe(example: DistilExample): DistilEvent[] {
    const { values, source, at, audit } = example;
    const label = this.#options.choices.indexOf(example.choice);
    if (source === 'implied' || label < 0 || values.length !== this.#options.features.length) {
      this.#stats.ignored++;
      return [];
    }
    const events: DistilEvent[] = [];
    const certified = this.#active?.isCertified(this.#active.leafOf(values)) === true;
    if (certified) this.#watch(this.#active!, example, events);
    this.#test(example, certified, events);
    // A row of a certified region stands for those that were not asked about.
    const chosen = certified && audit === 'chance' ? Math.min(MOST_WEIGHT, 1 / this.#auditShare) : 1;
    this.#examples.add(values, label, source === 'human' ? HUMAN_WEIGHT : chosen);
    this.#learned++;
    return events;
  }

  /** What to train next, if anything; once asked for, nothing more until `trained` or `failed`. */
  job(): TrainingJob | undefined {
    if (this.#job !== undefined || this.#learned < this.#nextTraining || this.#examples.size === 0)
      return undefined;
    if (this.#active !== undefined) {
      const rest = this.#asked === 0 ? 1 : 1 - this.#answered / this.#asked;
      if (this.#active.isTesting || rest <= TOLERATED_REST) return undefined;
    }
    this.#nextTraining = this.#learned * 2;
    this.#job = ++this.#jobs;
    return {
      id: this.#job,
      data: this.#examples.data(),
      options: { folds: 5, minLeaf: 5, maxDepth: 12, prune: 'least-error', margins: true },
    };
  }

  /** A job has not worked out; the next one comes with more rows. */
  failed(job: number): void {
    if (job === this.#job) this.#job = undefined;
  }

  /** The tree of a job. It becomes the version under test if it is likely to pass, and sooner than the one there is. */
  trained(job: number, { tree, rows, error }: TrainedTree, at: WallMs): DistilEvent[] {
    if (job !== this.#job) return []; // from before a drift
    this.#job = undefined;
    const { certify, horizon, policy } = this.#options;
    const leaves = tree.nodes.filter((node) => isLeaf(node) && (node.rows ?? 0) > 0).length;
    // Thresholds are off by about one row each; those rows are in the margins, which are not tested.
    const disagreement = Math.max(0, error - (leaves - 1) / rows);
    const budget = Math.max(horizon - this.#learned, horizon / 2);
    const cases = casesPerRegion(certify, disagreement, leaves, budget);
    if (cases === undefined) return [notReadyEvent(policy, rows, error, certify, this.#nextTraining)];
    const regions = divide(tree, Math.min(1, cases / budget));
    if (this.#shadow !== undefined && !this.#isSooner(this.#shadow, regions.length * cases)) return [];
    const record: VersionRecord = {
      id: this.#nextId++,
      at,
      rows,
      error,
      tree,
      wanted: certify,
      plan: planTest(certify, regions.length),
      regions: regions.map(newRegion),
      status: 'shadow',
      reason: 'it is compared with its teacher',
      drift: { sum: 0, since: 0 },
    };
    const events: DistilEvent[] = [];
    if (this.#shadow !== undefined)
      this.#drop(this.#shadow, `version ${record.id} has more rows to learn from`, events);
    this.#shadow = new Version(record);
    this.#versions = [...this.#versions, record].slice(-VERSIONS_KEPT);
    events.push({ kind: 'shadow', policy, version: record.id, text: `Version ${record.id}, learned from ${rows} decisions, is compared with its teacher.` });
    return events;
  }

  versions(): readonly VersionRecord[] {
    return this.#versions;
  }

  /** The version that answers, with its certificates, as a tree file. */
  tree(): TreeFile | undefined {
    return this.#active?.file();
  }

  /** What changes from one version to another, in sentences; empty if nothing does. */
  diff(from: number, to: number): string[] | undefined {
    const [a, b] = [from, to].map((id) => this.#versions.find((record) => record.id === id));
    if (a === undefined || b === undefined) return undefined;
    return diffTrees(a.tree, b.tree, this.#examples.data());
  }

  /**
   * Goes back to an earlier version. Certificates it had until another took its place count on; one whose certificates
   * were withdrawn, or that never had any, is compared with the teacher anew. False: there is no such version.
   */
  revert(id: number): boolean {
    const record = this.#versions.find((other) => other.id === id);
    if (record === undefined) return false;
    if (record === this.#active?.record) return true;
    const reason = `reverted to version ${id}`;
    for (const version of [this.#active, this.#shadow])
      if (version !== undefined) Object.assign(version.record, { status: 'replaced', reason });
    [this.#active, this.#shadow] = [undefined, undefined];
    if (record.status === 'replaced' && record.regions.some(({ outcome }) => outcome === 'certified')) {
      Object.assign(record, { status: 'active', reason: 'brought back' });
      this.#active = new Version(record);
    } else {
      const regions = record.regions.map(newRegion);
      Object.assign(record, { status: 'shadow', reason: 'brought back to be compared anew', regions });
      this.#shadow = new Version(record);
    }
    [this.#asked, this.#answered] = [0, 0];
    this.#job = undefined;
    this.#nextTraining = this.#learned * 2;
    return true;
  }

  stats(): DistillerStats {
    return { ...this.#stats, examples: this.#examples.size };
  }

  /** Everything to go on from, as plain data for JSON. */
  snapshot(): DistillerState {
    const { features, choices } = this.#options;
    return {
      format: 'ganglion-distil',
      version: 1,
      features,
      choices,
      examples: this.#examples.dump(),
      versions: this.#versions.map((record) => ({
        ...record,
        error: Number.isFinite(record.error) ? record.error : null,
        regions: record.regions.map((region) => ({ ...region, lastAt: Math.max(region.lastAt, -1) })),
      })),
      auditor: this.#auditor.state,
      counters: {
        nextId: this.#nextId,
        nextTraining: this.#nextTraining,
        learned: this.#learned,
        asked: this.#asked,
        answered: this.#answered,
      },
      stats: { ...this.#stats },
    };
  }

  get #auditShare(): number {
    const both = this.#active !== undefined && this.#shadow !== undefined;
    return both ? Math.max(TEST_SHARE, this.#options.auditShare) : this.#options.auditShare;
  }

  #watch(version: Version, { values, choice }: DistilExample, events: DistilEvent[]): void {
    const leaf = version.leafOf(values);
    const since = version.watch(leaf, version.choiceAt(leaf) === choice);
    if (since === undefined) return;
    const event = withdrawnEvent(this.#options.policy, version.record, since);
    Object.assign(version.record, { status: 'withdrawn', reason: event.text });
    this.#active = undefined;
    if (this.#shadow !== undefined) this.#drop(this.#shadow, 'its rows are from before a drift', events);
    // What was learned before the change would teach the old ways.
    this.#examples.keepLast(since);
    this.#learned = this.#examples.size;
    this.#nextTraining = FIRST_TRAINING;
    this.#job = undefined;
    [this.#asked, this.#answered] = [0, 0];
    events.push(event);
  }

  /**
   * Each version's cases are a fair sample of what comes to its regions: while nothing is answered every decision is
   * labelled; what an active version leaves open is labelled too, for its own tests; a version beside an active one
   * counts what was chosen by chance alone, at the same share inside and outside the active one's regions.
   */
  #test({ values, choice, at, source, audit }: DistilExample, certified: boolean, events: DistilEvent[]): void {
    if (source !== 'model') return; // people speak up when something is wrong
    const { spacingMs, random } = this.#options;
    const [active, shadow] = [this.#active, this.#shadow];
    if (active !== undefined && !certified) this.#count(active, { values, choice, at, spacingMs }, events);
    if (shadow === undefined) return;
    const fair = active === undefined || (certified ? audit === 'chance' : random() < this.#auditShare);
    if (fair) this.#count(shadow, { values, choice, at, spacingMs }, events);
  }

  #count(
    version: Version,
    { values, choice, at, spacingMs }: Pick<DistilExample, 'values' | 'choice' | 'at'> & { spacingMs: number },
    events: DistilEvent[],
  ): void {
    const leaf = version.leafOf(values);
    const region = version.test(leaf, version.choiceAt(leaf) === choice, at, spacingMs);
    if (region === undefined) return;
    if (region.outcome === 'certified') {
      events.push(certifiedEvent(this.#options.policy, version.record, region));
      if (version === this.#shadow) this.#promote(version);
    } else if (version === this.#shadow && !version.isTesting && version.certifiedShare === 0)
      this.#drop(version, 'it did not agree with its teacher often enough', events);
  }

  /** At the first certificate, or beside an active version once it covers more than that one. */
  #promote(version: Version): void {
    const before = this.#active;
    if (before !== undefined && version.certifiedShare < before.certifiedShare + 0.01) return;
    if (before !== undefined)
      Object.assign(before.record, {
        status: 'replaced',
        reason: `version ${version.record.id} answers more`,
      });
    Object.assign(version.record, { status: 'active', reason: 'it is certified' });
    this.#active = version;
    this.#shadow = undefined;
    [this.#asked, this.#answered] = [0, 0];
  }

  #drop(version: Version, reason: string, events: DistilEvent[]): void {
    Object.assign(version.record, { status: 'dropped', reason });
    if (version === this.#shadow) this.#shadow = undefined;
    events.push(droppedEvent(this.#options.policy, version.record));
  }

  /** Whether a new version would need fewer cases than the one under test still needs at the rate it goes. */
  #isSooner(shadow: Version, needed: number): boolean {
    const { cases, agreed } = shadow.cases;
    const { certify } = this.#options;
    const regions = shadow.record.regions.length;
    const disagreement = cases < 50 ? shadow.record.error : 1 - agreed / cases;
    return needed < casesNeeded(certify, regions, disagreement) * regions - cases;
  }

  #restore({ examples, versions, counters, stats }: DistillerState): void {
    this.#examples.load(examples);
    this.#versions = versions.map((record) => ({ ...record, error: record.error ?? Number.NaN }) as VersionRecord);
    const find = (status: string): Version | undefined => {
      const record = this.#versions.findLast((other) => other.status === status);
      return record === undefined ? undefined : new Version(record);
    };
    this.#active = find('active');
    this.#shadow = find('shadow');
    this.#nextId = counters.nextId;
    this.#nextTraining = counters.nextTraining;
    this.#learned = counters.learned;
    this.#asked = counters.asked;
    this.#answered = counters.answered;
    Object.assign(this.#stats, stats);
  }
}
