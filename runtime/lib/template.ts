import { parse, tokenize } from '@huggingface/jinja';
import { GanglionError, isGanglionError, messageOf } from '../errors.ts';
import { checkTemplate, type Node } from './template-check.ts';
import { FILTERS, METHODS, TESTS, textOf, truthy, FUNCTIONS, compare, isMapping } from './template-values.ts';

/**
 * A Jinja template from a stranger. The library parses it; it is evaluated here, because its own interpreter has no
 * bound on loops, on the strings `*` and `~` build, or on recursion. Macros, calls of macros, imports and regular
 * expressions are refused when the template is compiled.
 */
export interface Template {
  /** Throws GanglionError TEMPLATE_VALUE, TEMPLATE_UNSUPPORTED or TEMPLATE_LIMIT. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

const MAX_SOURCE = 4096;
const MAX_OUTPUT = 8192;
/** Nodes visited, plus one per 64 characters made: about 2 ms on a slow board. */
const MAX_STEPS = 20_000;
const MAX_BRACKETS = 48;

/** Throws GanglionError TEMPLATE_UNSUPPORTED or TEMPLATE_LIMIT. */
export function compileTemplate(source: string): Template {
  const shown = source.length > 120 ? `${source.slice(0, 120)}…` : source;
  if (source.length > MAX_SOURCE || nesting(source) > MAX_BRACKETS) {
    const limit = `${MAX_SOURCE} characters and ${MAX_BRACKETS} nested brackets`;
    throw new GanglionError('TEMPLATE_LIMIT', { template: shown, limit });
  }
  let program: Node;
  try {
    program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new GanglionError(
      'TEMPLATE_UNSUPPORTED',
      { template: shown, reason: messageOf(error) },
      { cause: error },
    );
  }
  const problem = checkTemplate(program);
  if (problem !== undefined) {
    throw new GanglionError('TEMPLATE_UNSUPPORTED', { template: shown, reason: problem });
  }
  return {
    render(variables) {
      const run = new Run(shown, variables);
      try {
        return run.body(program['body'] as readonly Node[]);
      } catch (error) {
        if (isGanglionError(error)) throw error;
        throw new GanglionError(
          'TEMPLATE_UNSUPPORTED',
          { template: shown, reason: messageOf(error) },
          { cause: error },
        );
      }
    },
  };
}

function nesting(source: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === '(' || c === '[' || c === '{') deepest = Math.max(deepest, ++depth);
    else if (c === ')' || c === ']' || c === '}') depth--;
  }
  return deepest;
}

class Run {
  readonly #shown: string;
  readonly #scope: Map<string, unknown>;
  #steps = 0;

  constructor(shown: string, variables: Readonly<Record<string, unknown>>) {
    this.#shown = shown;
    this.#scope = new Map(Object.entries(variables));
  }

  body(nodes: readonly Node[]): string {
    let out = '';
    for (const node of nodes) {
      out += this.#statement(node);
      if (out.length > MAX_OUTPUT) throw this.#limit(`${MAX_OUTPUT} characters`);
    }
    return out;
  }

  #limit(limit: string): GanglionError {
    return new GanglionError('TEMPLATE_LIMIT', { template: this.#shown, limit });
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw this.#limit(`${MAX_STEPS} steps`);
  }

  #made<T>(value: T): T {
    if (typeof value === 'string') {
      if (value.length > MAX_OUTPUT) throw this.#limit(`${MAX_OUTPUT} characters`);
      this.#spend(value.length >> 6);
    } else if (Array.isArray(value)) this.#spend(value.length);
    return value;
  }

  #statement(node: Node): string {
    switch (node.type) {
      case 'Comment':
        return '';
      case 'If':
        return this.body(
          (truthy(this.#eval(node['test'] as Node)) ? node['body'] : node['alternate']) as readonly Node[],
        );
      case 'Set': {
        const name = (node['assignee'] as Node)['value'] as string;
        const value = node['value'] as Node | null;
        this.#scope.set(
          name,
          value === null ? this.body(node['body'] as readonly Node[]) : this.#eval(value),
        );
        return '';
      }
      case 'For':
        return this.#loop(node);
      default:
        return textOf(this.#eval(node));
    }
  }

  #loop(node: Node): string {
    const items = this.#eval(node['iterable'] as Node);
    const list = Array.isArray(items) ? items : isMapping(items) ? Object.keys(items) : [];
    const name = (node['loopvar'] as Node)['value'] as string;
    let out = '';
    for (const item of list) {
      this.#spend(1);
      this.#scope.set(name, item);
      out += this.body(node['body'] as readonly Node[]);
      if (out.length > MAX_OUTPUT) throw this.#limit(`${MAX_OUTPUT} characters`);
    }
    return list.length === 0 ? this.body(node['defaultBlock'] as readonly Node[]) : out;
  }

