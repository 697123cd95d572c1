import { LANES, type Lane, type Turn } from '../contract/engine.ts';
import { GanglionError } from '../errors.ts';

export interface LaneRequest {
  readonly lane: Lane;
  readonly signal: AbortSignal;
  /** The model's file, for the error's sentence. */
  readonly file: string;
}

/** A job's place in the lanes: waiting for its first turn, running, or parked between two decode calls. */
class Job implements Turn {
  readonly lane: Lane;
  readonly signal: AbortSignal;
  readonly file: string;
  readonly #lanes: Lanes;
  #since: number;
  #waitedMs = 0;
  /** Lets it go on; present while it waits. */
  go: (() => void) | undefined;
  parked = false;

  constructor(lanes: Lanes, { lane, signal, file }: LaneRequest, now: number) {
    this.#lanes = lanes;
    this.lane = lane;
    this.signal = signal;
    this.file = file;
    this.#since = now;
  }

  /** Before its first turn and between decode calls, ms. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  async pass(): Promise<void> {
    await this.#lanes.pass(this);
  }

  stands(now: number): void {
    this.#since = now;
  }

  runs(now: number): void {
    this.#waitedMs += now - this.#since;
  }
}

/** A job as the work sees it. */
export type LaneTurn = Turn & { readonly waitedMs: number };

/**
 * One language model computes at a time, over all models: two at once would each take twice as long and neither could
 * promise anything. Jobs run in lanes; a job offers its place between decode calls, and whoever waits in a higher lane
 * takes it. The one that stood back keeps its session and goes on, before younger jobs of its lane.
 *
 *     interactive   ──────────────[ a ]────────────────
 *     event         ────[ b ]·····      ·····[ b ]─────
 *     background    [ c ]···························[ c ]
 */
export class Lanes {
  readonly #mono: () => number;
  readonly #waiting: Record<Lane, Job[]> = { interactive: [], event: [], background: [] };
  #held: ReadonlySet<Lane> = new Set();
  #running: Job | undefined;

  constructor(mono: () => number) {
    this.#mono = mono;
  }

  /** Runs the work when its lane's turn comes. Throws MODEL_ABORTED if the signal ends the wait. */
  async run<T>(request: LaneRequest, work: (turn: LaneTurn) => Promise<T>): Promise<T> {
    const job = new Job(this, request, this.#mono());
    await this.#wait(job);
    try {
      return await work(job);
    } finally {
      // One that was withdrawn while it stood back has nothing to hand on.
      if (this.#running === job) this.#running = undefined;
      this.#next();
    }
  }

  /** Lanes that are held back until further notice; a job that runs stops at its next decode call. */
  hold(lanes: readonly Lane[]): void {
    this.#held = new Set(lanes);
    this.#next();
  }

  /** Steps back if someone of a higher lane waits. */
  async pass(job: Job): Promise<void> {
    if (job.signal.aborted) throw aborted(job);
    if (!this.#held.has(job.lane) && !this.#someoneAbove(job.lane)) return;
    job.parked = true;
    job.stands(this.#mono());
    this.#running = undefined;
    try {
      await this.#wait(job);
    } finally {
      job.parked = false;
    }
  }

  async #wait(job: Job): Promise<void> {
    if (job.signal.aborted) throw aborted(job);
    const queue = this.#waiting[job.lane];
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        queue.splice(queue.indexOf(job), 1);
        reject(aborted(job));
      };
      job.go = (): void => {
        job.signal.removeEventListener('abort', giveUp);
        resolve();
      };
      job.signal.addEventListener('abort', giveUp, { once: true });
      if (job.parked) queue.unshift(job);
      else queue.push(job);
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== undefined) return;
    for (const lane of LANES) {
      if (this.#held.has(lane)) continue;
      const job = this.#waiting[lane].shift();
      if (job === undefined) continue;
      this.#running = job;
      job.runs(this.#mono());
      job.go?.();
      return;
    }
  }

  #someoneAbove(lane: Lane): boolean {
    for (const higher of LANES) {
      if (higher === lane) return false;
      if (this.#waiting[higher].length > 0 && !this.#held.has(higher)) return true;
    }
    return false;
  }
}

function aborted({ file }: LaneRequest): GanglionError {
  return new GanglionError('MODEL_ABORTED', { file });
}
