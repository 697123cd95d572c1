import type { Measurement, TuneSpec } from '../../../devices/index.ts';
import { median } from '../../../devices/index.ts';
import type { AnswerLanguage } from '../../contract/answer.ts';
import type { Decided, DecideRequest, ModelInfo, ModelSpec } from '../../contract/engine.ts';
import type { Clock } from '../../contract/time.ts';
import { GanglionError } from '../../errors.ts';

/** What of the model host a measurement needs. */
export interface MeasuredHost {
  load(spec: ModelSpec): Promise<ModelInfo>;
  decide(
    file: string,
    request: DecideRequest,
    options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
  ): Promise<Decided>;
}

export interface MeasureOptions {
  readonly host: MeasuredHost;
  readonly file: string;
  readonly clock: Clock;
  /** Memory of its own that the host holds, without mapped files, bytes; undefined where the system does not say. */
  readonly ownBytes: () => Promise<number | undefined>;
  /** Decisions per visit. */
  readonly decisions: number;
  /** Lines of the house in the prompt; about 16 tokens each. */
  readonly lines: number;
  readonly signal?: AbortSignal;
}

/** Slower than this, a board cannot use the model anyway. */
const DEADLINE_MS = 300_000;
/** A coarse clock may show no time at all; nothing takes none. */
const LEAST_MS = 1e-3;

/**
 * Visits to a model: each loads it in one way, has it read a prompt that it never saw, and then decides a few times with
 * the prefix kept. No two visits ask the same, so that nothing is remembered.
 */
export class Measurer {
  readonly #options: MeasureOptions;
  #visits = 0;
  #questions = 0;

  constructor(options: MeasureOptions) {
    this.#options = options;
  }

  /** Throws MODEL_…, as the model host does. */
  async measure(spec: TuneSpec): Promise<Measurement> {
    const { host, file, clock, ownBytes } = this.#options;
    const visit = ++this.#visits;
    const loading = clock.mono();
    const info = await host.load({ file, ...spec });
    const loadMs = clock.mono() - loading;
    // The first question also compiles the answers and touches every weight on the disk: it does not count.
    await this.#decide(`the start of visit ${visit}`, 1);
    const cold = await this.#decide(`visit ${visit}`);
    const walls: number[] = [];
    const branches: number[] = [];
    for (let i = 0; i < this.#options.decisions; i++) {
      const started = clock.mono();
      const decided = await this.#decide(`visit ${visit}`);
      walls.push(clock.mono() - started);
      branches.push(decided.timings.predictedMs / Math.max(1, decided.branches.length - 1));
    }
    const { prompt, cached } = cold.tokens;
    const promptTokensPerS = (prompt * 1000) / cold.timings.promptMs;
    if (!(promptTokensPerS > 0 && Number.isFinite(promptTokensPerS))) {
      const reason = `it did not say how it read the prompt (${prompt} tokens, ${cached} of them kept)`;
      throw new GanglionError('MODEL_ANSWER_FAILED', { file, reason });
    }
    return {
      promptTokensPerS,
      decisionMs: Math.max(median(walls), LEAST_MS),
      tokenMs: Math.max(median(branches), LEAST_MS),
      // The engine counts mapped weights and what lies on an accelerator, the system what weights are unpacked into: the
      // mapped ones are not needed any more then.
      memoryBytes: Math.max(info.memoryBytes ?? info.sizeBytes, (await ownBytes()) ?? 0),
      loadMs: Math.max(loadMs, LEAST_MS),
    };
  }

  #decide(house: string, lines = this.#options.lines): Promise<Decided> {
    const { host, file, signal } = this.#options;
    const request = question(house, lines, ++this.#questions);
    return host.decide(file, request, {
      deadlineMs: DEADLINE_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

const ROOMS = ['kitchen', 'hall', 'bedroom', 'study', 'bath', 'cellar'] as const;
const THINGS = ['ceiling light', 'floor lamp', 'fan', 'blind', 'heater'] as const;

/**
 * A typical question: a house as the prefix, and some 40 tokens of what changed and is asked.
 * @param house what makes the prefix differ from every other, from its first line on
 */
function question(house: string, lines: number, number: number): DecideRequest {
  const listing = Array.from({ length: lines }, (_, i) => {
    const room = ROOMS[i % ROOMS.length]!;
    const thing = THINGS[i % THINGS.length]!;
    return `${i + 1}. ${thing} in the ${room}, turns on and off, level 0 to 100`;
  });
  const room = ROOMS[number % ROOMS.length]!;
  const text = `The ${room} has ${(number * 37) % 1000} lux and ${15 + (number % 12)} °C at ${number % 24}:${10 + (number % 50)}. Somebody has just come in. Request: make it a little brighter here, please.`;
  return {
    prompt: {
      system: [`House of ${house}. You control these devices:\n${listing.join('\n')}\nPick one.`],
      user: [text],
      opening: 'Answer:',
    },
    language: LANGUAGE,
  };
}

/** Three branches whose options begin differently: which thing, which room, what. */
const LANGUAGE: AnswerLanguage = {
  key: 'model tune',
  root: {
    seq: [
      { any: [' light', ' fan', ' blind', ' heater'].map((text) => ({ text })) },
      { any: [' kitchen', ' hall', ' bedroom', ' study'].map((text) => ({ text })) },
      { any: [' on', ' off', ' more', ' less'].map((text) => ({ text })) },
    ],
  },
};
