import { describe, expect, it } from 'vitest';
import type { Decided, DecideRequest } from '../../../runtime/contract/engine.ts';
import type { RungRequest } from '../../../runtime/contract/rung.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { plainText } from '../../../runtime/modelhost/prompt/parts.ts';
import { Repeats } from '../../../runtime/modelhost/repeats.ts';
import { LlmRung, OnnxRung, type Asker, type LlmRungOptions } from '../../../runtime/modelhost/rungs.ts';
import { rungConformance } from '../../conformance/rung.ts';
import { request as policyRequest, TestHouse, TestState } from '../../policies/support.ts';
import { answersOf } from '../../support/answer.ts';
import { asker, decided } from '../../support/decided.ts';
import { entity, houseOf } from '../../support/house.ts';

const signal = new AbortController().signal;
const request = policyRequest([1, 2], { budgetMs: 750 });
const lamps = [entity('light.a', { name: 'Ceiling' }), entity('light.b', { name: 'Desk' })];
const words: RungRequest = policyRequest([], {
  policy: 'ask',
  choices: [{ label: 'light.a.turn_on', calls: [{ entity: 'light.a', command: 'turn_on', args: {} }] }],
  space: { entities: lamps, maxCalls: 3 },
  guidance: 'some light',
  house: houseOf(lamps),
});

function rung(host: Pick<Asker, 'decide'>, options: Partial<LlmRungOptions> = {}): LlmRung {
  return new LlmRung({ host, file: '/m.gguf', minConfidence: 0, ...options });
}
const tooLong = (): never => {
  throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file: '/m.gguf', tokens: 9, limit: 5 });
};
const gone = (): never => {
  throw new GanglionError('MODEL_HOST_DIED', { reason: 'it was ended by SIGKILL' });
};

rungConformance('llm', () => ({
  rung: rung(
    asker((asked) => (plainText(asked.prompt.user).includes('another') ? gone() : decided(' none'))),
  ),
  answerable: request,
  foreign: policyRequest([1, 2], { guidance: 'another' }),
}));

describe('LlmRung for a policy', () => {
  it('asks in the lane of events with the labels and the budget, and answers with choice and tokens', async () => {
    const host = asker(() =>
      decided(' fan.living.turn_on(speed: 60)', { alternatives: [{ text: ' none', probability: 0.2 }] }),
    );
    const llm = rung(host, { minConfidence: 0.5 });
    expect(await llm.decide(request, signal)).toEqual({
      kind: 'choice',
      index: 1,
      confidence: 0.8,
      explanation:
        'The language model chose fan.living.turn_on(speed: 60) with 80 %; next was none with 20 %.',
      tokens: { cached: 1, prompt: 2, generated: 1 },
    });
    await llm.decide({ ...request, guidance: 'Other.' }, signal);
    const [first, second] = host.asked.map((one) => one.request);
    expect([...answersOf(first!.language.root)]).toEqual(request.choices.map(({ label }) => ` ${label}`));
    expect(first).toMatchObject({ alternatives: 1, minProbability: 0.5, exact: true });
    expect(host.asked[0]).toMatchObject({
      file: '/m.gguf',
      options: { deadlineMs: 750, lane: 'event', signal },
    });
    expect(second!.prompt.system).toEqual(first!.prompt.system);
  });

  it('abstains when the model is unsure, answers something else, or is gone', async () => {
    const reason = async (host: Pick<Asker, 'decide'>): Promise<string> => {
      const answer = await rung(host, { minConfidence: 0.6 }).decide(request, signal);
      return answer.kind === 'abstain' ? answer.reason : 'answered';
    };
    const unsure = decided(' none', { abstained: true, probability: 0.4 });
    expect(await reason(asker(() => unsure))).toBe('the model is 40 % sure of none, 60 % are wanted');
    expect(await reason(asker(() => decided(' nonsense')))).toBe('the answer was none of the choices');
    expect(await reason(asker(gone))).toContain('SIGKILL');
  });

  it('lets the model stop early below what the ladder or itself asks for, whichever is more', async () => {
    const host = asker(() => decided(' none'));
    const llm = rung(host, { minConfidence: 0.5 });
    for (const minConfidence of [0.3, 0.7]) await llm.decide({ ...request, minConfidence }, signal);
    expect(host.asked.map((one) => one.request.minProbability)).toEqual([0.5, 0.7]);
  });

  it('names itself as it is told, and the token it was least sure of', async () => {
    const branches: Decided['branches'] = [
      { text: ' A', probability: 0.95, options: 3 },
      { text: ' x', probability: 0.52, options: 10 },
    ];
    const host = asker(() => decided(' none', { branches }));
    const remote = rung(host, { name: 'remote', calledAs: 'The remote model' });
    expect(remote.name).toBe('remote');
    expect(await remote.decide(request, signal)).toMatchObject({
      explanation: 'The remote model chose none with 80 %; it was least sure of "x" (52 % among 10).',
    });
  });

  it('is not asked about a house without devices, unless tools can be called', async () => {
    const host = asker(() => decided(' none'));
    const empty = { ...request, house: new TestHouse({}) };
    expect(await rung(host).decide(empty, signal)).toEqual({
      kind: 'abstain',
      reason: 'the house has no devices yet',
    });
    expect(host.asked).toEqual([]);
    const tool = {
      label: 'tool.say.run',
      calls: [{ entity: 'tool.say' as const, command: 'run', args: {} }],
    };
    const choices = [{ label: 'none', calls: [] }, tool];
    expect(await rung(host).decide({ ...empty, choices }, signal)).toMatchObject({
      kind: 'choice',
      index: 0,
    });
  });
});

