import type { TokenId } from '../tokens/token-model.ts';
import type { Segment, SegmentGraph } from './segments.ts';

/** Rows of a deterministic automaton; see TokenAutomaton. */
export interface Rows {
  readonly edgesFrom: Uint32Array;
  readonly token: Uint32Array;
  readonly target: Uint32Array;
}

/**
 * Subset construction (Rabin and Scott 1959). A place is a state of the segment graph or the middle of a segment; a state
 * of the automaton is a set of places. Nearly all sets have one member, so those go without a key.
 */
export function determinize(graph: SegmentGraph): Rows {
  const places = new Places(graph);
  const single = new Int32Array(places.size).fill(-1);
  const several = new Map<string, number>();
  const sets: (readonly number[])[] = [];
  const numberOf = (set: number[]): number => {
    const [first] = set;
    if (set.length === 1) {
      if (single[first!] === -1) {
        single[first!] = sets.push(set) - 1;
      }
      return single[first!]!;
    }
    set.sort((a, b) => a - b);
    const key = set.join(' ');
    let known = several.get(key);
    if (known === undefined) {
      known = sets.push(set) - 1;
      several.set(key, known);
    }
    return known;
  };
  numberOf([graph.start]);
  const edgesFrom: number[] = [0];
  const token: number[] = [];
  const target: number[] = [];
  // Grows while it is walked; states are numbered in the order in which they are walked.
  for (const set of sets) {
    const steps = places.steps(set);
    for (const next of [...steps.keys()].sort((a, b) => a - b)) {
      token.push(next);
      target.push(numberOf(steps.get(next)!));
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

  /** Where each token leads from a set of places. */
  steps(set: readonly number[]): Map<TokenId, number[]> {
    const steps = new Map<TokenId, number[]>();
    const states = this.#graph.states.length;
    for (const place of set) {
      if (place >= states) {
        const segment = this.#segmentAt[place - states]!;
        const offset = this.#offsetAt[place - states]!;
        const last = offset === segment.tokens.length - 1;
        step(steps, segment.tokens[offset]!, last ? segment.target : place + 1);
        continue;
      }
      const inner = this.#inner[place]!;
      for (const [index, segment] of this.#graph.states[place]!.entries()) {
        step(steps, segment.tokens[0]!, segment.tokens.length === 1 ? segment.target : inner[index]!);
      }
    }
    return steps;
  }
}

function step(steps: Map<TokenId, number[]>, token: TokenId, place: number): void {
  const places = steps.get(token);
  if (places === undefined) {
    steps.set(token, [place]);
  } else if (!places.includes(place)) {
    places.push(place);
  }
}
