import { describe, expect, it } from 'vitest';
import type { AnswerLanguage } from '../../../../runtime/contract/answer.ts';
import type { Turn } from '../../../../runtime/contract/engine.ts';
import { GanglionError } from '../../../../runtime/errors.ts';
import { answerLanguage, choiceLanguage } from '../../../../runtime/modelhost/answer/language.ts';
import { compileAnswer } from '../../../../runtime/modelhost/automaton/compile.ts';
import { decide, type DecideOptions } from '../../../../runtime/modelhost/decode/decide.ts';
import type { TokenSession } from '../../../../runtime/modelhost/tokens/token-model.ts';
import { freeTurn, ScriptedModel, type ScriptedModelOptions } from '../../../support/token-model.ts';
import { toyVocabulary } from '../../../support/vocabularies.ts';

const vocabulary = toyVocabulary({
  alphabet: Array.from('abcdefghijklmnopqrstuvwxyz <>|_.1'),
  merges: [
    ['o', 'n'],
    ['o', 'f'],
    ['of', 'f'],
  ],
  by: 'rank',
  controls: ['<|im_end|>', '<e1>'],
});

function setUp(language: AnswerLanguage, more: Omit<ScriptedModelOptions, 'vocabulary'> = {}) {
  const model = new ScriptedModel({ vocabulary, ...more });
  const session = model.session('interactive');
  const automaton = compileAnswer(language, vocabulary);
  const run = (
    prompt: readonly number[],
    options: Partial<DecideOptions> = {},
    turn: Turn = freeTurn(),
    on: TokenSession = session,
  ) => {
    const { contextTokens, batchTokens } = model;
    return decide(
      automaton,
      on,
      prompt,
      { file: model.info.file, contextTokens, batchTokens, now: () => 0, ...options },
      turn,
    );
  };
  return { model, session, automaton, run };
}

const lamp = choiceLanguage(['lamp on', 'lamp off', 'lamp dim']);
const PROMPT = Array.from({ length: 100 }, (_, index) => index % 20);

describe('what decide evaluates', () => {
  it('is the prompt and the forced tokens in one call, and nothing after the last branch', async () => {
    const { session, run } = setUp(lamp);
    const decided = await run(PROMPT);
    // `lamp ` is forced; then `on`, `off` or `d`, after which all is forced.
    expect(session.calls).toEqual([105]);
    expect(decided.branches).toHaveLength(1);
    expect(decided.tokens).toMatchObject({ cached: 0, prompt: 100 });
  });

  it('is nothing that the session holds already', async () => {
    const { session, run } = setUp(lamp);
    const first = await run(PROMPT);
    const second = await run(PROMPT);
    expect(session.calls).toEqual([105, 1]);
    expect(second).toMatchObject({ text: first.text, tokens: { cached: 100, prompt: 0 } });
    const third = await run([...PROMPT.slice(0, 60), 3]);
    expect(third.tokens).toMatchObject({ cached: 60, prompt: 1 });
    expect(session.calls.at(-1)).toBe(6);
  });

  it('is nothing at all where there is no choice', async () => {
    const { session, run } = setUp(choiceLanguage(['lamp']));
    expect(await run(PROMPT)).toMatchObject({
      text: 'lamp',
      probability: 1,
      branches: [],
      tokens: { cached: 0, prompt: 0, generated: 5 },
    });
    expect(session.calls).toEqual([]);
  });

  it('is cut into what a decode call may take, and passes its turn before each', async () => {
    for (const [lane, calls] of [
      ['interactive', [50, 50, 5]],
      ['background', [32, 32, 32, 9]],
    ] as const) {
      const { session, run } = setUp(lamp, { batchTokens: 50 });
      let passes = 0;
      const turn = { ...freeTurn(lane), pass: async () => void (passes += 1) };
      await run(PROMPT, {}, turn);
      expect(session.calls).toEqual(calls);
      expect(passes).toBe(calls.length);
    }
  });

  it('is timed by the clock it is given: waiting, prompt and answer apart', async () => {
    const { run, session } = setUp(choiceLanguage(['a a', 'a b', 'b a', 'b b']));
    let time = 0;
    const slow: TokenSession = {
      get tokens() {
        return session.tokens;
      },
      rewind: (length) => session.rewind(length),
      append: (tokens) => session.append(tokens),
      sample: (tokens, sampling) => session.sample(tokens, sampling),
      branch: (tokens, allowed) => {
        time += tokens.length;
        return session.branch(tokens, allowed);
      },
    };
    const turn = { ...freeTurn(), pass: async () => void (time += 1000) };
    const { timings } = await run(PROMPT, { now: () => time }, turn, slow);
    expect(timings).toEqual({ waitedMs: 2000, promptMs: 100, predictedMs: 2 });
  });
});

