import { Distiller, type DistillerOptions, type DistilEvent, trainTree } from '../../../policies/index.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';

export const FEATURES = ['f0', 'f1', 'f2', 'f3'];
export const CHOICES = ['a', 'b', 'c'];
const MINUTE = 60_000;

/** Park and Miller's minimal standard generator, 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = (seed * 7919) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export type Teacher = (row: Float64Array) => string;

export const FIRST: Teacher = (row) => (row[0]! <= 0.5 ? 'a' : row[1]! <= 0.4 ? 'b' : 'c');
export const SECOND: Teacher = (row) => (row[2]! <= 0.5 ? 'c' : row[1]! <= 0.4 ? 'a' : 'b');

/** A policy whose decisions come a minute apart, made by the tree where it may and by the teacher elsewhere. */
export class Home {
  distiller: Distiller;
  readonly events: DistilEvent[] = [];
  readonly random: () => number;
  now = 1_700_000_000_000;
  /** Since it was last set to 0: decisions, those of the tree, and those the teacher saw. */
  count = { all: 0, tree: 0, checked: 0 };

  constructor(seed: number, changes: Partial<DistillerOptions> = {}, state?: unknown) {
    this.random = seeded(seed);
    this.distiller = new Distiller(
      {
        policy: 'p',
        features: FEATURES,
        choices: CHOICES,
        certify: { agreement: 0.95, confidence: 0.95 },
        live: true,
        random: this.random,
        ...changes,
      },
      state,
    );
  }

  row(): Float64Array {
    return Float64Array.from(FEATURES, this.random);
  }

  decide(teacher: Teacher, row = this.row()): void {
    const at = (this.now += MINUTE) as WallMs;
    this.count.all++;
    const answer = this.distiller.answer(row);
    if (answer !== undefined) this.count.tree++;
    if (answer !== undefined && this.distiller.audit(at) === undefined) return;
    this.count.checked++;
    this.events.push(...this.distiller.observe({ values: row, choice: teacher(row), at, source: 'model' }));
    this.train();
  }

  train(): void {
    const job = this.distiller.job();
    if (job === undefined) return;
    this.events.push(...this.distiller.trained(job.id, trainTree(job.data, job.options), this.now as WallMs));
  }

  run(decisions: number, teacher: Teacher): void {
    this.count = { all: 0, tree: 0, checked: 0 };
    for (let i = 0; i < decisions; i++) this.decide(teacher);
  }

  kinds(): Set<string> {
    return new Set(this.events.map(({ kind }) => kind));
  }
}

export function noisy(teacher: Teacher, share: number, random: () => number): Teacher {
  return (row) => (random() < share ? CHOICES[Math.floor(random() * CHOICES.length)]! : teacher(row));
}