describe('LlmRung for a request in words', () => {
  it('asks in the lane of people and answers with calls', async () => {
    const host = asker(() =>
      decided(' on e2 brightness=40 and toggle e1 and toggle e1', {
        alternatives: [{ text: ' off e1', probability: 0.1 }],
      }),
    );
    expect(await rung(host).decide(words, signal)).toEqual({
      kind: 'calls',
      calls: [
        { entity: 'light.b', command: 'turn_on', args: { brightness: 40 } },
        { entity: 'light.a', command: 'toggle', args: {} },
      ],
      confidence: 0.8,
      explanation:
        'The language model chose light.b.turn_on(brightness: 40); light.a.toggle with 80 %; next was light.a.turn_off with 10 %.',
      tokens: { cached: 1, prompt: 2, generated: 1 },
    });
    expect(host.asked[0]!.options.lane).toBe('interactive');
    expect(plainText(host.asked[0]!.request.prompt.user)).toContain('Request: "some light"');
  });

  it('takes none for an answer, and nothing that is not in the space', async () => {
    expect(await rung(asker(() => decided(' none'))).decide(words, signal)).toMatchObject({
      kind: 'calls',
      calls: [],
    });
    for (const text of [' on e9', ' open e1', 'sure! turning on the light', '']) {
      expect(await rung(asker(() => decided(text))).decide(words, signal)).toMatchObject({ kind: 'abstain' });
    }
    const unsure = decided(' on', { abstained: true, probability: 0.3 });
    expect(
      await rung(
        asker(() => unsure),
        { minConfidence: 0.5 },
      ).decide(words, signal),
    ).toEqual({
      kind: 'abstain',
      reason: 'the model is 30 % sure, 50 % are wanted',
    });
  });

  it('abstains unasked where nothing takes a command a model can give', async () => {
    const host = asker(() => decided(' none'));
    const space = { entities: [entity('notify.phone')], maxCalls: 1 };
    expect(await rung(host).decide({ ...words, space }, signal)).toMatchObject({ kind: 'abstain' });
    expect(host.asked).toEqual([]);
  });

  it('keeps the prefix byte for byte until the house changes, whatever the state, the request or the candidates are', async () => {
    const house = new TestHouse({ 'light.a': {}, 'light.b': {} });
    const state = new TestState();
    const host = asker(() => decided(' none'));
    const llm = rung(host);
    const ask = async (changes: Partial<RungRequest>): Promise<string> => {
      await llm.decide({ ...words, house, state, ...changes }, signal);
      return JSON.stringify(host.asked.at(-1)!.request.prompt.system);
    };
    const first = await ask({});
    state.set('light.a.state', 'on');
    expect(await ask({ guidance: 'else' })).toBe(first);
    const entities = lamps.toReversed();
    expect(await ask({ space: { entities, maxCalls: 1 }, choices: [] })).toBe(first);
    house.add('light.c');
    const second = await ask({});
    expect(second).not.toBe(first);
    expect(second).toContain('<e3>');
    expect(await ask({})).toBe(second);
  });

  it('gives a repeated question the answer it had, and says so; a change of state is a new question', async () => {
    const clock = new ManualClock();
    const state = new TestState();
    const host = asker(() => decided(' on e1'));
    const llm = rung(host, { repeats: new Repeats({ clock }) });
    await llm.decide({ ...words, state }, signal);
    const again = await llm.decide({ ...words, state }, signal);
    expect(host.asked).toHaveLength(1);
    expect(again).toMatchObject({ kind: 'calls', tokens: { cached: 0, prompt: 0, generated: 0 } });
    expect(again).toMatchObject({ explanation: expect.stringContaining('asked the same before') as string });
    state.set('light.a.state', 'on');
    await llm.decide({ ...words, state }, signal);
    expect(host.asked).toHaveLength(2);
  });

  it('abstains for a policy that asks in a loop', async () => {
    const loops: string[] = [];
    const repeats = new Repeats({
      clock: new ManualClock(),
      loopAsks: 2,
      onLoop: (_, policy) => loops.push(policy),
    });
    const llm = rung(
      asker(() => decided(' none')),
      { repeats },
    );
    for (let i = 0; i < 2; i++) expect(await llm.decide(request, signal)).toMatchObject({ kind: 'choice' });
    for (let i = 0; i < 2; i++) {
      expect(await llm.decide(request, signal)).toMatchObject({
        kind: 'abstain',
        reason: expect.stringContaining('fresh-air') as string,
      });
    }
    expect(loops).toEqual(['fresh-air']);
  });
});