  #all(nodes: readonly Node[]): unknown[] {
    return nodes.map((node) =>
      this.#eval(node.type === 'KeywordArgumentExpression' ? (node['value'] as Node) : node),
    );
  }

  #eval(node: Node): unknown {
    this.#spend(1);
    switch (node.type) {
      case 'IntegerLiteral':
      case 'FloatLiteral':
      case 'StringLiteral':
        return node['value'];
      case 'ArrayLiteral':
      case 'TupleLiteral':
        return this.#all(node['value'] as readonly Node[]);
      case 'ObjectLiteral': {
        const out: [string, unknown][] = [];
        for (const [key, value] of node['value'] as Map<Node, Node>) {
          out.push([textOf(this.#eval(key)), this.#eval(value)]);
        }
        return Object.fromEntries(out);
      }
      case 'Identifier':
        return this.#name(node['value'] as string);
      case 'MemberExpression':
        return this.#member(node);
      case 'CallExpression':
        return this.#call(node);
      case 'FilterExpression':
        return this.#filter(node);
      case 'TestExpression': {
        const test = TESTS.get((node['test'] as Node)['value'] as string)!;
        return test(this.#eval(node['operand'] as Node)) !== (node['negate'] as boolean);
      }
      case 'UnaryExpression': {
        const value = this.#eval(node['argument'] as Node);
        const operator = (node['operator'] as { value: string }).value;
        if (operator === 'not') return !truthy(value);
        return operator === '-' ? -Number(value) : Number(value);
      }
      case 'BinaryExpression':
        return this.#binary(node);
      case 'Ternary':
        return this.#eval(
          (truthy(this.#eval(node['condition'] as Node)) ? node['trueExpr'] : node['falseExpr']) as Node,
        );
      case 'SelectExpression':
        return truthy(this.#eval(node['test'] as Node)) ? this.#eval(node['lhs'] as Node) : undefined;
      default:
        throw new GanglionError('TEMPLATE_UNSUPPORTED', {
          template: this.#shown,
          reason: `${node.type} is not known`,
        });
    }
  }

  #name(name: string): unknown {
    if (this.#scope.has(name)) return this.#scope.get(name);
    const word = name.toLowerCase();
    return word === 'true' ? true : word === 'false' ? false : word === 'none' ? null : undefined;
  }

  #member(node: Node): unknown {
    const object = this.#eval(node['object'] as Node);
    const property = node['property'] as Node;
    const key = node['computed'] === true ? this.#eval(property) : property['value'];
    if (Array.isArray(object) || typeof object === 'string') {
      return typeof key === 'number' ? object[key < 0 ? object.length + key : key] : undefined;
    }
    const name = textOf(key);
    return isMapping(object) && Object.hasOwn(object, name) ? object[name] : undefined;
  }

  #call(node: Node): unknown {
    const callee = node['callee'] as Node;
    const args = this.#all(node['args'] as readonly Node[]);
    if (callee.type === 'Identifier') return this.#made(FUNCTIONS.get(callee['value'] as string)!(...args));
    const method = METHODS.get((callee['property'] as Node)['value'] as string)!;
    return this.#made(method(this.#eval(callee['object'] as Node), ...args));
  }

  #filter(node: Node): unknown {
    const filter = node['filter'] as Node;
    const value = this.#eval(node['operand'] as Node);
    const called = filter.type === 'CallExpression';
    const name = ((called ? filter['callee'] : filter) as Node)['value'] as string;
    return this.#made(
      FILTERS.get(name)!(value, ...(called ? this.#all(filter['args'] as readonly Node[]) : [])),
    );
  }

  #binary(node: Node): unknown {
    const operator = (node['operator'] as { value: string }).value;
    const left = this.#eval(node['left'] as Node);
    if (operator === 'and') return truthy(left) ? this.#eval(node['right'] as Node) : left;
    if (operator === 'or') return truthy(left) ? left : this.#eval(node['right'] as Node);
    return this.#made(compare(operator, left, this.#eval(node['right'] as Node)));
  }
}
