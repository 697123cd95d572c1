import type { Expr } from './expression.ts';

/** What words of an expression can stand for beside properties, `now` and `sun`: variables, and the roles of a template. */
export interface Scope {
  /** What a word or a path of words stands for; undefined if the scope does not know it. The place is that of the words. */
  find(path: readonly string[], start: number, end: number): Expr | undefined;
  /** For suggestions. */
  readonly names: readonly string[];
  /** Whether `word.command` is a call on a role. */
  calls?(word: string, command: string, start: number): boolean;
  /** The same scope for a part of a text that begins there. */
  at?(offset: number): Scope;
}

/** An expression as if it stood at another place as a whole: problems then show the word that stands for it. */
export function moved(expr: Expr, start: number, end: number): Expr {
  const move = (part: Expr): Expr => moved(part, start, end);
  switch (expr.op) {
    case 'literal':
    case 'property':
    case 'now':
      return { ...expr, start, end };
    case 'not':
    case 'negate':
      return { ...expr, of: move(expr.of), start, end };
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return { ...expr, left: move(expr.left), right: move(expr.right), start, end };
    case 'in':
      return { ...expr, of: move(expr.of), list: expr.list.map(move), start, end };
    case 'choose':
      return { ...expr, when: move(expr.when), yes: move(expr.yes), no: move(expr.no), start, end };
    case 'call':
      return { ...expr, args: expr.args.map(move), start, end };
    case 'watch': {
      const { watch } = expr;
      if (watch.kind === 'count') return { ...expr, watch: { ...watch, of: move(watch.of) }, start, end };
      if (watch.kind === 'sequence')
        return { ...expr, watch: { ...watch, steps: watch.steps.map(move) }, start, end };
      return { ...expr, start, end };
    }
  }
}
