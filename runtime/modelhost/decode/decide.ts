import type { Decided, DecideRequest, Turn } from '../../contract/engine.ts';
import { GanglionError } from '../../errors.ts';
import { answerInvalid } from '../answer/graph.ts';
import { textOfPath, type TokenAutomaton } from '../automaton/token-automaton.ts';
import type { TokenId, TokenSession } from '../tokens/token-model.ts';
import { nextBest } from './alternatives.ts';
import { Evaluation, type EvaluationOptions } from './evaluation.ts';
import { scoreAll } from './exact.ts';
import { greedy } from './greedy.ts';
import { Walk, type Place } from './walk.ts';

/** Every member of a language with at most this many answers can be scored. */
export const MAX_EXACT = 64;
/** Further answers that can be asked for. */
export const MAX_ALTERNATIVES = 16;
/** Branches the search for alternatives may look at, for each one wanted. */
const BRANCHES_PER_ALTERNATIVE = 8;

export interface DecideOptions
  extends
    EvaluationOptions,
    Pick<DecideRequest, 'alternatives' | 'minProbability' | 'exact' | 'temperature'> {
  /** Tokens a session can hold. */
  readonly contextTokens: number;
  /** Branches the search for alternatives may look at. Default: 8 for each alternative. */
  readonly maxBranches?: number;
}

/**
 * Lets the model pick one answer. Tokens without an alternative are evaluated in one decode call together with the next
 * branch, those after the last branch not at all: there are at most as many decode calls as branches, besides those that
 * a prompt longer than `batchTokens` takes.
 *
 * Works from whatever the session holds; a session that holds the prompt's beginning has it evaluated already. Withdrawn
 * in between, the session holds what was evaluated so far and can be used on.
 *
 * Throws MODEL_PROMPT_TOO_LONG, MODEL_QUESTION_INVALID, MODEL_ABORTED, and what the session throws.
 */
export async function decide(
  automaton: TokenAutomaton,
  session: TokenSession,
  prompt: readonly TokenId[],
  options: DecideOptions,
  turn: Turn,
): Promise<Decided> {
  checkDecide(automaton, prompt, options);
  const evaluation = new Evaluation(session, turn, options);
  const { best, abstained, others } = await search(
    new Walk(automaton, prompt, evaluation, options.temperature),
    options,
  );
  const first = evaluation.first ?? { kept: 0, length: 0, workedMs: 0 };
  const cached = Math.min(first.kept, prompt.length);
  return {
    text: textOfPath(automaton, best.path),
    probability: best.probability,
    abstained,
    branches: best.steps.map(({ token, probability, options: count }) => ({
      text: token === automaton.end ? '' : automaton.vocabulary.detokenize([token]),
      probability,
      options: count,
    })),
    alternatives: others.map(({ path, probability }) => ({
      text: textOfPath(automaton, path),
      probability,
    })),
    tokens: { cached, prompt: Math.min(first.length, prompt.length) - cached, generated: best.path.length },
    timings: {
      waitedMs: evaluation.waitedMs,
      promptMs: first.workedMs,
      predictedMs: evaluation.workedMs - first.workedMs,
    },
  };
}

async function search(
  walk: Walk,
  options: DecideOptions,
): Promise<{ best: Place; abstained: boolean; others: readonly Place[] }> {
  const { alternatives = 0, minProbability = 0, exact = false } = options;
  if (exact) {
    const [best, ...others] = await scoreAll(walk);
    const abstained = best!.probability < minProbability;
    return { best: best!, abstained, others: abstained ? [] : others.slice(0, alternatives) };
  }
  const found = await greedy(walk, minProbability);
  const others =
    found.abstained || alternatives === 0
      ? []
      : await nextBest(
          walk,
          found,
          alternatives,
          options.maxBranches ?? alternatives * BRANCHES_PER_ALTERNATIVE,
        );
  return { best: found.place, abstained: found.abstained, others };
}

/** Whether all of it can be done, before any of it is. Throws MODEL_PROMPT_TOO_LONG, MODEL_QUESTION_INVALID. */
export function checkDecide(
  automaton: TokenAutomaton,
  prompt: readonly TokenId[],
  options: Omit<DecideOptions, 'batchTokens' | 'now'>,
): void {
  const { file, contextTokens, alternatives = 0, minProbability = 0, exact = false } = options;
  if (prompt.length === 0) {
    throw answerInvalid(automaton.key, 'a prompt of at least one token', '0');
  }
  if (!Number.isInteger(alternatives) || alternatives < 0 || alternatives > MAX_ALTERNATIVES) {
    throw answerInvalid(automaton.key, `0 to ${MAX_ALTERNATIVES} alternatives`, `${alternatives}`);
  }
  if (!(minProbability >= 0 && minProbability <= 1)) {
    throw answerInvalid(automaton.key, 'a least probability from 0 to 1', `${minProbability}`);
  }
  if (exact && automaton.answers > MAX_EXACT) {
    throw answerInvalid(
      automaton.key,
      `at most ${MAX_EXACT} answers to score every one of them`,
      `${automaton.answers}`,
    );
  }
  // The longest answer has to fit whatever is chosen, so that the limit does not depend on the model's taste.
  const limit = contextTokens - automaton.longest;
  if (prompt.length > limit) {
    throw new GanglionError('MODEL_PROMPT_TOO_LONG', {
      file,
      tokens: prompt.length,
      limit: Math.max(0, limit),
    });
  }
}
