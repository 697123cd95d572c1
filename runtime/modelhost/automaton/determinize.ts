import { answerInvalid } from '../answer/graph.ts';
import type { TokenId } from '../tokens/token-model.ts';
import type { Segment, SegmentGraph } from './segments.ts';

/** Rows of a deterministic automaton; see TokenAutomaton. */
export interface Rows {
  readonly edgesFrom: Uint32Array;
  readonly token: Uint32Array;
  readonly target: Uint32Array;
}

/** An automaton may have this many states: that of 200 entities and 4 calls has 4000. */
const MAX_STATES = 200_000;

/**
 * Subset construction (Rabin and Scott 1959). A place is a state of the segment graph or the middle of a segment; a state
 * of the automaton is a set of places. Nearly all sets have one member, so those go without a key.
 *
 * Throws MODEL_QUESTION_INVALID if there are more than 200 000 states.
 */
export function determinize(graph: SegmentGraph, key: string): Rows {
  const places = new Places(graph);
  const single = new Int32Array(places.size).fill(-1);
  const several = new Map<string, number>();
  const sets: (number | readonly number[])[] = [];
  const numberOf = (set: number | number[]): number => {
    if (typeof set === 'number') {
      if (single[set] === -1) {
        single[set] = sets.push(set) - 1;
      }
      return single[set]!;
    }
    set.sort((a, b) => a - b);
    const members = set.join(' ');
    let known = several.get(members);
    if (known === undefined) {
      known = sets.push(set) - 1;
      several.set(members, known);
    }
    return known;
  };
  numberOf(graph.start);
  const edgesFrom: number[] = [0];
  const token: number[] = [];
  const target: number[] = [];
  // Grows while it is walked; states are numbered in the order in which they are walked.
  for (const set of sets) {
    if (sets.length > MAX_STATES) {
      throw answerInvalid(key, `a language of at most ${MAX_STATES} states`, 'one of more');
    }
    if (typeof set === 'number' && places.isInner(set)) {
      token.push(places.tokenAt(set));
      target.push(numberOf(places.after(set)));
    } else {
      const steps = places.steps(typeof set === 'number' ? [set] : set);
      for (const next of [...steps.keys()].toSorted((a, b) => a - b)) {
        token.push(next);
        target.push(numberOf(steps.get(next)!));
      }
    }
    edgesFrom.push(token.length);
  }
  return {
    edgesFrom: Uint32Array.from(edgesFrom),
    token: Uint32Array.from(token),
    target: Uint32Array.from(target),
  };
}

/** Numbers for all places: first the states, then the inner positions of every segment, one after the other. */
class Places {
  readonly size: number;
  readonly #graph: SegmentGraph;
  /** First inner position of the segments of each state. */
  readonly #inner: number[][] = [];
  readonly #segmentAt: Segment[] = [];
  readonly #offsetAt: number[] = [];

  constructor(graph: SegmentGraph) {
    this.#graph = graph;
    const states = graph.states.length;
    for (const segments of graph.states) {
      this.#inner.push(
        segments.map((segment) => {
          const first = states + this.#segmentAt.length;
          for (let offset = 1; offset < segment.tokens.length; offset += 1) {
            this.#segmentAt.push(segment);
            this.#offsetAt.push(offset);
          }
          return first;
        }),
      );
    }
    this.size = states + this.#segmentAt.length;
  }

  /** Whether a place is in the middle of a segment, so that one token is all that can follow. */
  isInner(place: number): boolean {
    return place >= this.#graph.states.length;
  }

  tokenAt(inner: number): TokenId {
    const index = inner - this.#graph.states.length;
    return this.#segmentAt[index]!.tokens[this.#offsetAt[index]!]!;
  }

  after(inner: number): number {
    const index = inner - this.#graph.states.length;
    const { tokens, target } = this.#segmentAt[index]!;
    return this.#offsetAt[index] === tokens.length - 1 ? target : inner + 1;
  }

  /** Where each token leads from a set of places. */
  steps(set: readonly number[]): Map<TokenId, number | number[]> {
    const steps = new Map<TokenId, number | number[]>();
    for (const place of set) {
      if (this.isInner(place)) {
        step(steps, this.tokenAt(place), this.after(place));
        continue;
      }
      const inner = this.#inner[place]!;
      for (const [index, { tokens, target }] of this.#graph.states[place]!.entries()) {
        step(steps, tokens[0]!, tokens.length === 1 ? target : inner[index]!);
      }
    }
    return steps;
  }
}

function step(steps: Map<TokenId, number | number[]>, token: TokenId, place: number): void {
  const places = steps.get(token);
  if (places === undefined) {
    steps.set(token, place);
  } else if (typeof places !== 'number') {
    if (!places.includes(place)) {
      places.push(place);
    }
  } else if (places !== place) {
    steps.set(token, [places, place]);
  }
}
