import type { AnswerLanguage } from '../../contract/answer.ts';
import { answerInvalid, buildGraph } from '../answer/graph.ts';
import type { Vocabulary } from '../tokens/token-model.ts';
import { determinize, type Rows } from './determinize.ts';
import { segmentGraph } from './segments.ts';
import type { TokenAutomaton } from './token-automaton.ts';

/**
 * Compiles a language for a vocabulary. Its paths are the canonical tokens of every answer, and nothing else.
 *
 * Throws MODEL_QUESTION_INVALID for a language that is none, or that the vocabulary cannot write.
 */
export function compileAnswer(language: AnswerLanguage, vocabulary: Vocabulary): TokenAutomaton {
  const segments = segmentGraph(buildGraph(language), vocabulary, language.key);
  const end = vocabulary.ends[0];
  if (end === undefined) {
    throw answerInvalid(language.key, 'a model with a token that ends an answer', 'one without');
  }
  const rows = determinize(segments, language.key);
  return { key: language.key, vocabulary, end, ...rows, ...measure(rows), segments };
}

/** How many answers there are, and how long the longest is. */
function measure({ edgesFrom, target }: Rows): { answers: number; longest: number } {
  const states = edgesFrom.length - 1;
  const answers = new Float64Array(states).fill(-1);
  const steps = new Uint32Array(states);
  // Depth first with a stack of its own: an answer may be longer than the call stack is deep.
  const stack = [0];
  while (stack.length > 0) {
    const state = stack.at(-1)!;
    const from = edgesFrom[state]!;
    const to = edgesFrom[state + 1]!;
    const height = stack.length;
    for (let edge = from; edge < to; edge += 1) {
      if (answers[target[edge]!] === -1) {
        stack.push(target[edge]!);
      }
    }
    if (stack.length > height) {
      continue;
    }
    stack.pop();
    let sum = from === to ? 1 : 0;
    let most = 0;
    for (let edge = from; edge < to; edge += 1) {
      const next = target[edge]!;
      sum += answers[next]!;
      most = Math.max(most, steps[next]! + 1);
    }
    answers[state] = sum;
    steps[state] = most;
  }
  return { answers: answers[0]!, longest: steps[0]! - 1 };
}
