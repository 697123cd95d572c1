import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { isPropertyKey } from '../../runtime/contract/ids.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import {
  countParts,
  type Expr,
  type Expression,
  FUNCTIONS,
  type FunctionName,
  METHODS,
  NOW_FIELDS,
  type NowField,
} from './expression.ts';
import { isPlain, parseQuickly } from './quick-syntax.ts';
import type { Scope } from './scope.ts';
import { isWatchName, readWatch, SUN_FIELDS, Unsupported, WATCH_NAMES } from './watch-syntax.ts';

export interface SyntaxProblem {
  readonly message: string;
  /** Characters into the text, from 0. */
  readonly at: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: SyntaxProblem };

/** Longest expression in characters; also bounds how deep it can nest. */
export const MAX_EXPRESSION = 4096;
/** Most nodes of one. */
const MAX_PARTS = 2000;

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: MAX_PARTS, maxDepth: 60, maxListElements: 256 },
});

/** What was read once can be read again. */
class ParsedExpression implements Expression {
  readonly source: string;
  #expr: Expr | undefined;
  readonly #scope: Scope | undefined;

  constructor(source: string, expr?: Expr, scope?: Scope) {
    this.source = source.trim();
    this.#expr = expr;
    this.#scope = scope;
  }

  get expr(): Expr {
    return (this.#expr ??=
      parseQuickly(this.source) ?? convert(environment.parse(this.source).ast, this.#scope));
  }

  release(): void {
    this.#expr = undefined;
  }
}

/** Reads a CEL expression of the supported part of the language. Never throws. */
export function parseExpression(source: string, scope?: Scope): Parsed<Expression> {
  if (source.trim() === '') return failure('Expected an expression but received nothing', 0);
  if (source.length > MAX_EXPRESSION) {
    return failure(`Expected at most ${MAX_EXPRESSION} characters but received ${source.length}`, 0);
  }
  // A file of many rules keeps their texts, not their trees: what is read quickly is read when needed.
  const isQuick = isPlain(source) || parseQuickly(source) !== undefined;
  return isQuick ? { ok: true, value: new ParsedExpression(source) } : parseFully(source, scope);
}

/** The same by the CEL parser alone; for what `parseQuickly` leaves, and to compare it with. */
export function parseFully(source: string, scope?: Scope): Parsed<Expression> {
  try {
    const expr = convert(environment.parse(source).ast, scope);
    const count = scope === undefined ? 0 : countParts(expr);
    if (count > MAX_PARTS)
      return failure(
        `Expected at most ${MAX_PARTS} parts, with the variables in it, but received ${count}`,
        0,
      );
    return { ok: true, value: new ParsedExpression(source, expr, scope) };
  } catch (error) {
    if (error instanceof Unsupported) return failure(error.message, error.at);
    if (error instanceof ParseError) {
      return failure(
        `Expected a CEL expression but ${firstLine(error.summary)}${hint(source)}`,
        error.range?.start ?? 0,
      );
    }
    // The parser recurses; an expression of thousands of nested signs ends here.
    return failure('Expected a simpler expression: this one nests too deeply', 0);
  }
}

function failure(message: string, at: number): { ok: false; problem: SyntaxProblem } {
  return { ok: false, problem: { message, at } };
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]!;
  return line.charAt(0).toLowerCase() + line.slice(1, 160);
}

function hint(source: string): string {
  if (/[a-z_]\.\d|[^\0-\x7f]/u.test(source)) {
    return '; ids that are not plain words are written prop("light.0x0015.state")';
  }
  if (/[^=!<>]=[^=]/.test(source)) return '; equality is written ==';
  if (/\b(and|or|not)\b/i.test(source)) return '; and, or, not are written &&, ||, !';
  return '';
}

function convert(node: ASTNode, scope: Scope | undefined): Expr {
  const { start, end } = node;
  switch (node.op) {
    case 'value':
      return { op: 'literal', value: literal(node.args, start), start, end };
    case 'id': {
      const named = scope?.find([node.args], start, end);
      if (named !== undefined) return named;
      throw new Unsupported(bareWord(node.args, scope?.names ?? []), start);
    }
    case '.':
      return path(node, scope);
    case 'call':
      return call(node.args[0], node.args[1], false, node, scope);
    case 'rcall':
      return call(node.args[0], [node.args[1], ...node.args[2]], true, node, scope);
    case '!_':
      return { op: 'not', of: convert(node.args, scope), start, end };
    case '-_': {
      const of = convert(node.args, scope);
      if (of.op === 'literal' && typeof of.value === 'number') {
        return { op: 'literal', value: -of.value, start, end };
      }
      return { op: 'negate', of, start, end };
    }
    case '&&':
    case '||': {
      const op = node.op === '&&' ? 'and' : 'or';
      return { op, left: convert(node.args[0], scope), right: convert(node.args[1], scope), start, end };
    }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [left, right] = node.args;
      return {
        op: 'compare',
        by: node.op,
        left: convert(left, scope),
        right: convert(right, scope),
        start,
        end,
      };
    }
    case '+':
    case '-':
    case '*':
    case '/':
    case '%': {
      const [left, right] = node.args;
      return {
        op: 'arithmetic',
        by: node.op,
        left: convert(left, scope),
        right: convert(right, scope),
        start,
        end,
      };
    }
    case 'in': {
      const [of, list] = node.args;
      if (list.op !== 'list') throw new Unsupported('Expected a list [a, b] after `in`', list.start);
      return {
        op: 'in',
        of: convert(of, scope),
        list: list.args.map((item) => convert(item, scope)),
        start,
        end,
      };
    }
    case '?:': {
      const [when, yes, no] = node.args;
      return {
        op: 'choose',
        when: convert(when, scope),
        yes: convert(yes, scope),
        no: convert(no, scope),
        start,
        end,
      };
    }
    case 'list':
      throw new Unsupported('Expected a list only after `in`', start);
    case 'map':
    case '[]':
    case '[?]':
    case '.?':
      throw new Unsupported(`Expected no maps and no indexing but received ${node.op}`, start);
  }
}

