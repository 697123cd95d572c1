import type { WallMs } from '../../runtime/contract/time.ts';
import type { FeatureName, FlatTree } from '../tree/flat-tree.ts';
import { checkTree, type DecisionTree } from '../tree/read-tree.ts';
import { type Certificate, isLeaf, type TreeFile } from '../tree/tree-file.ts';
import { lowerBound } from './clopper-pearson.ts';
import { DriftTest, type DriftState } from './drift.ts';
import type { RegionPlan } from './regions.ts';
import { isHopeless, look, planTest, type TestPlan } from './test-plan.ts';

/**
 * `shadow`: it is compared with the teacher and answers nothing. `active`: it answers in its certified regions.
 * The others are over: another version took its place, drift took its certificates, or it was given up uncertified.
 */
export type VersionStatus = 'shadow' | 'active' | 'replaced' | 'withdrawn' | 'dropped';

/** How one region stands. Plain data. */
export interface RegionState {
  /** Node indices of the tree. */
  readonly leaves: readonly number[];
  /** Of the training rows, 0–1. */
  readonly share: number;
  cases: number;
  agreed: number;
  readonly plan: TestPlan;
  /** Chance that it is certified wrongly; what the plan spends. */
  readonly error: number;
  /** Looks taken. */
  looks: number;
  /** When the last case was counted. */
  lastAt: number;
  outcome: 'testing' | 'certified' | 'failed';
  /** Shown at the look that certified it, 0–1. */
  agreement?: number;
  drift: DriftState;
}

/** All there is to a version, as plain data. */
export interface VersionRecord {
  readonly id: number;
  readonly at: WallMs;
  /** Rows it was trained on, and the share of them cross-validation got wrong. */
  readonly rows: number;
  readonly error: number;
  readonly tree: TreeFile;
  readonly wanted: Certificate;
  readonly regions: readonly RegionState[];
  /** Chance of a wrong certificate that no region has been given yet; with the regions' at most 1 − confidence. */
  readonly spare: number;
  status: VersionStatus;
  /** Why it has that status, a sentence. */
  reason: string;
  /** Of the drift test over all certified regions. */
  drift: DriftState;
}

/** Chance that a failed region agrees less often than its drift test takes for usual. */
const BASELINE_ERROR = 0.01;

/** A region that has not seen a case. */
export function newRegion(
  { leaves, share }: RegionPlan,
  { agreement }: Certificate,
  error: number,
): RegionState {
  const plan = planTest(agreement, error);
  const drift = { sum: 0, since: 0 };
  return { leaves, share, plan, error, cases: 0, agreed: 0, looks: 0, lastAt: -1, outcome: 'testing', drift };
}

/** A version's regions before their test, for what is wanted now: what each may get wrong is scaled with the whole. */
export function untested(
  { regions, spare, wanted: before }: VersionRecord,
  wanted: Certificate,
): Pick<VersionRecord, 'regions' | 'spare' | 'wanted' | 'drift'> {
  const scale = before.confidence < 1 ? (1 - wanted.confidence) / (1 - before.confidence) : 0;
  return {
    regions: regions.map((region) => newRegion(region, wanted, region.error * scale)),
    spare: spare * scale,
    wanted,
    drift: { sum: 0, since: 0 },
  };
}

/** A tree and its regions at work. It changes the record it was made of. */
export class Version {
  readonly record: VersionRecord;
  readonly #tree: DecisionTree;
  readonly #flat: FlatTree;
  /** Region by node index; −1 for margins. */
  readonly #regionOf: Int16Array;
  /** By region; made when the region's test is over. */
  readonly #drift = new Map<number, DriftTest>();
  readonly #overall: DriftTest;

  /** Throws TREE_INVALID if the record's tree is none. */
  constructor(record: VersionRecord) {
    this.record = record;
    this.#tree = checkTree(`version ${record.id}`, record.tree);
    this.#flat = this.#tree.bind(record.tree.features);
    this.#regionOf = new Int16Array(record.tree.nodes.length).fill(-1);
    for (const [i, { leaves }] of record.regions.entries())
      for (const leaf of leaves) this.#regionOf[leaf] = i;
    this.#overall = new DriftTest(record.wanted.agreement, record.drift);
  }

  /** The node index of the leaf of a row. */
  leafOf(values: Float64Array): number {
    return this.#flat.predict(values);
  }

