import type { TokenId, Vocabulary } from '../tokens/token-model.ts';
import type { SegmentGraph } from './segments.ts';

/**
 * The tokens of every answer of a language, as a deterministic automaton without loops:
 *
 *     edgesFrom   (states + 1)   where the edges of a state begin; those of the next state follow
 *     token       (edges)        sorted within a state
 *     target      (edges)
 *
 * State 0 is the start. The one state without edges is the end; the token before it is the end token, so that no answer is
 * the beginning of another one.
 */
export interface TokenAutomaton {
  readonly key: string;
  readonly vocabulary: Vocabulary;
  readonly end: TokenId;
  readonly edgesFrom: Uint32Array;
  readonly token: Uint32Array;
  readonly target: Uint32Array;
  /** How many answers there are; exact up to 2^53. */
  readonly answers: number;
  /** Tokens of the longest answer, the end token not counted. */
  readonly longest: number;
  /** What the states were made from: gives a path its text back. */
  readonly segments: SegmentGraph;
}

/** Tokens allowed in a state, lowest first. A view, not a copy. */
export function allowedTokens(automaton: TokenAutomaton, state: number): Uint32Array {
  return automaton.token.subarray(automaton.edgesFrom[state], automaton.edgesFrom[state + 1]);
}

/** Where a token leads; undefined: it is not allowed. */
export function nextState(automaton: TokenAutomaton, state: number, token: TokenId): number | undefined {
  let low = automaton.edgesFrom[state]!;
  let high = automaton.edgesFrom[state + 1]! - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = automaton.token[middle]!;
    if (found === token) {
      return automaton.target[middle]!;
    }
    if (found < token) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return undefined;
}

/** Whether a sequence of tokens, its end token included, is one whole answer. */
export function acceptsTokens(automaton: TokenAutomaton, tokens: readonly TokenId[]): boolean {
  let state: number | undefined = 0;
  for (const token of tokens) {
    state = nextState(automaton, state, token);
    if (state === undefined) {
      return false;
    }
  }
  return automaton.edgesFrom[state] === automaton.edgesFrom[state + 1];
}

/**
 * The text of a whole answer as the language spells it, control tokens by their names. Not by the vocabulary's way back
 * from tokens to text, which may drop a space at the beginning or write a character in its composed form. For a path that
 * is not a whole answer, the vocabulary has to do.
 */
export function textOfPath(automaton: TokenAutomaton, path: readonly TokenId[]): string {
  const { states, start } = automaton.segments;
  const failed = new Set<number>();
  const walk = (state: number, from: number): string | undefined => {
    if (from === path.length) {
      return state === 0 ? '' : undefined;
    }
    const place = state * (path.length + 1) + from;
    if (failed.has(place)) {
      return undefined;
    }
    for (const { text, tokens, target } of states[state]!) {
      if (tokens[0] === path[from] && tokens.every((token, index) => token === path[from + index])) {
        const rest = walk(target, from + tokens.length);
        if (rest !== undefined) {
          return text + rest;
        }
      }
    }
    failed.add(place);
    return undefined;
  };
  return walk(start, 0) ?? automaton.vocabulary.detokenize(path.filter((token) => token !== automaton.end));
}
