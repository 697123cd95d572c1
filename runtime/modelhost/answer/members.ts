import type { AnswerLanguage } from '../../contract/answer.ts';
import { answerInvalid, buildGraph, type AnswerEdge, type AnswerGraph } from './graph.ts';

/** How control tokens are written: by their names, or as the plain text that stands in for them. */
export type ControlStyle = 'names' | 'otherwise';

/** How many strings a language has; exact up to 2^53, and no more than `cap`. Throws MODEL_QUESTION_INVALID. */
export function answerCount(language: AnswerLanguage, cap = Number.MAX_SAFE_INTEGER): number {
  const graph = buildGraph(language);
  return Math.min(cap, counts(graph)[graph.start]!);
}

/**
 * Whether a text is one of the language's strings, in time proportional to its length. Control tokens may be written
 * either way. Throws MODEL_QUESTION_INVALID.
 */
export function acceptsAnswer(language: AnswerLanguage, text: string): boolean {
  const { edges, start } = buildGraph(language);
  // States that can be reached after so many characters, the nearest first.
  const reached = new Map<number, Set<number>>([[0, new Set([start])]]);
  for (let at = 0; at <= text.length; at += 1) {
    for (const state of reached.get(at) ?? []) {
      for (const edge of edges[state]!) {
        if (edge.kind === 'end' && at === text.length) {
          return true;
        }
        for (const label of labels(edge)) {
          if (text.startsWith(label, at)) {
            const next = at + label.length;
            const states = reached.get(next) ?? new Set();
            reached.set(next, states.add(edge.target));
          }
        }
      }
    }
    reached.delete(at);
  }
  return false;
}

/** Every string of a small language, in its own order. Throws MODEL_QUESTION_INVALID if there are more than `limit`. */
export function listAnswers(
  language: AnswerLanguage,
  limit: number,
  style: ControlStyle = 'names',
): string[] {
  const graph = buildGraph(language);
  const count = counts(graph)[graph.start]!;
  if (count > limit) {
    throw answerInvalid(language.key, `at most ${limit} answers`, `${count}`);
  }
  const found: string[] = [];
  const walk = (state: number, text: string) => {
    for (const edge of graph.edges[state]!) {
      if (edge.kind === 'end') {
        found.push(text);
      } else {
        walk(edge.target, text + write(edge, style));
      }
    }
  };
  walk(graph.start, '');
  return [...new Set(found)];
}

/** One string, each as likely as the other. `random` gives numbers in [0, 1). Throws MODEL_QUESTION_INVALID. */
export function sampleAnswer(
  language: AnswerLanguage,
  random: () => number,
  style: ControlStyle = 'names',
): string {
  const graph = buildGraph(language);
  const count = counts(graph);
  let text = '';
  for (let state = graph.start; ;) {
    const edges = graph.edges[state]!;
    let left = random() * count[state]!;
    const edge = edges.find(({ target }) => (left -= count[target]!) < 0) ?? edges.at(-1)!;
    if (edge.kind === 'end') {
      return text;
    }
    text += write(edge, style);
    state = edge.target;
  }
}

/** Strings from each state on. Edges lead to lower numbers, so counting up meets every target before its source. */
function counts({ edges }: AnswerGraph): Float64Array {
  const count = new Float64Array(edges.length);
  count[0] = 1;
  for (let state = 1; state < edges.length; state += 1) {
    count[state] = edges[state]!.reduce((sum, { target }) => sum + count[target]!, 0);
  }
  return count;
}

function labels(edge: AnswerEdge): readonly string[] {
  if (edge.kind === 'token') {
    return edge.otherwise === undefined ? [edge.name] : [edge.name, edge.otherwise];
  }
  return edge.kind === 'text' ? [edge.text] : [];
}

function write(edge: Exclude<AnswerEdge, { kind: 'end' }>, style: ControlStyle): string {
  if (edge.kind === 'text') {
    return edge.text;
  }
  return style === 'names' ? edge.name : (edge.otherwise ?? edge.name);
}
