import { createHash } from 'node:crypto';
import type { Decided, DecideRequest } from '../contract/engine.ts';
import type { Clock } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';

export interface RepeatsOptions {
  readonly clock: Pick<Clock, 'mono'>;
  /** Told once of a policy that asks the same thing over and over, until it has calmed down. */
  readonly onLoop?: (error: GanglionError, policy: string) => void;
  /** A known answer is given again for so long. Default 30 s. */
  readonly knownMs?: number;
  /** More of the same questions by one policy than `loopAsks` within `loopMs` are a loop. Default 20 within 60 s. */
  readonly loopAsks?: number;
  readonly loopMs?: number;
  /** Questions remembered, the least recently asked go first. Default 256. */
  readonly capacity?: number;
}

/** An answer, and whether it was known from before: then no token was read or written for it. */
export interface Answered {
  readonly decided: Decided;
  readonly repeated: boolean;
}

interface Remembered {
  answer: { readonly decided: Decided; readonly at: number } | undefined;
  /** When it was asked, by policy; at most `loopAsks` + 1 times, the earliest first. */
  readonly asked: Map<string, number[]>;
}

/**
 * The same question in the same state has the same answer. A question is all a model is shown, the language and the
 * model: any change of what is known, of the house or the model makes another one.
 */
export class Repeats {
  readonly #options: Required<Omit<RepeatsOptions, 'onLoop'>> & Pick<RepeatsOptions, 'onLoop'>;
  /** Least recently asked first. */
  readonly #known = new Map<string, Remembered>();
  readonly #looping = new Map<string, number>();
  readonly #counters = { repeated: 0, loops: 0, refused: 0 };

  constructor(options: RepeatsOptions) {
    this.#options = { knownMs: 30_000, loopAsks: 20, loopMs: 60_000, capacity: 256, ...options };
  }

  /** `repeated`: answers given again. `loops`: policies reported. `refused`: questions not answered because of that. */
  get counters(): Readonly<Record<'repeated' | 'loops' | 'refused', number>> {
    return { ...this.#counters };
  }

  /** @throws GanglionError MODEL_ASKED_IN_LOOP, or whatever `ask` throws */
  async answer(
    by: { readonly policy: string; readonly file: string },
    request: DecideRequest,
    ask: () => Promise<Decided>,
  ): Promise<Answered> {
    const { clock, knownMs } = this.#options;
    const key = keyOf(by.file, request);
    const known = this.#remember(key);
    const now = clock.mono();
    // A person may say the same thing as often as they like.
    if (by.policy !== 'ask') this.#watch(by.policy, known, now);
    if (known.answer !== undefined && now - known.answer.at < knownMs) {
      this.#counters.repeated++;
      return { decided: again(known.answer.decided), repeated: true };
    }
    const decided = await ask();
    known.answer = { decided, at: clock.mono() };
    return { decided, repeated: false };
  }

  #remember(key: string): Remembered {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { answer: undefined, asked: new Map() };
      const [oldest] = this.#known.keys();
      if (this.#known.size >= this.#options.capacity && oldest !== undefined) this.#known.delete(oldest);
    } else this.#known.delete(key);
    this.#known.set(key, known);
    return known;
  }

  #watch(policy: string, known: Remembered, now: number): void {
    const { loopAsks, loopMs, capacity, onLoop } = this.#options;
    const times = known.asked.get(policy) ?? [];
    times.push(now);
    while (times.length > loopAsks + 1 || now - times[0]! >= loopMs) times.shift();
    known.asked.set(policy, times);
    if (times.length <= loopAsks) return;
    const error = new GanglionError('MODEL_ASKED_IN_LOOP', {
      policy,
      asks: loopAsks,
      seconds: Math.round(loopMs / 1000),
    });
    this.#counters.refused++;
    const last = this.#looping.get(policy);
    this.#looping.delete(policy);
    if (this.#looping.size >= capacity) this.#looping.clear();
    this.#looping.set(policy, now);
    if (last === undefined || now - last >= loopMs) {
      this.#counters.loops++;
      onLoop?.(error, policy);
    }
    throw error;
  }
}

function again(decided: Decided): Decided {
  return {
    ...decided,
    tokens: { cached: 0, prompt: 0, generated: 0 },
    timings: { waitedMs: 0, promptMs: 0, predictedMs: 0 },
  };
}

function keyOf(file: string, { language, ...rest }: DecideRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([file, language.key, rest]))
    .digest('base64');
}
