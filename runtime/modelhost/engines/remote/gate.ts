import { LANES, type Lane } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';

interface Waiting {
  readonly admit: () => void;
}

/** Lets so many in at a time; the others wait by lane, then in order. */
export class LaneGate {
  #free: number;
  readonly #limit: number;
  readonly #waiting: Readonly<Record<Lane, Waiting[]>> = { interactive: [], event: [], background: [] };

  /** @param limit how many may wait */
  constructor(places: number, limit: number) {
    this.#free = places;
    this.#limit = limit;
  }

  get waiting(): number {
    return LANES.reduce((sum, lane) => sum + this.#waiting[lane].length, 0);
  }

  /** Resolves with what gives the place back. Throws QUEUE_FULL, and what the signal is aborted with. */
  async enter(lane: Lane, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(lane, signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  #wait(lane: Lane, signal: AbortSignal): Promise<void> {
    if (this.waiting >= this.#limit)
      throw new GanglionError('QUEUE_FULL', { queue: 'remote model', limit: this.#limit });
    const queue = this.#waiting[lane];
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        admit: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        queue.splice(queue.indexOf(entry), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(entry);
    });
  }

  #leave(): void {
    const queue = LANES.map((lane) => this.#waiting[lane]).find(({ length }) => length > 0);
    const next = queue?.shift();
    if (next === undefined) this.#free++;
    else next.admit();
  }
}