describe('LlmRung with a short context', () => {
  it('tells less of the house until the prompt fits, says so, and remembers how much that was', async () => {
    const systems: string[] = [];
    const host = asker((asked: DecideRequest) => {
      const system = plainText(asked.prompt.system);
      systems.push(system);
      return system.includes('Ceiling') ? tooLong() : decided(' on e1');
    });
    const llm = rung(host);
    const first = await llm.decide(words, signal);
    await llm.decide(words, signal);
    expect(systems.map((system) => system.includes('Ceiling'))).toEqual([true, false, false]);
    expect(systems[1]).toContain('no area: 2 light');
    expect(plainText(host.asked[1]!.request.prompt.user)).toContain('e1 light "Ceiling"');
    expect(first).toMatchObject({
      kind: 'calls',
      explanation: expect.stringContaining('told of the house per area only') as string,
    });
  });

  it('tells as much as before once a question is shorter', async () => {
    const host = asker((asked: DecideRequest) => {
      const everything = plainText(asked.prompt.system).includes('Ceiling');
      return everything && plainText(asked.prompt.user).length > 1000 ? tooLong() : decided(' on e1');
    });
    const llm = rung(host);
    const told = async (guidance: string): Promise<boolean> => {
      await llm.decide({ ...words, guidance }, signal);
      return plainText(host.asked.at(-1)!.request.prompt.system).includes('Ceiling');
    };
    expect(await told('light')).toBe(true);
    expect(await told('x'.repeat(980))).toBe(false);
    expect(await told('light again')).toBe(true);
    expect(host.asked).toHaveLength(4);
    expect(await told('y'.repeat(990))).toBe(false);
    expect(host.asked).toHaveLength(5);
  });

  it('abstains where even the least does not fit', async () => {
    const host = asker(tooLong);
    expect(await rung(host).decide(words, signal)).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('at most 5 tokens') as string,
    });
    expect(host.asked).toHaveLength(3);
  });
});

describe('OnnxRung', () => {
  const classifier = (probabilities: readonly number[]): Pick<Asker, 'classify'> => {
    const probability = Math.max(...probabilities);
    return {
      classify: async () => ({ index: probabilities.indexOf(probability), probability, probabilities }),
    };
  };
  const onnx = (host: Pick<Asker, 'classify'>, minConfidence = 0.5): OnnxRung =>
    new OnnxRung({
      host,
      minConfidence,
      fileOf: (policy) => (policy === 'fresh-air' ? '/m.onnx' : undefined),
    });

  it('answers with the class as the choice', async () => {
    expect(await onnx(classifier([0.9, 0.02, 0.08])).decide(request, signal)).toMatchObject({
      kind: 'choice',
      index: 0,
      confidence: 0.9,
      explanation: 'The classifier chose none with 90 %; next was cover.living_window.open with 8.0 %.',
    });
  });

  it('abstains without a classifier, with other classes, unsure, or when a feature is missing', async () => {
    const reason = async (
      host: Pick<Asker, 'classify'>,
      changes: Partial<RungRequest> = {},
      min = 0.5,
    ): Promise<string> => {
      const answer = await onnx(host, min).decide({ ...request, ...changes }, signal);
      return answer.kind === 'abstain' ? answer.reason : 'answered';
    };
    const sure = classifier([1, 0, 0]);
    expect(await reason(sure, { policy: 'other' })).toMatch(/no classifier/);
    expect(await reason(classifier([0.5, 0.5]))).toMatch(/2 classes and the policy has 3 choices/);
    expect(await reason(classifier([0.55, 0.45, 0]), {}, 0.6)).toMatch(/not sure/);
    const frame = { names: ['a'], values: Float64Array.of(Number.NaN), stateVersion: 1 };
    expect(await reason(sure, { frame })).toBe('a is not known');
    expect(await reason({ classify: gone })).toMatch(/SIGKILL/);
  });
});
