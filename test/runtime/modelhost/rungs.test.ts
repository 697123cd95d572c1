import { describe, expect, it } from 'vitest';
import type { ChooseRequest } from '../../../runtime/contract/engine.ts';
import type { House } from '../../../runtime/contract/house.ts';
import type { RungRequest } from '../../../runtime/contract/rung.ts';
import type { StateView } from '../../../runtime/contract/state.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import type { AskOptions } from '../../../runtime/modelhost/requests.ts';
import { LlmRung, OnnxRung, type Asker } from '../../../runtime/modelhost/rungs.ts';

const house: House = {
  version: 1,
  entity: () => undefined,
  entities: () => [],
  area: () => undefined,
  areas: () => [],
  ofDevice: () => [],
};
const signal = new AbortController().signal;
const request: RungRequest = {
  policy: 'fresh-air',
  choices: [
    { label: 'none', calls: [] },
    { label: 'fan.living.turn_on', calls: [{ entity: 'fan.living', command: 'turn_on', args: {} }] },
  ],
  frame: { names: ['now.hour', 'a'], values: Float64Array.of(1, 2), stateVersion: 1 },
  guidance: 'Keep it fresh.',
  state: {} as StateView,
  house,
  budgetMs: 750,
};

/** Answers with fixed probabilities and keeps what it was asked. */
function asker(
  probabilities: readonly number[],
): Asker & { readonly asked: { question: ChooseRequest; options: AskOptions }[] } {
  const asked: { question: ChooseRequest; options: AskOptions }[] = [];
  const probability = Math.max(...probabilities);
  const answer = { index: probabilities.indexOf(probability), probability, probabilities };
  return {
    asked,
    choose: async (_file, question, options) => {
      asked.push({ question, options });
      return { ...answer, tokens: { cached: 1, prompt: 2, generated: 1 } };
    },
    classify: async () => answer,
  };
}

const failing: Asker = {
  choose: async () => {
    throw new GanglionError('MODEL_HOST_DIED', { reason: 'it was ended by SIGKILL' });
  },
  classify: async () => {
    throw new GanglionError('MODEL_HOST_DIED', { reason: 'it was ended by SIGKILL' });
  },
};

describe('LlmRung', () => {
  it('asks with the labels, the budget and a lane, and answers with index, confidence and tokens', async () => {
    const host = asker([0.2, 0.8]);
    const rung = new LlmRung({ host, file: '/m.gguf', minConfidence: 0.5 });
    expect(await rung.decide(request, signal)).toEqual({
      kind: 'choice',
      index: 1,
      confidence: 0.8,
      explanation: 'The language model chose fan.living.turn_on with 80 %; next was none with 20 %.',
      tokens: { cached: 1, prompt: 2, generated: 1 },
    });
    await rung.decide({ ...request, policy: 'ask' }, signal);
    expect(host.asked[0]!.question.choices).toEqual(['none', 'fan.living.turn_on']);
    expect(host.asked[0]!.options).toMatchObject({ deadlineMs: 750, lane: 'background', signal });
    expect(host.asked[1]!.options.lane).toBe('interactive');
    expect(host.asked[1]!.question.prefix).toBe(host.asked[0]!.question.prefix);
  });

  it('abstains when unsure, when there are too many choices and when the host is gone', async () => {
    const unsure = new LlmRung({ host: asker([0.45, 0.55]), file: '/m.gguf', minConfidence: 0.6 });
    expect(await unsure.decide(request, signal)).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('55 %') as string,
    });
    const choices = Array.from({ length: 53 }, (_, i) => ({ label: `c${i}`, calls: [] }));
    expect(await unsure.decide({ ...request, choices }, signal)).toMatchObject({ kind: 'abstain' });
    const gone = new LlmRung({ host: failing, file: '/m.gguf', minConfidence: 0 });
    expect(await gone.decide(request, signal)).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('SIGKILL') as string,
    });
  });
});

describe('LlmRung with a short context', () => {
  it('tells less of the house until the prompt fits, and remembers how much that was', async () => {
    const entities = Array.from({ length: 3 }, (_, i) => ({
      id: `light.l${i}` as const,
      kind: 'light' as const,
      name: `Lamp ${i}`,
      aliases: [],
      device: 'd',
      critical: false,
      properties: {},
      commands: [],
    }));
    const home = { ...house, entities: () => entities };
    const prefixes: string[] = [];
    const host: Asker = {
      ...failing,
      choose: async (file, question) => {
        prefixes.push(question.prefix);
        if (question.prefix.includes('Lamp'))
          throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file, tokens: 9, limit: 5 });
        return {
          index: 0,
          probability: 1,
          probabilities: [1, 0],
          tokens: { cached: 0, prompt: 1, generated: 1 },
        };
      },
    };
    const rung = new LlmRung({ host, file: '/m.gguf', minConfidence: 0 });
    expect(await rung.decide({ ...request, house: home }, signal)).toMatchObject({ kind: 'choice' });
    expect(await rung.decide({ ...request, house: home }, signal)).toMatchObject({ kind: 'choice' });
    expect(prefixes.map((prefix) => prefix.includes('Lamp'))).toEqual([true, false, false]);
    expect(prefixes[1]).toContain('no area: 3 light');
    const never: Asker = {
      ...failing,
      choose: async (file) => {
        throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file, tokens: 9, limit: 5 });
      },
    };
    const hopeless = new LlmRung({ host: never, file: '/m.gguf', minConfidence: 0 });
    expect(await hopeless.decide({ ...request, house: home }, signal)).toMatchObject({ kind: 'abstain' });
  });
});

describe('OnnxRung', () => {
  const rung = (host: Asker, minConfidence = 0.5): OnnxRung =>
    new OnnxRung({
      host,
      minConfidence,
      fileOf: (policy) => (policy === 'fresh-air' ? '/m.onnx' : undefined),
    });

  it('answers with the class as the choice', async () => {
    expect(await rung(asker([0.9, 0.1])).decide(request, signal)).toMatchObject({
      kind: 'choice',
      index: 0,
      confidence: 0.9,
    });
  });

  it('abstains without a classifier, with other classes, unsure, or when a feature is missing', async () => {
    const reason = async (host: Asker, changes: Partial<RungRequest> = {}, min = 0.5): Promise<string> => {
      const answer = await rung(host, min).decide({ ...request, ...changes }, signal);
      return answer.kind === 'abstain' ? answer.reason : 'answered';
    };
    expect(await reason(asker([1, 0]), { policy: 'other' })).toMatch(/no classifier/);
    expect(await reason(asker([0.5, 0.2, 0.3]))).toMatch(/3 classes and the policy has 2 choices/);
    expect(await reason(asker([0.55, 0.45]), {}, 0.6)).toMatch(/not sure/);
    const frame = { ...request.frame, values: Float64Array.of(1, Number.NaN) };
    expect(await reason(asker([1, 0]), { frame })).toBe('a is not known');
    expect(await reason(failing)).toMatch(/SIGKILL/);
  });
});
