import type { AnswerLanguage, AnswerNode } from '../../../contract/answer.ts';
import { buildGraph, type AnswerEdge, type AnswerGraph } from '../../answer/graph.ts';
import { answerSchema } from '../../answer/pattern.ts';
import type { AnswerRules } from './answer.ts';

interface Compiled {
  readonly graph: AnswerGraph;
  readonly schema: object;
  /** Every answer begins with it, and it is left out on the wire. */
  readonly lead: '' | ' ';
}

/** Languages that are kept compiled: those of a house's policies and of its requests. */
const KEPT = 16;
/** Servers turn a pattern into a grammar each time; a longer one costs them more than it is worth. */
const MAX_PATTERN = 32_768;

/**
 * Answer languages as a server is told them and as its answers are checked. Control tokens are plain text on the wire.
 * Where every answer begins with the space that tokenizers put before a word, that is left out too: a JSON string has no
 * need for it. Both are put back by rule, one to one; nothing is guessed.
 */
export class LanguageRules implements AnswerRules {
  readonly #compiled = new Map<string, Compiled>();

  /** Throws MODEL_QUESTION_INVALID. */
  schema(language: AnswerLanguage): object {
    return this.#compile(language).schema;
  }

  /** Throws MODEL_QUESTION_INVALID. */
  member(language: AnswerLanguage, text: string): string | undefined {
    const { graph, lead } = this.#compile(language);
    return namedAnswer(graph, lead + text);
  }

  #compile(language: AnswerLanguage): Compiled {
    let compiled = this.#compiled.get(language.key);
    if (compiled === undefined) {
      const bare = withoutSpace(language.root);
      const lead = bare === undefined ? '' : ' ';
      const onWire = bare === undefined ? language : { key: `${language.key}:bare`, root: bare };
      compiled = { graph: buildGraph(language), schema: schemaOf(onWire), lead };
    } else this.#compiled.delete(language.key);
    // The map keeps the order of use: the oldest goes first.
    this.#compiled.set(language.key, compiled);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > KEPT && oldest !== undefined) this.#compiled.delete(oldest);
    return compiled;
  }
}

function schemaOf(language: AnswerLanguage): object {
  const schema = answerSchema(language);
  return 'pattern' in schema && schema.pattern.length > MAX_PATTERN ? { type: 'string' } : schema;
}

/** The same language without the space that each of its strings begins with; undefined if not all of them do. */
function withoutSpace(node: AnswerNode): AnswerNode | undefined {
  if ('text' in node) return node.text.startsWith(' ') ? { text: node.text.slice(1) } : undefined;
  if ('token' in node) {
    const plain = node.otherwise ?? node.token;
    return plain.startsWith(' ') ? { text: plain.slice(1) } : undefined;
  }
  if ('seq' in node) {
    const [first, ...rest] = node.seq;
    const bare = first === undefined ? undefined : withoutSpace(first);
    return bare === undefined ? undefined : { seq: [bare, ...rest] };
  }
  if ('any' in node) {
    const bare = node.any.map((part) => withoutSpace(part)).filter((part) => part !== undefined);
    return bare.length === node.any.length ? { any: bare } : undefined;
  }
  if ('number' in node) return undefined;
  const { each, separator, max } = node.list;
  const bare = withoutSpace(each);
  if (bare === undefined || max <= 1) return bare;
  const more: AnswerNode = { seq: [separator, { list: { each, separator, max: max - 1 } }] };
  return { seq: [bare, { any: [{ seq: [] }, more] }] };
}

/** What spells a text up to some place: with control tokens by their names, or in more than one way. */
type Named = string | typeof AMBIGUOUS;
const AMBIGUOUS = Symbol('ambiguous');

/**
 * The answer whose plain text this is, with its control tokens by their names. Undefined if it is none, and if it is
 * several: two tokens may have the same plain text, and then nobody can tell which was meant. Time grows with the length.
 */
function namedAnswer({ edges, start }: AnswerGraph, text: string): string | undefined {
  // Characters read → state → the names so far.
  const reached = new Map<number, Map<number, Named>>([[0, new Map([[start, '']])]]);
  let found: Named | undefined;
  for (let at = 0; at <= text.length; at++) {
    for (const [state, named] of reached.get(at) ?? []) {
      for (const edge of edges[state]!) {
        if (edge.kind === 'end') {
          if (at === text.length) found = merge(found, named);
          continue;
        }
        const plain = plainOf(edge);
        if (!text.startsWith(plain, at)) continue;
        const name = edge.kind === 'text' ? edge.text : edge.name;
        const next = at + plain.length;
        const states = reached.get(next) ?? new Map<number, Named>();
        const longer = named === AMBIGUOUS ? AMBIGUOUS : named + name;
        reached.set(next, states.set(edge.target, merge(states.get(edge.target), longer)));
      }
    }
    reached.delete(at);
  }
  return found === AMBIGUOUS ? undefined : found;
}

function merge(known: Named | undefined, named: Named): Named {
  return known === undefined || known === named ? named : AMBIGUOUS;
}

function plainOf(edge: Exclude<AnswerEdge, { kind: 'end' }>): string {
  return edge.kind === 'text' ? edge.text : (edge.otherwise ?? edge.name);
}