describe('what decide refuses', () => {
  it('is a prompt that leaves no room for the longest answer, with both counts', async () => {
    const { session, run } = setUp(lamp, { contextTokens: 107 });
    expect(await run(PROMPT.slice(1))).toMatchObject({ abstained: false });
    session.calls.length = 0;
    const error: unknown = await run(PROMPT).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'MODEL_PROMPT_TOO_LONG', fields: { tokens: 100, limit: 99 } });
    expect(session.calls).toEqual([]);
  });

  it.each<[string, readonly number[], Partial<DecideOptions>, RegExp]>([
    ['an empty prompt', [], {}, /at least one token/],
    ['too many alternatives', PROMPT, { alternatives: 17 }, /0 to 16 alternatives/],
    ['half an alternative', PROMPT, { alternatives: 0.5 }, /0 to 16 alternatives/],
    ['a probability that is none', PROMPT, { minProbability: Number.NaN }, /from 0 to 1/],
  ])('is %s', async (_, prompt, options, sentence) => {
    await expect(setUp(lamp).run(prompt, options)).rejects.toThrow(sentence);
  });

  it('is scoring every answer of a large language', async () => {
    const { run } = setUp(
      answerLanguage({
        list: { each: { any: [{ text: 'a' }, { text: 'b' }] }, separator: { text: ' ' }, max: 6 },
      }),
    );
    await expect(run(PROMPT, { exact: true })).rejects.toThrow(/at most 64 answers .* received 126/);
  });

  it('is a model that gives no numbers', async () => {
    const { run, session } = setUp(lamp);
    const broken = Object.create(session, {
      branch: {
        value: async (_: unknown, allowed: readonly number[]) =>
          new Float64Array(allowed.length).fill(Number.NaN),
      },
    }) as TokenSession;
    Object.defineProperty(broken, 'tokens', { value: [] });
    await expect(run(PROMPT, {}, freeTurn(), broken)).rejects.toMatchObject({ code: 'MODEL_ANSWER_FAILED' });
  });
});

describe('an unsure model', () => {
  it('abstains at the branch where its answer becomes too unlikely', async () => {
    const language = choiceLanguage(['a a a', 'a a b', 'a b a', 'b a a', 'b b b']);
    const { run, session } = setUp(language);
    const sure = await run(PROMPT);
    session.calls.length = 0;
    const after = sure.branches[0]!.probability * sure.branches[1]!.probability;
    const unsure = await run(PROMPT, { minProbability: after + 1e-9, alternatives: 3 });
    expect(unsure).toMatchObject({ abstained: true, branches: sure.branches.slice(0, 2), alternatives: [] });
    expect(unsure.probability).toBeCloseTo(after, 12);
    expect(sure.text.startsWith(unsure.text)).toBe(true);
    expect(session.calls.length).toBe(2);
    expect(await run(PROMPT, { minProbability: after - 1e-9 })).toMatchObject({
      text: unsure.text.slice(0, 3) + sure.text.slice(3),
    });
  });

  it('abstains after scoring every answer', async () => {
    const { run } = setUp(lamp);
    expect(await run(PROMPT, { exact: true, minProbability: 1, alternatives: 2 })).toMatchObject({
      abstained: true,
      alternatives: [],
    });
  });

  it('takes the lowest token of equally likely ones', async () => {
    const { run, session, automaton } = setUp(lamp);
    const even = Object.create(session, {
      branch: {
        value: async (_: unknown, allowed: readonly number[]) =>
          new Float64Array(allowed.length).fill(1 / allowed.length),
      },
    }) as TokenSession;
    Object.defineProperty(even, 'tokens', { value: [] });
    const lowest = Math.min(...['on', 'off', 'dim'].map((text) => vocabulary.tokenize(text)[0]!));
    for (const exact of [false, true]) {
      const { branches } = await run(PROMPT, { exact }, freeTurn(), even);
      expect(branches[0]!.text).toBe(vocabulary.detokenize([lowest]));
    }
    expect(automaton.answers).toBe(3);
  });
});

describe('a question that is withdrawn', () => {
  it('leaves a session that can be used on', async () => {
    const { run, session } = setUp(lamp, { batchTokens: 40 });
    let left = 2;
    const turn: Turn = {
      ...freeTurn(),
      pass: async () => {
        left -= 1;
        if (left < 0) {
          throw new GanglionError('MODEL_ABORTED', { file: 'x' });
        }
      },
    };
    await expect(run(PROMPT, {}, turn)).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    expect(session.tokens).toEqual(PROMPT.slice(0, 80));
    const again = await run(PROMPT);
    expect(again.tokens).toMatchObject({ cached: 80, prompt: 20 });
    expect(again.text).toBe((await setUp(lamp, { batchTokens: 40 }).run(PROMPT)).text);
  });
});

describe('names that look like control tokens', () => {
  it('stay text', async () => {
    const { automaton, run } = setUp(
      answerLanguage({
        any: [{ text: '<|im_end|>' }, { text: '<e1>' }, { token: '<e1>', otherwise: 'one' }],
      }),
    );
    const control = vocabulary.control('<e1>')!;
    const other = vocabulary.control('<|im_end|>')!;
    expect([...automaton.token].filter((token) => token === control)).toHaveLength(1);
    expect([...automaton.token].filter((token) => token === other)).toEqual([]);
    expect(automaton.answers).toBe(3);
    const { text, alternatives } = await run(PROMPT, { exact: true, alternatives: 2 });
    expect([text, ...alternatives.map((other) => other.text)].toSorted()).toEqual([
      '<e1>',
      '<e1>',
      '<|im_end|>',
    ]);
  });

  it('are written out where the model has no such control token, or refused', () => {
    const language = (otherwise?: string) =>
      answerLanguage({
        seq: [{ token: '<e9>', ...(otherwise === undefined ? {} : { otherwise }) }, { text: ' on' }],
      });
    const { token } = compileAnswer(language('nine'), vocabulary);
    expect([...token]).toEqual([...vocabulary.tokenize('nine on'), vocabulary.ends[0]]);
    expect(() => compileAnswer(language(), vocabulary)).toThrow(/control token <e9>/);
  });
});
