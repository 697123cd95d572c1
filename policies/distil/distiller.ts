import type { WallMs } from '../../runtime/contract/time.ts';
import type { FeatureName } from '../tree/flat-tree.ts';
import type { TrainedTree } from '../tree/train.ts';
import type { TrainingData, TrainOptions } from '../tree/training-data.ts';
import { type Certificate, isLeaf, type TreeFile } from '../tree/tree-file.ts';
import { Auditor, type Audit } from './auditor.ts';
import { diffTrees } from './diff.ts';
import {
  certifiedEvent,
  type DistilEvent,
  droppedEvent,
  notReadyEvent,
  shadowEvent,
  withdrawnEvent,
} from './events.ts';
import { ExampleStore, weightOf } from './example-store.ts';
import { graft } from './graft.ts';
import { divide } from './regions.ts';
import type { DistilAnswer, DistilExample, DistillerOptions, DistillerStats, TrainingJob } from './types.ts';
import { checkState, type DistillerProgress, type DistillerState } from './state.ts';
import { casesNeeded, casesPerRegion } from './test-plan.ts';
import { newRegion, untested, Version, type VersionRecord } from './version.ts';

const DEFAULTS = { horizon: 2000, auditShare: 0.02, auditsPerDay: 10, spacingMs: 1000, capacity: 8192 };
/** Rows of the first training, and by how much more each later one has. */
const FIRST_TRAINING = 128;
const TRAINING_GROWTH = Math.SQRT2;
/** Entropy finds the policies of `bench distil` with fewer leaves than Gini's index. */
const TRAINING: TrainOptions = {
  criterion: 'entropy',
  folds: 5,
  minLeaf: 5,
  maxDepth: 12,
  prune: 'least-error',
  margins: true,
};
/** Of the error a new version may make, what is kept for regions that are learned later. */
const SPARE = 0.1;
/** A version that leaves more than this to the teacher is worth a better one. */
const TOLERATED_REST = 0.05;
/** Of the latest decisions, those that a change is counted in: every one is compared with every place of a tree. */
const COMPARED = 1000;
/** Decisions after which it is looked at how many a version answers. */
const RECOUNT = 50;
/** Versions kept; the oldest goes. A version is learned with half as many rows again as the one before, so years fit in. */
const VERSIONS_KEPT = 64;

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
  /** Of the active version, or the one under test: decisions that came, and those it answers or may yet. */
  #asked = 0;
  #hoped = 0;

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
    const version = this.#active ?? this.#shadow;
    if (version === undefined) return undefined;
    this.#asked++;
    const leaf = version.leafOf(values);
    const region = version.regionAt(leaf);
    if (region !== undefined && region.outcome !== 'failed') this.#hoped++;
    if (version !== this.#active || region?.outcome !== 'certified' || !this.#live) return undefined;
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
    const picked = this.#auditor.pick(at, this.#options.auditShare);
    if (picked !== undefined) this.#stats.audited++;
    return picked;
  }

  /** The teacher has decided: learned from, counted in tests, compared with what the tree says. */
  observe(example: DistilExample): DistilEvent[] {
    const { values, source } = example;
    const label = this.#options.choices.indexOf(example.choice);
    if (source === 'implied' || label < 0 || values.length !== this.#options.features.length) {
      this.#stats.ignored++;
      return [];
    }
    const events: DistilEvent[] = [];
    const active = this.#active;
    // People speak up when something is wrong: what they say is no fair sample, and counts in no test.
    if (active?.isTested(active.leafOf(values)) === true) this.#watch(active, example, events);
    else if (source === 'model') this.#count(active ?? this.#shadow, example, events);
    this.#examples.add(values, label, weightOf(source));
    this.#learned++;
    return events;
  }

  /** Why the tree does not answer this row, or what it would say where it only watches; a part of a sentence. */
  stance(values: Float64Array, nameOf: (column: number) => FeatureName): string {
    const { certify } = this.#options;
    const version = this.#active ?? this.#shadow;
    if (version === undefined) {
      const rows = this.#examples.size;
      if (rows < FIRST_TRAINING)
        return `it has seen ${rows} of the ${FIRST_TRAINING} decisions it begins with`;
      return `nothing it learned from ${rows} decisions can show an agreement of ${certify.agreement} yet`;
    }
    const { id } = version.record;
    const leaf = version.leafOf(values);
    const where = version.path(values, nameOf);
    const region = version.regionAt(leaf);
    if (region === undefined) return `version ${id} has seen nothing like it: ${where}`;
    if (region.outcome === 'certified')
      return `version ${id} would choose ${version.choiceAt(leaf)} and only watches: ${where}`;
    if (region.outcome === 'failed') return `version ${id} does not agree often enough where ${where}`;
    const next = region.plan.checkpoints[region.looks] ?? region.cases;
    return `version ${id} agreed in ${region.agreed} of ${region.cases} decisions where ${where}; it is looked at again at ${next}`;
  }

  /** What the version that answers would say, certified or not. */
  predict(values: Float64Array): string | undefined {
    const active = this.#active;
    return active?.choiceAt(active.leafOf(values));
  }

  /** The way of a row through the version that answers, in words. */
  path(values: Float64Array, nameOf: (column: number) => FeatureName): string | undefined {
    return this.#active?.path(values, nameOf);
  }

  /** What to train next, if anything; once asked for, nothing more until `trained` or `failed`. */
  job(): TrainingJob | undefined {
    if (this.#job !== undefined || this.#learned < this.#nextTraining) return undefined;
    const active = this.#active;
    let data: TrainingData;
    if (active === undefined) data = this.#examples.data();
    else {
      // What the active version is never going to answer is learned on its own, to be put into its place.
      const hopeless = active.hopeless;
      if (this.#rest <= TOLERATED_REST) return undefined;
      data = this.#examples.data((row) => hopeless.has(active.leafOf(row)));
    }
    this.#nextTraining = Math.ceil(this.#learned * TRAINING_GROWTH);
    if (data.labels.length < FIRST_TRAINING) return undefined;
    this.#job = ++this.#jobs;
    return { id: this.#job, data, options: TRAINING };
  }

  /** A job has not worked out; the next one comes with more rows. */
  failed(job: number): void {
    if (job === this.#job) this.#job = undefined;
  }

  /** The tree of a job. It becomes the version under test if it is likely to pass, and sooner than the one there is. */
  trained(job: number, trained: TrainedTree, at: WallMs): DistilEvent[] {
    if (job !== this.#job) return []; // from before a drift
    this.#job = undefined;
    return this.#consider(trained, at);
  }

  /**
   * A tree that was learned elsewhere. It takes the place of whatever version there is, which can be brought back, and has to
   * show what it can like any other.
   */
  adopt(trained: TrainedTree, at: WallMs): DistilEvent[] {
    this.#job = undefined;
    const reason = 'another tree was put in its place';
    for (const version of [this.#active, this.#shadow])
      if (version !== undefined) Object.assign(version.record, { status: 'replaced', reason });
    [this.#active, this.#shadow] = [undefined, undefined];
    return this.#consider(trained, at);
  }

  #consider(trained: TrainedTree, at: WallMs): DistilEvent[] {
    const { tree, rows, error, errorOutsideMargins: disagreement } = trained;
    const { certify, horizon, policy } = this.#options;
    const active = this.#active;
    const leaves = tree.nodes.filter((node) => isLeaf(node) && (node.rows ?? 0) > 0).length;
    const share = active === undefined ? 1 : Math.max(0.01, this.#rest);
    const budget = Math.max(horizon - this.#learned, horizon / 2) * share;
    const spendable =
      active === undefined ? (1 - certify.confidence) * (1 - SPARE) : spendableOf(active.record);
    const cases = casesPerRegion(certify.agreement, spendable, { disagreement, leaves, budget });
    if (cases === undefined) return [notReadyEvent(policy, rows, error, certify, this.#nextTraining)];
    const divided = divide(tree, Math.min(1, cases / budget));
    const regions = divided.map((plan) =>
      newRegion({ ...plan, share: plan.share * share }, certify, spendable / divided.length),
    );
    const id = this.#nextId;
    const base = { id, at, rows, error, wanted: certify };
    if (active !== undefined) return this.#extend(active, { ...base, tree, regions });
    if (this.#shadow !== undefined && !this.#isSooner(this.#shadow, regions.length * cases)) return [];
    const events: DistilEvent[] = [];
    if (this.#shadow !== undefined)
      this.#drop(this.#shadow, `version ${id} is likely to pass sooner`, events);
    this.#shadow = this.#keep({
      ...base,
      tree,
      regions,
      spare: (1 - certify.confidence) * SPARE,
      status: 'shadow',
      reason: 'it is compared with its teacher',
      drift: { sum: 0, since: 0 },
    });
    [this.#asked, this.#hoped] = [0, 0];
    events.push(shadowEvent(policy, this.#shadow.record));
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
    return diffTrees(a.tree, b.tree, this.#examples.data(undefined, COMPARED));
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
      const reason = 'brought back to be compared anew';
      Object.assign(record, { status: 'shadow', reason }, untested(record, this.#options.certify));
      this.#shadow = new Version(record);
    }
    [this.#asked, this.#hoped] = [0, 0];
    this.#job = undefined;
    this.#nextTraining = Math.ceil(this.#learned * TRAINING_GROWTH);
    return true;
  }

  stats(): DistillerStats {
    return { ...this.#stats, examples: this.#examples.size, byChoice: this.#examples.counts() };
  }

  /** Everything to go on from, as plain data for JSON. */
  snapshot(): DistillerState {
    const { kept: _, ...progress } = this.progress();
    return { ...progress, examples: this.#examples.dump() };
  }

  /** The same without the examples, for whoever keeps them: the latest `kept` that were observed. */
  progress(): DistillerProgress {
    const { features, choices } = this.#options;
    return {
      format: 'ganglion-distil',
      version: 1,
      features,
      choices,
      kept: this.#examples.size,
      versions: this.#versions.map((record) => ({
        ...record,
        error: Number.isFinite(record.error) ? record.error : null,
      })),
      auditor: this.#auditor.state,
      counters: {
        nextId: this.#nextId,
        // A training that is out when the process ends is begun anew.
        nextTraining:
          this.#job === undefined ? this.#nextTraining : Math.min(this.#nextTraining, this.#learned),
        learned: this.#learned,
        asked: this.#asked,
        hoped: this.#hoped,
      },
      stats: { ...this.#stats },
    };
  }

  /**
   * The active version with new leaves in the place of those that answer nothing. Its certified regions stay as they are;
   * the new ones are tested on the decisions that come to them, all of which the teacher makes. What their test may get
   * wrong was given to the regions they replace, none of which is certified, or was spare: the sum stays within
   * 1 − confidence.
   */
  #extend(
    active: Version,
    {
      tree,
      regions,
      ...base
    }: Pick<VersionRecord, 'id' | 'at' | 'rows' | 'error' | 'wanted' | 'tree' | 'regions'>,
  ): DistilEvent[] {
    const old = active.record;
    const grafted = graft(old.tree, active.hopeless, tree);
    const moved = (leaves: readonly number[], to: ReadonlyMap<number, readonly number[]>): number[] =>
      leaves.flatMap((leaf) => to.get(leaf) ?? []);
    const kept = new Map([...grafted.kept].map(([from, to]) => [from, [to]]));
    const all = [
      ...old.regions
        .filter(({ outcome }) => outcome !== 'failed')
        .map((region) => ({ ...region, leaves: moved(region.leaves, kept) })),
      ...regions.map((region) => ({ ...region, leaves: moved(region.leaves, grafted.copies) })),
    ];
    const reason = `it is version ${old.id} with ${regions.length} more regions`;
    const { spare, drift } = old;
    this.#active = this.#keep({
      ...base,
      tree: grafted.tree,
      regions: all,
      spare: spare / 2,
      status: 'active',
      reason,
      drift,
    });
    Object.assign(old, { status: 'replaced', reason: `version ${base.id} continues it` });
    [this.#asked, this.#hoped] = [0, 0];
    return [shadowEvent(this.#options.policy, this.#active.record)];
  }

  /** Share of the decisions that the version leaves to the teacher for good, 0–1. */
  get #rest(): number {
    return this.#asked === 0 ? 0 : 1 - this.#hoped / this.#asked;
  }

  #keep(record: VersionRecord): Version {
    this.#nextId++;
    this.#versions = [...this.#versions, record].slice(-VERSIONS_KEPT);
    return new Version(record);
  }

  #watch(version: Version, { values, choice }: DistilExample, events: DistilEvent[]): void {
    const leaf = version.leafOf(values);
    const since = version.watch(leaf, version.choiceAt(leaf) === choice);
    if (since === undefined) return;
    const event = withdrawnEvent(this.#options.policy, version.record, since);
    Object.assign(version.record, { status: 'withdrawn', reason: event.text });
    this.#active = undefined;
    // What was learned before the change would teach the old ways.
    this.#examples.keepLast(since);
    this.#learned = this.#examples.size;
    this.#nextTraining = FIRST_TRAINING;
    this.#job = undefined;
    [this.#asked, this.#hoped] = [0, 0];
    events.push(event);
  }

  /** Every decision the tree does not answer is labelled, so a region's cases are a fair sample of what comes to it. */
  #count(version: Version | undefined, { values, choice, at }: DistilExample, events: DistilEvent[]): void {
    if (version === undefined) return;
    const leaf = version.leafOf(values);
    const agrees = version.choiceAt(leaf) === choice;
    const region = version.test(leaf, agrees, at, this.#options.spacingMs);
    if (region === undefined) return;
    if (region.outcome === 'certified') {
      events.push(certifiedEvent(this.#options.policy, version.record, region));
      if (version === this.#shadow) this.#promote(version);
      return;
    }
    // There are rows enough to do better, once it is known how many decisions this leaves open.
    this.#nextTraining = Math.min(this.#nextTraining, this.#learned + RECOUNT);
    [this.#asked, this.#hoped] = [0, 0];
    if (version === this.#shadow && !version.isTesting)
      this.#drop(version, 'it did not agree with its teacher often enough', events);
  }

  /** At the first certificate. */
  #promote(version: Version): void {
    Object.assign(version.record, { status: 'active', reason: 'it is certified' });
    this.#active = version;
    this.#shadow = undefined;
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
    if (this.#asked >= RECOUNT && this.#rest > TOLERATED_REST) return true; // too wide margins, or regions that failed
    const regions = shadow.record.regions.length;
    const disagreement = cases < 50 ? shadow.record.error : 1 - agreed / cases;
    const error = ((1 - certify.confidence) * (1 - SPARE)) / regions;
    return needed < casesNeeded(certify.agreement, error, disagreement) * regions - cases;
  }

  #restore({ examples, versions, counters, stats }: DistillerState): void {
    this.#examples.load(examples);
    this.#versions = versions.map((record): VersionRecord => ({
      ...record,
      error: record.error ?? Number.NaN,
    }));
    const find = (status: string): Version | undefined => {
      const record = this.#versions.findLast((other) => other.status === status);
      return record === undefined ? undefined : new Version(record);
    };
    this.#active = find('active');
    this.#shadow = find('shadow');
    const { certify } = this.#options;
    for (const version of [this.#active, this.#shadow]) {
      if (version === undefined || meets(version.record.wanted, certify)) continue;
      // What was shown is not enough any more.
      const reason = 'the policy asks for more than it was tested for';
      Object.assign(version.record, { status: 'shadow', reason }, untested(version.record, certify));
      [this.#active, this.#shadow] = [undefined, new Version(version.record)];
    }
    this.#nextId = counters.nextId;
    this.#nextTraining = counters.nextTraining;
    this.#learned = counters.learned;
    this.#asked = counters.asked;
    this.#hoped = counters.hoped;
    Object.assign(this.#stats, stats);
  }
}

function meets(shown: Certificate, wanted: Certificate): boolean {
  return shown.agreement >= wanted.agreement && shown.confidence >= wanted.confidence;
}

/** What new regions may get wrong: what failed ones were given and do not need, and half of what is spare. */
function spendableOf({ regions, spare }: VersionRecord): number {
  return regions.reduce((sum, { outcome, error }) => sum + (outcome === 'failed' ? error : 0), spare / 2);
}