function literal(value: unknown, at: number): number | string | boolean {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  throw new Unsupported('Expected a number, a text, true or false but received null, bytes or 1u', at);
}

function path(node: ASTNode, scope: Scope | undefined): Expr {
  const { start, end } = node;
  const names: string[] = [];
  let at = node;
  while (at.op === '.') {
    names.unshift(at.args[1]);
    at = at.args[0];
  }
  if (at.op !== 'id') throw new Unsupported('Expected a property such as sensor.hall.illuminance', start);
  names.unshift(at.args);
  const text = names.join('.');
  if (names[0] === 'now') {
    const field = names[1] ?? '';
    if (names.length !== 2 || !isNowField(field)) {
      throw new Unsupported(
        `Expected one of ${NOW_FIELDS.map((f) => `now.${f}`).join(', ')} but received ${text}`,
        start,
      );
    }
    return { op: 'now', field, start, end };
  }
  if (names[0] === 'sun') {
    const kind = names[1] ?? '';
    if (names.length !== 2 || (kind !== 'elevation' && kind !== 'azimuth')) {
      throw new Unsupported(
        `Expected one of ${SUN_FIELDS.map((f) => `sun.${f}`).join(', ')} but received ${text}`,
        start,
      );
    }
    return { op: 'watch', watch: { kind }, start, end };
  }
  const named = scope?.find(names, start, end);
  if (named !== undefined) return named;
  if (names.length === 3 && isPropertyKey(text)) return { op: 'property', key: text, start, end };
  const because =
    names.length === 2
      ? `add its property, as in ${text}.state`
      : 'a property is kind.name.property in lower case';
  throw new Unsupported(`Expected a property but received ${text}; ${because}`, start);
}

function call(
  name: string,
  args: readonly ASTNode[],
  method: boolean,
  node: ASTNode,
  scope: Scope | undefined,
): Expr {
  const { start, end } = node;
  if (name === 'prop' && !method) return { ...prop(args, start), start, end };
  if (name === 'matches') {
    throw new Unsupported('Expected no regular expressions; use startsWith, endsWith or contains', start);
  }
  if (!method && isWatchName(name, args)) {
    return { op: 'watch', watch: readWatch(name, args, start, (part) => convert(part, scope)), start, end };
  }
  if (!isFunction(name) || (method && !METHODS.includes(name))) {
    const known = ['prop', ...Object.keys(FUNCTIONS), ...WATCH_NAMES];
    throw new Unsupported(
      `Expected a known function but received ${name}(); ${didYouMean(name, known)}`,
      start,
    );
  }
  if (!method && ['startsWith', 'endsWith', 'contains'].includes(name)) {
    throw new Unsupported(`Expected ${name} after a text, as in sensor.x.mode.${name}("a")`, start);
  }
  const [least, most] = FUNCTIONS[name];
  if (args.length < least || args.length > most) {
    throw new Unsupported(
      `Expected ${least === most ? least : `${least} to ${most}`} argument(s) for ${name} but received ${args.length}`,
      start,
    );
  }
  return { op: 'call', name, args: args.map((arg) => convert(arg, scope)), start, end };
}

function prop(
  args: readonly ASTNode[],
  at: number,
): { op: 'property'; key: `${string}.${string}.${string}` } {
  const [only] = args;
  const text = only?.op === 'value' && args.length === 1 ? only.args : undefined;
  if (typeof text !== 'string' || !isPropertyKey(text)) {
    throw new Unsupported('Expected prop("kind.name.property") with one text of three parts', at);
  }
  return { op: 'property', key: text };
}

function bareWord(name: string, names: readonly string[]): string {
  const near = names.length === 0 ? '' : didYouMean(name, names);
  if (near !== '') return `Expected a property or a name that \`let\` gives but received ${name}; ${near}`;
  return name === 'on' || name === 'off' || name === 'open' || name === 'closed'
    ? `Expected a value but received ${name}; texts are quoted: "${name}"`
    : `Expected a property of three parts such as sensor.hall.illuminance but received ${name.slice(0, 60)}`;
}

function isNowField(text: string): text is NowField {
  return (NOW_FIELDS as readonly string[]).includes(text);
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(FUNCTIONS, name);
}
