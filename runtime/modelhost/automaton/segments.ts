import { answerInvalid, type AnswerGraph } from '../answer/graph.ts';
import type { TokenId, Vocabulary } from '../tokens/token-model.ts';
import { Boundaries, type Piece, type Rim } from './boundaries.ts';

/** A stretch of text with its tokens, or one control token, that leads to another state. */
export interface Segment {
  /** Control tokens by their names; the end of the answer is empty. */
  readonly text: string;
  readonly tokens: readonly TokenId[];
  readonly target: number;
}

/**
 * The language as a graph of token sequences. Every walk from the start to state 0 spells the canonical tokens of one
 * answer, the end token included.
 */
export interface SegmentGraph {
  /** Segments that leave each state. */
  readonly states: readonly (readonly Segment[])[];
  readonly start: number;
}

/** A graph may grow to this many segments while boundaries are mended. */
const MAX_SEGMENTS = 200_000;

type Label =
  | { readonly kind: 'text'; readonly piece: Piece }
  | { readonly kind: 'token'; readonly name: string; readonly id: TokenId };

interface Edge {
  readonly source: State;
  readonly label: Label;
  readonly target: State;
}

type TextEdge = Edge & { readonly label: { readonly kind: 'text' } };

function isText(edge: Edge): edge is TextEdge {
  return edge.label.kind === 'text';
}

interface State {
  readonly id: number;
  /** Edges lead to lower ranks. Copies have the rank of their original. */
  readonly rank: number;
  readonly out: Set<Edge>;
  readonly into: Set<Edge>;
  /** Copies of this state that lack some of its edges, by which they lack. */
  readonly copies: Map<string, State>;
}

/**
 * Tokenizes the language piece by piece, so that 200 entities and their commands cost hundreds of short tokenizations and
 * not one per answer. Where two pieces that meet would be tokenized differently as one, they are made one:
 *
 *     ── ": " ──► s ── "on" ──►        ': ' + 'on' is [':', ' on']: not what the pieces give
 *                   ── "7" ───►        ': ' + '7' is [':', ' ', '7']: is
 *
 *     ── ": " ──► s' ── "7" ──►
 *     ── ": on" ─────────────►
 *
 * For byte-pair encodings this is exact: a sequence of tokens is canonical if and only if every two neighbours are
 * (Vieira et al. 2025, "Language Models over Canonical Byte-Pair Encodings").
 *
 * Throws MODEL_QUESTION_INVALID if the language does not fit the vocabulary.
 */
export function segmentGraph(graph: AnswerGraph, vocabulary: Vocabulary, key: string): SegmentGraph {
  return new Segmenter(vocabulary, key).run(graph);
}

class Segmenter {
  readonly #vocabulary: Vocabulary;
  readonly #key: string;
  readonly #boundaries: Boundaries;
  readonly #end: TokenId;
  #states = 0;
  #edges = 0;
  /** States whose boundaries are to be looked at, by rank. */
  #dirty: Set<State>[] = [];

  constructor(vocabulary: Vocabulary, key: string) {
    this.#vocabulary = vocabulary;
    this.#key = key;
    this.#boundaries = new Boundaries(vocabulary, key);
    const end = vocabulary.ends[0];
    if (end === undefined) {
      throw answerInvalid(key, 'a model with a token that ends an answer', 'one without');
    }
    this.#end = end;
  }

  run(graph: AnswerGraph): SegmentGraph {
    const states = this.#load(graph);
    const start = states[graph.start]!;
    this.#mend(states);
    return flatten(start);
  }

