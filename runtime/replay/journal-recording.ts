import type { Archive } from '../journal/archive.ts';
import type { WallMs } from '../contract/time.ts';
import { merge } from './merge.ts';
import type { KeptDecision, KeptReading, Recording, Wanted } from './recording.ts';

/** The history a daemon keeps, as a recording. Holds one packed block per property. */
export class JournalRecording implements Recording {
  readonly #archive: Archive;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  async baseline(atMs: number, wanted: Wanted): Promise<KeptReading[]> {
    return this.#archive
      .keys()
      .filter(wanted)
      .flatMap((key) => {
        const point = this.#archive.latest(key, atMs);
        return point === undefined ? [] : [{ key, value: point.value, at: point.at as WallMs }];
      });
  }

  async *chunks(fromMs: number, toMs: number, wanted: Wanted): AsyncGenerator<readonly KeptReading[]> {
    const keys = this.#archive.keys().filter(wanted);
    yield* merge(keys.map((key) => this.#archive.points(key, fromMs, toMs)));
  }

  oldestMs(): number | undefined {
    return this.#archive.oldestMs();
  }

  *decisions(fromMs: number, toMs: number): Generator<KeptDecision> {
    for (const { id, policy, at, actions, refused } of this.#archive.decisions(fromMs, toMs)) {
      if (policy !== undefined)
        yield { id, policy, at, calls: [...actions, ...refused.map(({ call }) => call)] };
    }
  }
}
