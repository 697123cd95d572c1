import type { AnswerNode } from '../../runtime/contract/answer.ts';

/** Draws whole numbers from 0 up to and without `below`. */
export type Draw = (below: number) => number;

/** A random string of an answer language, control tokens by their names where `tokens`, else as plain text. */
export function sampleAnswer(node: AnswerNode, draw: Draw, tokens = false): string {
  const sample = (inner: AnswerNode): string => sampleAnswer(inner, draw, tokens);
  if ('text' in node) return node.text;
  if ('token' in node) return tokens || node.otherwise === undefined ? node.token : node.otherwise;
  if ('seq' in node) return node.seq.map((inner) => sample(inner)).join('');
  if ('any' in node) return sample(node.any[draw(node.any.length)]!);
  if ('number' in node) {
    const { min, max, step, decimals } = node.number;
    return (min + step * draw(Math.round((max - min) / step) + 1)).toFixed(decimals);
  }
  const { each, separator, max } = node.list;
  return Array.from({ length: 1 + draw(max) }, () => sample(each)).join(sample(separator));
}

/** How many strings it has, and how many nodes. Lists are counted once per length. */
export function sizeOf(node: AnswerNode): { readonly strings: number; readonly nodes: number } {
  if ('text' in node || 'token' in node) return { strings: 1, nodes: 1 };
  if ('number' in node) {
    const { min, max, step } = node.number;
    return { strings: Math.round((max - min) / step) + 1, nodes: 1 };
  }
  if ('list' in node) {
    const each = sizeOf(node.list.each);
    let strings = 0;
    for (let length = 1; length <= node.list.max; length++) strings += each.strings ** length;
    return { strings, nodes: each.nodes + 1 };
  }
  const inner = ('seq' in node ? node.seq : node.any).map((one) => sizeOf(one));
  const strings = inner.reduce(
    (sum, one) => ('seq' in node ? sum * one.strings : sum + one.strings),
    'seq' in node ? 1 : 0,
  );
  return { strings, nodes: inner.reduce((sum, one) => sum + one.nodes, 1) };
}

/** Every string of a language without lists or of few of them. */
export function* answersOf(node: AnswerNode): Generator<string> {
  if ('text' in node) yield node.text;
  else if ('token' in node) yield node.otherwise ?? node.token;
  else if ('any' in node) for (const inner of node.any) yield* answersOf(inner);
  else if ('number' in node) {
    const { min, max, step, decimals } = node.number;
    for (let i = 0; i <= Math.round((max - min) / step); i++) yield (min + step * i).toFixed(decimals);
  } else if ('seq' in node) yield* sequence(node.seq);
  else {
    const { each, separator, max } = node.list;
    for (let length = 1; length <= max; length++) {
      const parts = Array.from({ length: 2 * length - 1 }, (_, i) => (i % 2 === 0 ? each : separator));
      yield* sequence(parts);
    }
  }
}

function* sequence(nodes: readonly AnswerNode[]): Generator<string> {
  const [first, ...rest] = nodes;
  if (first === undefined) yield '';
  else for (const head of answersOf(first)) for (const tail of sequence(rest)) yield head + tail;
}