  /** Only what can be reached, with straight runs of text made one piece. */
  #load(graph: AnswerGraph): State[] {
    const reached = new Uint32Array(graph.edges.length);
    reached[graph.start] = 1;
    for (let state = graph.start; state > 0; state -= 1) {
      if (reached[state] !== 0) {
        for (const edge of graph.edges[state]!) {
          reached[edge.target] = reached[edge.target]! + 1;
        }
      }
    }
    const states: State[] = [];
    for (let rank = 0; rank <= graph.start; rank += 1) {
      const state = this.#state(rank, new Map());
      states.push(state);
      if (reached[rank] === 0) {
        continue;
      }
      for (const edge of graph.edges[rank]!) {
        if (edge.kind === 'end') {
          this.#connect(state, { kind: 'token', name: '', id: this.#end }, states[0]!);
          continue;
        }
        const control = edge.kind === 'token' ? this.#vocabulary.control(edge.name) : undefined;
        if (edge.kind === 'token' && control !== undefined) {
          this.#connect(state, { kind: 'token', name: edge.name, id: control }, states[edge.target]!);
          continue;
        }
        const text = edge.kind === 'text' ? edge.text : edge.otherwise;
        if (text === undefined || text === '' || /\p{Surrogate}/u.test(text)) {
          throw answerInvalid(
            this.#key,
            `a model with the control token ${edge.kind === 'token' ? edge.name : ''}`,
            'one without',
          );
        }
        this.#connectText(state, text, states[edge.target]!, reached[edge.target] === 1);
      }
    }
    return states;
  }

  /** `alone`: nothing else leads to the target, so a single text that leaves it may be taken over. */
  #connectText(source: State, text: string, target: State, alone: boolean): void {
    const [only, ...others] = alone ? target.out : [];
    if (only?.label.kind === 'text' && others.length === 0) {
      this.#disconnect(only);
      this.#connect(source, this.#text(text + only.label.piece.text), only.target);
    } else {
      this.#connect(source, this.#text(text), target);
    }
  }

  #mend(states: readonly State[]): void {
    this.#dirty = states.map((state) => new Set([state]));
    for (let rank = states.length - 1; rank > 0;) {
      const state = take(this.#dirty[rank]!);
      if (state === undefined) {
        rank -= 1;
        continue;
      }
      rank = Math.max(rank, this.#mendState(state));
    }
  }

  /** Checks where texts meet at a state. Returns the highest rank that is to be looked at again. */
  #mendState(state: State): number {
    const heads = new Set<Rim>();
    for (const { label } of state.out) {
      if (label.kind === 'text') {
        heads.add(this.#boundaries.head(label.piece));
      }
    }
    const checked = new Map<Rim, boolean>();
    const unfit: TextEdge[] = [];
    for (const edge of state.into) {
      if (isText(edge)) {
        const tail = this.#boundaries.tail(edge.label.piece);
        let fits = checked.get(tail);
        if (fits === undefined) {
          fits = true;
          for (const head of heads) {
            fits &&= this.#boundaries.fit(tail, head);
          }
          checked.set(tail, fits);
        }
        if (!fits) {
          unfit.push(edge);
        }
      }
    }
    return unfit.reduce((rank, edge) => Math.max(rank, this.#mendEdge(edge)), 0);
  }

  /** Takes an edge away from what does not fit it, and makes it one with that. Returns its source's rank. */
  #mendEdge(edge: TextEdge): number {
    const { source, label, target } = edge;
    const tail = this.#boundaries.tail(label.piece);
    const unfit = [...target.out]
      .filter(isText)
      .filter((next) => !this.#boundaries.fit(tail, this.#boundaries.head(next.label.piece)));
    this.#disconnect(edge);
    if (unfit.length < target.out.size) {
      this.#connect(source, label, this.#without(target, unfit));
    }
    for (const next of unfit) {
      const piece = this.#boundaries.join(label.piece, next.label.piece);
      this.#connect(source, { kind: 'text', piece }, next.target);
      this.#dirty[next.target.rank]!.add(next.target);
    }
    this.#dirty[source.rank]!.add(source);
    return source.rank;
  }

  /** A copy of the state that lacks some edges; the same one for the same edges. */
  #without(state: State, unfit: readonly Edge[]): State {
    const lacking = new Set(unfit);
    const kept = [...state.out].filter((edge) => !lacking.has(edge));
    const key = kept
      .map(({ label, target }) => `${label.kind === 'text' ? `"${label.piece.text}` : label.id}>${target.id}`)
      .join('\n');
    const known = state.copies.get(key);
    if (known !== undefined) {
      // It may have been mended since, so that what it begins with is no longer what was checked.
      this.#dirty[known.rank]!.add(known);
      return known;
    }
    const copy = this.#state(state.rank, state.copies);
    state.copies.set(key, copy);
    for (const edge of kept) {
      this.#connect(copy, edge.label, edge.target);
      this.#dirty[edge.target.rank]!.add(edge.target);
    }
    return copy;
  }

  #state(rank: number, copies: Map<string, State>): State {
    this.#states += 1;
    return { id: this.#states, rank, out: new Set(), into: new Set(), copies };
  }

  #text(text: string): Label {
    return { kind: 'text', piece: this.#boundaries.piece(text) };
  }

  #connect(source: State, label: Label, target: State): void {
    this.#edges += 1;
    if (this.#edges > MAX_SEGMENTS) {
      throw answerInvalid(
        this.#key,
        `a language that this model's vocabulary writes in at most ${MAX_SEGMENTS} pieces`,
        'one that needs more',
      );
    }
    const edge = { source, label, target };
    source.out.add(edge);
    target.into.add(edge);
  }

  #disconnect(edge: Edge): void {
    edge.source.out.delete(edge);
    edge.target.into.delete(edge);
  }
}

function take<T>(set: Set<T>): T | undefined {
  for (const value of set) {
    set.delete(value);
    return value;
  }
  return undefined;
}

/** Numbers the states that can be reached; the final one, the only one of rank 0, is 0. */
function flatten(start: State): SegmentGraph {
  const numbers = new Map<State, number>([[start, 1]]);
  const order: State[] = [start];
  const number = (state: State): number => {
    if (state.rank === 0) {
      return 0;
    }
    let known = numbers.get(state);
    if (known === undefined) {
      known = order.push(state);
      numbers.set(state, known);
    }
    return known;
  };
  const states: Segment[][] = [[]];
  // Grows while it is walked.
  for (const state of order) {
    states.push(
      [...state.out].map(({ label, target }) =>
        label.kind === 'text'
          ? { text: label.piece.text, tokens: label.piece.tokens, target: number(target) }
          : { text: label.name, tokens: [label.id], target: number(target) },
      ),
    );
  }
  return { states, start: 1 };
}
