import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';
import { GanglionError } from '../../errors.ts';
import { numberTexts, rangeProblem } from './numbers.ts';

/**
 * The language as a graph instead of a tree or a list: a state is shared by everything that goes on the same way.
 *
 *              ┌─ "light.hall" ──┐      ┌─ ".turn_on" ──┐
 *     start ───┤                 ├── s ─┤               ├── 1 ── end ── 0
 *              └─ "light.bath" ──┘      └─ ".turn_off" ─┘
 *
 * Every edge leads to a state with a lower number, so counting up or down visits the states in order.
 */
export interface AnswerGraph {
  /** Edges that leave each state; state 0 has none and is where every answer ends. */
  readonly edges: readonly (readonly AnswerEdge[])[];
  readonly start: number;
}

export type AnswerEdge =
  | { readonly kind: 'text'; readonly text: string; readonly target: number }
  | {
      readonly kind: 'token';
      readonly name: string;
      readonly otherwise: string | undefined;
      readonly target: number;
    }
  | { readonly kind: 'end'; readonly target: number };

/** A graph may have this many edges. */
export const MAX_EDGES = 200_000;
const MAX_DEPTH = 200;
/** A list may be this long. */
export const MAX_LIST = 64;

const FINAL = 0;
const DONE = 1;

/** Throws MODEL_QUESTION_INVALID for an empty choice, an impossible range, lone surrogates or a language without measure. */
export function buildGraph(language: AnswerLanguage): AnswerGraph {
  const builder = new GraphBuilder(language.key);
  const start = builder.build(language.root, DONE, 0);
  return { edges: builder.edges, start };
}

/** The error every helper of this folder throws. */
export function answerInvalid(key: string, expected: string, received: string): GanglionError {
  return new GanglionError('MODEL_QUESTION_INVALID', { file: `answer ${key}`, expected, received });
}

/** Built from the end to the beginning: a node is built before what it leads to only once, whoever leads there. */
class GraphBuilder {
  readonly edges: AnswerEdge[][] = [[], [{ kind: 'end', target: FINAL }]];
  readonly #key: string;
  /** Node objects that look the same get the same number. */
  readonly #shapes = new Map<string, number>();
  readonly #shapeOf = new Map<AnswerNode, number>();
  readonly #built = new Map<string, number>();
  #count = 0;

  constructor(key: string) {
    this.#key = key;
  }

  /** The state from which exactly the strings of `node` lead to `next`. */
  build(node: AnswerNode, next: number, depth: number): number {
    if (depth > MAX_DEPTH) {
      throw this.#invalid(`parts nested at most ${MAX_DEPTH} deep`, 'deeper ones');
    }
    const key = `${this.#shape(node, depth)}>${next}`;
    const known = this.#built.get(key);
    if (known !== undefined) {
      return known;
    }
    const state = this.#make(node, next, depth);
    this.#built.set(key, state);
    return state;
  }

  #make(node: AnswerNode, next: number, depth: number): number {
    if ('text' in node) {
      return this.#text(node.text, next);
    }
    if ('token' in node) {
      return this.#state([{ kind: 'token', name: node.token, otherwise: node.otherwise, target: next }]);
    }
    if ('seq' in node) {
      return node.seq.reduceRight((state, part) => this.build(part, state, depth + 1), next);
    }
    if ('any' in node) {
      if (node.any.length === 0) {
        throw this.#invalid('at least one alternative in every choice', '0');
      }
      const states = new Set(node.any.map((part) => this.build(part, next, depth + 1)));
      return this.#union([...states]);
    }
    if ('number' in node) {
      const problem = rangeProblem(node.number);
      if (problem !== undefined) {
        throw this.#invalid('a range of 1 to 2000 numbers with at most 3 decimal places', problem);
      }
      return this.#state(numberTexts(node.number).map((text) => ({ kind: 'text', text, target: next })));
    }
    return this.#list(node.list, next, depth);
  }

  #list(list: { each: AnswerNode; separator: AnswerNode; max: number }, next: number, depth: number): number {
    if (!Number.isInteger(list.max) || list.max < 1 || list.max > MAX_LIST) {
      throw this.#invalid(`a list of 1 to ${MAX_LIST} parts`, `${list.max}`);
    }
    let entry = this.build(list.each, next, depth + 1);
    for (let left = 1; left < list.max; left += 1) {
      const more = this.#union([next, this.build(list.separator, entry, depth + 1)]);
      entry = this.build(list.each, more, depth + 1);
    }
    return entry;
  }

  #text(text: string, next: number): number {
    if (/\p{Surrogate}/u.test(text)) {
      throw this.#invalid('text of whole characters', JSON.stringify(text));
    }
    return text === '' ? next : this.#state([{ kind: 'text', text, target: next }]);
  }

  #union(states: readonly number[]): number {
    if (states.length === 1) {
      return states[0]!;
    }
    return this.#state(states.flatMap((state) => this.edges[state]!));
  }

  #state(edges: AnswerEdge[]): number {
    this.#count += edges.length;
    if (this.#count > MAX_EDGES) {
      throw this.#invalid(`a language of at most ${MAX_EDGES} parts`, 'more');
    }
    return this.edges.push(edges) - 1;
  }

  #shape(node: AnswerNode, depth: number): number {
    const known = this.#shapeOf.get(node);
    if (known !== undefined) {
      return known;
    }
    if (depth > MAX_DEPTH) {
      throw this.#invalid(`parts nested at most ${MAX_DEPTH} deep`, 'deeper ones');
    }
    const text = this.#spell(node, depth + 1);
    let shape = this.#shapes.get(text);
    if (shape === undefined) {
      shape = this.#shapes.size;
      this.#shapes.set(text, shape);
    }
    this.#shapeOf.set(node, shape);
    return shape;
  }

  #spell(node: AnswerNode, depth: number): string {
    const parts = (nodes: readonly AnswerNode[]) => nodes.map((part) => this.#shape(part, depth)).join(',');
    if ('text' in node) {
      return `"${node.text}`;
    }
    if ('token' in node) {
      return `<${JSON.stringify([node.token, node.otherwise])}`;
    }
    if ('seq' in node) {
      return `s${parts(node.seq)}`;
    }
    if ('any' in node) {
      return `a${parts(node.any)}`;
    }
    if ('number' in node) {
      const { min, max, step, decimals } = node.number;
      return `n${min},${max},${step},${decimals}`;
    }
    return `l${parts([node.list.each, node.list.separator])},${node.list.max}`;
  }

  #invalid(expected: string, received: string): GanglionError {
    return answerInvalid(this.#key, expected, received);
  }
}
