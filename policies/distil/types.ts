import type { WallMs } from '../../runtime/contract/time.ts';
import type { ColumnKind, TrainingData, TrainOptions } from '../tree/training-data.ts';
import type { Certificate } from '../tree/tree-file.ts';

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

/** One decision of the teacher. */
export interface DistilExample {
  readonly values: Float64Array;
  readonly choice: string;
  readonly at: WallMs;
  /** `model`: a slower rung's answer. `human`: a person said what would have been right. `implied` teaches nothing. */
  readonly source: 'model' | 'human' | 'implied';
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
  /** Examples of each choice. (choices) */
  readonly byChoice: readonly number[];
  /** Implied feedback and choices the policy does not list. */
  readonly ignored: number;
}
