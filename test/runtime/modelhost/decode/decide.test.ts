import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../../runtime/contract/engine.ts';
import { compileAnswer } from '../../../../runtime/modelhost/automaton/compile.ts';
import {
  allowedTokens,
  nextState,
  textOfPath,
  type TokenAutomaton,
} from '../../../../runtime/modelhost/automaton/token-automaton.ts';
import { callTokens } from '../../../../runtime/modelhost/tokens/prefill.ts';
import { decide, type DecideOptions } from '../../../../runtime/modelhost/decode/decide.ts';
import type { TokenId } from '../../../../runtime/modelhost/tokens/token-model.ts';
import { anyLanguage, anyVocabulary } from '../../../support/languages.ts';
import { freeTurn, ScriptedModel } from '../../../support/token-model.ts';

const ALPHABET = ['a', 'b', ' ', '.', '-', ...Array.from('0123456789')];
const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '1', '2'), maxLength: 5 });
const languages = anyLanguage({ texts, controls: ['<e1>', '<e2>'] });
const prompts = fc.array(fc.nat({ max: 15 }), { minLength: 1, maxLength: 80 });

function optionsFor(model: ScriptedModel, more: Partial<DecideOptions> = {}): DecideOptions {
  const { contextTokens, batchTokens } = model;
  return { file: model.info.file, contextTokens, batchTokens, now: () => 0, ...more };
}

interface Scored {
  readonly path: readonly TokenId[];
  readonly probability: number;
}

/** One token at a time: the likeliest of the allowed, forced ones as well. */
function greedyByToken(
  automaton: TokenAutomaton,
  model: ScriptedModel,
  prompt: readonly TokenId[],
): Scored & { branches: number } {
  const path: TokenId[] = [];
  let probability = 1;
  let branches = 0;
  for (let state = 0, allowed = [...allowedTokens(automaton, 0)]; allowed.length > 0;) {
    const probabilities = [...model.probabilities([...prompt, ...path], allowed)];
    const best = probabilities.indexOf(Math.max(...probabilities));
    branches += allowed.length > 1 ? 1 : 0;
    probability *= probabilities[best]!;
    path.push(allowed[best]!);
    state = nextState(automaton, state, allowed[best]!)!;
    allowed = [...allowedTokens(automaton, state)];
  }
  return { path, probability, branches };
}

/** Every answer with its probability, likeliest first. */
function scoreByEnumeration(
  automaton: TokenAutomaton,
  model: ScriptedModel,
  prompt: readonly TokenId[],
): Scored[] {
  const found: Scored[] = [];
  const walk = (state: number, path: readonly TokenId[], probability: number) => {
    const allowed = [...allowedTokens(automaton, state)];
    if (allowed.length === 0) {
      found.push({ path, probability });
      return;
    }
    const probabilities = model.probabilities([...prompt, ...path], allowed);
    for (const [index, token] of allowed.entries()) {
      walk(nextState(automaton, state, token)!, [...path, token], probability * probabilities[index]!);
    }
  };
  walk(0, [], 1);
  return found.toSorted((a, b) => b.probability - a.probability);
}

const cases = fc.record({
  language: languages,
  vocabulary: anyVocabulary(ALPHABET),
  prompt: prompts,
  held: prompts,
  seed: fc.nat(),
  batchTokens: fc.constantFrom(1, 3, 16, 512),
  lane: fc.constantFrom<Lane>('interactive', 'background'),
  rewinds: fc.boolean(),
});

describe('decide', () => {
  it('equals token-masked greedy decoding one token at a time, with one decode call per branch', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        async ({ language, vocabulary, prompt, held, seed, batchTokens, lane, rewinds }) => {
          const automaton = compileAnswer(language, vocabulary);
          const model = new ScriptedModel({ vocabulary, seed, batchTokens, rewinds });
          const session = model.session(lane);
          // The session holds something else, or the beginning of the prompt, from before.
          for (const token of held) {
            await session.append([token]);
          }
          session.calls.length = 0;
          const expected = greedyByToken(automaton, model, prompt);
          const decided = await decide(automaton, session, prompt, optionsFor(model), freeTurn(lane));
          expect(decided.text).toBe(textOfPath(automaton, expected.path));
          expect(decided.probability).toBeCloseTo(expected.probability, 9);
          expect(decided.branches).toHaveLength(expected.branches);
          expect(decided.abstained).toBe(false);
          const perCall = callTokens(lane, batchTokens);
          const evaluated = session.calls.reduce((sum, tokens) => sum + tokens, 0);
          expect(session.calls.length).toBeLessThanOrEqual(
            expected.branches + Math.floor(evaluated / perCall),
          );
          expect(Math.max(0, ...session.calls)).toBeLessThanOrEqual(perCall);
          expect(evaluated).toBeLessThan(prompt.length + expected.path.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds in exact mode what scoring every answer finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.nat({ max: 16 }),
        async ({ language, vocabulary, prompt, seed, rewinds }, alternatives) => {
          const automaton = compileAnswer(language, vocabulary);
          fc.pre(automaton.answers <= 64);
          const model = new ScriptedModel({ vocabulary, seed, rewinds });
          const session = model.session('interactive');
          const decided = await decide(
            automaton,
            session,
            prompt,
            optionsFor(model, { exact: true, alternatives }),
            freeTurn(),
          );
          const expected = scoreByEnumeration(automaton, model, prompt);
          expect([decided, ...decided.alternatives].map(({ probability }) => probability)).toEqual(
            expected.slice(0, alternatives + 1).map(({ probability }) => expect.closeTo(probability, 9)),
          );
          expect(decided.text).toBe(textOfPath(automaton, expected[0]!.path));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('finds the likeliest alternatives, never the answer itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.integer({ min: 1, max: 16 }),
        async ({ language, vocabulary, prompt, seed, rewinds }, alternatives) => {
          const automaton = compileAnswer(language, vocabulary);
          const model = new ScriptedModel({ vocabulary, seed, rewinds });
          const decided = await decide(
            automaton,
            model.session('event'),
            prompt,
            optionsFor(model, { alternatives, maxBranches: 1000 }),
            freeTurn('event'),
          );
          const answer = greedyByToken(automaton, model, prompt).path.join(' ');
          const others = scoreByEnumeration(automaton, model, prompt)
            .filter(({ path }) => path.join(' ') !== answer)
            .slice(0, alternatives);
          expect(decided.alternatives.map(({ probability }) => probability)).toEqual(
            others.map(({ probability }) => expect.closeTo(probability, 9)),
          );
          expect(decided.alternatives.map(({ text }) => text)).not.toContain(decided.text);
        },
      ),
      { numRuns: 150 },
    );
  });
});