  /** The way of a row to its leaf, in words. */
  path(values: Float64Array, nameOf: (column: number) => FeatureName): string {
    return this.#flat.path(values, nameOf);
  }

  choiceAt(leaf: number): string {
    return this.#tree.leaves[leaf]!.choice;
  }

  regionAt(leaf: number): RegionState | undefined {
    return this.record.regions[this.#regionOf[leaf]!];
  }

  /** Whether the leaf's region is certified or has failed. */
  isTested(leaf: number): boolean {
    const outcome = this.regionAt(leaf)?.outcome;
    return outcome === 'certified' || outcome === 'failed';
  }

  /** Leaves that answer nothing and are not going to: those of failed regions, and margins. */
  get hopeless(): ReadonlySet<number> {
    const leaves = this.record.tree.nodes.flatMap((node, i) => (isLeaf(node) ? [i] : []));
    return new Set(leaves.filter((leaf) => (this.regionAt(leaf)?.outcome ?? 'failed') === 'failed'));
  }

  get isTesting(): boolean {
    return this.record.regions.some(({ outcome }) => outcome === 'testing');
  }

  get cases(): { readonly cases: number; readonly agreed: number } {
    const { regions } = this.record;
    return {
      cases: regions.reduce((sum, { cases }) => sum + cases, 0),
      agreed: regions.reduce((sum, { agreed }) => sum + agreed, 0),
    };
  }

  /**
   * Counts one case of the test; at a checkpoint it is decided on.
   * @param spacingMs a case sooner than this after the last of its region is the same situation still and does not count
   * @returns the region if this case has certified it or failed it for good
   */
  test(leaf: number, agrees: boolean, at: WallMs, spacingMs: number): RegionState | undefined {
    const region = this.regionAt(leaf);
    if (region?.outcome !== 'testing') return undefined;
    if (at >= region.lastAt && at < region.lastAt + spacingMs) return undefined;
    const { wanted } = this.record;
    const { plan } = region;
    region.lastAt = at;
    region.cases++;
    if (agrees) region.agreed++;
    if (region.cases !== plan.checkpoints[region.looks]) return undefined;
    region.looks++;
    const shown = look(plan, wanted.agreement, region.agreed, region.cases);
    if (shown !== undefined) {
      region.outcome = 'certified';
      // Rounded down: what is stated has been shown.
      region.agreement = Math.floor(shown * 1000) / 1000;
      return region;
    }
    if (!isHopeless(plan, wanted.agreement, region.agreed, region.cases)) return undefined;
    region.outcome = 'failed';
    return region;
  }

  /**
   * One audited or labelled case of a region whose test is over. A failed region is compared with what it did agree in its
   * test: where the teacher has changed there, what was learned from it before is doubtful everywhere.
   * @returns since how many cases it drifts, if it does
   */
  watch(leaf: number, agrees: boolean): number | undefined {
    const index = this.#regionOf[leaf]!;
    const region = this.record.regions[index];
    if (region === undefined || region.outcome === 'testing') return undefined;
    const test = this.#driftOf(index, region);
    const here = test.add(agrees);
    region.drift = test.state;
    if (region.outcome === 'failed') return here ? test.onset : undefined;
    const anywhere = this.#overall.add(agrees);
    this.record.drift = this.#overall.state;
    return here || anywhere ? Math.max(this.#overall.onset, test.onset) : undefined;
  }

  #driftOf(index: number, { outcome, agreed, cases, drift }: RegionState): DriftTest {
    let test = this.#drift.get(index);
    if (test === undefined) {
      const { agreement } = this.record.wanted;
      const usual =
        outcome === 'failed' ? Math.min(agreement, lowerBound(agreed, cases, BASELINE_ERROR)) : agreement;
      test = new DriftTest(usual, drift);
      this.#drift.set(index, test);
    }
    return test;
  }

  /** The tree with the certificates earned so far, as its file has them. */
  file(): TreeFile {
    const { tree, wanted, id, rows, status } = this.record;
    const nodes = tree.nodes.map((node, i) => {
      const region = isLeaf(node) ? this.regionAt(i) : undefined;
      if (status !== 'active' || region?.outcome !== 'certified') return node;
      return { ...node, certified: { agreement: region.agreement ?? 0, confidence: wanted.confidence } };
    });
    return { ...tree, nodes, about: { ...tree.about, version: id, rows, status } };
  }
}
