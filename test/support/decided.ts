import type { Decided, DecideRequest } from '../../runtime/contract/engine.ts';
import type { Asker, AskerOptions } from '../../runtime/modelhost/rungs.ts';

export function decided(text: string, changes: Partial<Decided> = {}): Decided {
  return {
    text,
    probability: 0.8,
    abstained: false,
    branches: [{ text, probability: 0.8, options: 2 }],
    alternatives: [],
    tokens: { cached: 1, prompt: 2, generated: 1 },
    timings: { waitedMs: 0, promptMs: 1, predictedMs: 1 },
    ...changes,
  };
}

export interface Asked {
  readonly file: string;
  readonly request: DecideRequest;
  readonly options: AskerOptions;
}

/** Answers as told and keeps what it was asked. */
export function asker(
  answer: (request: DecideRequest) => Decided | Promise<Decided>,
): Pick<Asker, 'decide'> & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    decide: async (file, request, options) => {
      asked.push({ file, request, options });
      return answer(request);
    },
  };
}
