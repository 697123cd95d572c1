import { isGanglionError, messageOf } from '../../../runtime/errors.ts';
import { costMs, medianOf, type Measurement, type TuneSpec } from './measurement.ts';
import { COORDINATES, type Coordinate, type TuneSpace } from './space.ts';

export interface SearchOptions {
  readonly start: TuneSpec;
  readonly space: TuneSpace;
  /** Loads the model so and measures it once. One that throws is a setting that does not work here. */
  readonly measure: (spec: TuneSpec) => Promise<Measurement>;
  /** Times each setting is visited, in turns, until it drops out. */
  readonly rounds: number;
  /** Memory the model may take, bytes. */
  readonly budgetBytes: number;
  readonly onProgress?: (step: SearchStep) => void;
  readonly signal?: AbortSignal;
}

export interface SearchStep {
  /** Visits done, and those there will be at most. */
  readonly done: number;
  readonly most: number;
  readonly trying: Coordinate | 'start' | 'check';
  readonly spec: TuneSpec;
}

/** One setting and what its visits showed. */
export interface Trial {
  readonly trying: SearchStep['trying'];
  readonly spec: TuneSpec;
  readonly runs: number;
  /** Medians; absent where no visit worked. */
  readonly measurement?: Measurement;
  /** Why it was left out, in words. */
  readonly problem?: string;
}

export interface SearchResult {
  readonly best: TuneSpec;
  readonly measurement: Measurement;
  /** The start measured beside the best, in turns; absent where it did not work. */
  readonly before?: Measurement;
  readonly trials: readonly Trial[];
}

/** So much slower than the best of its round, a setting is not visited again. */
const DROP_FACTOR = 1.25;
/** Differences below this are noise: then the cheaper setting is taken. */
const NOISE = 0.03;
/** A context twice as long may cost this much speed. */
const CONTEXT_NOISE = 0.1;

/**
 * Coordinate descent: one coordinate after the other, each with the best of those before. The values of a coordinate race
 * against each other in turns (there and back, so that a board that grows warm favours none), the slow ones dropping out
 * (successive halving, Jamieson and Talwalkar 2016), and medians are compared. The best of all is then run in turns with
 * the start, which stays if it is not really slower.
 * @returns the trials alone if no setting worked; each says why
 * Throws the signal's reason when it is aborted.
 */
export async function searchSettings(
  options: SearchOptions,
): Promise<SearchResult | { readonly trials: readonly Trial[] }> {
  const search = new Search(options);
  return search.run();
}

class Search {
  readonly #options: SearchOptions;
  readonly #trials: Trial[] = [];
  readonly #most: number;
  #done = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
    const raced = COORDINATES.map((name) => options.space[name].length).filter((count) => count > 1);
    this.#most = raced.reduce((sum, count) => sum + count, 2) * options.rounds;
  }

  async run(): Promise<SearchResult | { readonly trials: readonly Trial[] }> {
    const { start, space, signal } = this.#options;
    let best = start;
    for (const name of COORDINATES) {
      const values = space[name];
      if (values.length < 2) continue;
      signal?.throwIfAborted();
      const racers = values.map((value) => new Racer({ ...best, [name]: value }));
      await this.#race(name, racers);
      best = this.#winner(name, racers)?.spec ?? best;
    }
    const racers = sameSpec(best, start) ? [new Racer(best)] : [new Racer(start), new Racer(best)];
    await this.#race('check', racers, false);
    const [first, second] = racers;
    const kept = second !== undefined && isBetter(second, first!) ? second : first!;
    const winner = kept.worked ? kept : second;
    if (winner?.worked !== true) return { trials: this.#trials };
    return {
      best: winner.spec,
      measurement: winner.median,
      ...(first!.worked ? { before: first!.median } : {}),
      trials: this.#trials,
    };
  }

  /** Visits in turns until all rounds are through or one is left. */
  async #race(trying: SearchStep['trying'], racers: readonly Racer[], dropping = true): Promise<void> {
    let running = [...racers];
    for (let round = 0; round < this.#options.rounds && running.length > 0; round++) {
      for (const racer of round % 2 === 0 ? running : running.toReversed()) await this.#visit(trying, racer);
      running = running.filter(({ problem }) => problem === undefined);
      if (!dropping) continue;
      const fastest = Math.min(...running.map(({ cost }) => cost));
      running = running.filter(({ cost }) => cost <= fastest * DROP_FACTOR);
      if (running.length <= 1) break;
    }
    for (const racer of racers) this.#trials.push(racer.trial(trying));
  }

  async #visit(trying: SearchStep['trying'], racer: Racer): Promise<void> {
    const { measure, onProgress, signal, budgetBytes } = this.#options;
    signal?.throwIfAborted();
    onProgress?.({ done: this.#done, most: this.#most, trying, spec: racer.spec });
    try {
      racer.add(await measure(racer.spec), budgetBytes);
    } catch (error) {
      signal?.throwIfAborted();
      // A setting that does not fit is a result; a defect of ours is not.
      if (!isGanglionError(error)) throw error;
      racer.problem = messageOf(error);
    }
    this.#done++;
  }

  /** The fastest, or an earlier value that is as good as that. */
  #winner(name: Coordinate, racers: readonly Racer[]): Racer | undefined {
    const fit = racers.filter(({ worked }) => worked);
    const fastest = Math.min(...fit.map(({ cost }) => cost));
    const noise = name === 'contextTokens' ? CONTEXT_NOISE : NOISE;
    return fit.find(({ cost }) => cost <= fastest * (1 + noise));
  }
}

/** A setting in a race. */
class Racer {
  readonly spec: TuneSpec;
  readonly #runs: Measurement[] = [];
  problem: string | undefined;

  constructor(spec: TuneSpec) {
    this.spec = spec;
  }

  get worked(): boolean {
    return this.problem === undefined && this.#runs.length > 0;
  }

  get median(): Measurement {
    return medianOf(this.#runs);
  }

  get cost(): number {
    return costMs(this.median);
  }

  add(measurement: Measurement, budgetBytes: number): void {
    this.#runs.push(measurement);
    if (measurement.memoryBytes <= budgetBytes) return;
    const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    this.problem = `it takes ${megabytes(measurement.memoryBytes)} of the ${megabytes(budgetBytes)} a model may take`;
  }

  trial(trying: SearchStep['trying']): Trial {
    return {
      trying,
      spec: this.spec,
      runs: this.#runs.length,
      ...(this.#runs.length === 0 ? {} : { measurement: this.median }),
      ...(this.problem === undefined ? {} : { problem: this.problem }),
    };
  }
}

/** A longer context is not better by speed, so it may be a little slower. */
function isBetter(one: Racer, start: Racer): boolean {
  if (!one.worked) return false;
  if (!start.worked) return true;
  const longer = one.spec.contextTokens > start.spec.contextTokens;
  return one.cost <= start.cost * (longer ? 1 + NOISE : 1 - NOISE);
}

function sameSpec(a: TuneSpec, b: TuneSpec): boolean {
  return a.device === b.device && COORDINATES.every((name) => a[name] === b[name]);
}
