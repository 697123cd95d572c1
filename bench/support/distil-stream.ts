import { Distiller, trainTree, type VersionRecord } from '../../policies/index.ts';
import type { WallMs } from '../../runtime/contract/time.ts';

/** Decisions come a minute apart. */
const STEP_MS = 60_000;

export interface StreamOptions {
  readonly features: readonly string[];
  readonly choices: readonly string[];
  readonly random: () => number;
  readonly agreement?: number;
  readonly auditShare?: number;
}

/** A policy whose decisions are made as the ladder makes them: the tree where it is certified, else the teacher. */
export class DistilStream {
  readonly distiller: Distiller;
  readonly #choices: readonly string[];
  #now = 0;
  /** Decisions the teacher was asked about since `markChange`, and at which the certificates were withdrawn. */
  #checked = 0;
  withdrawnAfter: number | undefined;

  constructor({ features, choices, random, agreement = 0.95, auditShare }: StreamOptions) {
    this.#choices = choices;
    this.distiller = new Distiller({
      policy: 'bench',
      features,
      choices,
      certify: { agreement, confidence: 0.95 },
      live: true,
      random,
      ...(auditShare === undefined ? {} : { auditShare }),
    });
  }

  /** One decision; returns whether the tree made it. */
  step(row: Float64Array, teacher: (row: Float64Array) => number): boolean {
    const at = (this.#now += STEP_MS) as WallMs;
    const { distiller } = this;
    const answered = distiller.answer(row) !== undefined;
    const audit = answered ? distiller.audit(at) : undefined;
    if (answered && audit === undefined) return true;
    this.#checked++;
    const choice = this.#choices[teacher(row)]!;
    const events = distiller.observe({ values: row, choice, at, source: 'model' });
    if (events.some(({ kind }) => kind === 'withdrawn')) this.withdrawnAfter ??= this.#checked;
    const job = distiller.job();
    if (job !== undefined) distiller.trained(job.id, trainTree(job.data, job.options), at);
    return answered;
  }

  markChange(): void {
    this.#checked = 0;
    this.withdrawnAfter = undefined;
  }

  get active(): VersionRecord | undefined {
    return this.distiller.versions().find(({ status }) => status === 'active');
  }
}
