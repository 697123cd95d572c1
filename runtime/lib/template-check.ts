import { FILTERS, FUNCTIONS, METHODS, TESTS } from './template-values.ts';

/** A node of the syntax tree @huggingface/jinja makes. */
export interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const KNOWN: ReadonlySet<string> = new Set([
  'Program',
  'Comment',
  'If',
  'For',
  'Set',
  'Identifier',
  'IntegerLiteral',
  'FloatLiteral',
  'StringLiteral',
  'ArrayLiteral',
  'TupleLiteral',
  'ObjectLiteral',
  'MemberExpression',
  'CallExpression',
  'FilterExpression',
  'TestExpression',
  'UnaryExpression',
  'BinaryExpression',
  'Ternary',
  'SelectExpression',
  'KeywordArgumentExpression',
]);

const MAX_DEPTH = 100;
const MAX_NODES = 2000;

/** Why a template cannot be evaluated here, before it ever runs: a reason that fits "Expected … but REASON". */
export function checkTemplate(program: Node): string | undefined {
  let nodes = 0;
  function visit(value: unknown, depth: number): string | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) return 'it is too deeply nested or too long';
    if (Array.isArray(value)) return first(value, depth);
    if (value instanceof Map) return first([...value.keys(), ...value.values()], depth);
    const node = value as Node;
    if (typeof node.type !== 'string') return undefined;
    const problem = problemOf(node);
    if (problem !== undefined) return problem;
    // An operator is a token: it has a type too, but no children.
    const parts = Object.entries(node).filter(([key]) => key !== 'operator');
    return first(
      parts.map(([, part]) => part),
      depth,
    );
  }
  function first(values: readonly unknown[], depth: number): string | undefined {
    for (const value of values) {
      const problem = visit(value, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  return first(program['body'] as readonly unknown[], 0);
}

function problemOf(node: Node): string | undefined {
  switch (node.type) {
    case 'CallExpression':
      return callProblem(node['callee'] as Node);
    case 'FilterExpression': {
      const filter = node['filter'] as Node;
      const name = (filter.type === 'CallExpression' ? (filter['callee'] as Node) : filter)['value'];
      return FILTERS.has(String(name)) ? undefined : `the filter ${String(name).slice(0, 40)} is not known`;
    }
    case 'TestExpression': {
      const name = (node['test'] as Node)['value'];
      return TESTS.has(String(name)) ? undefined : `the test ${String(name).slice(0, 40)} is not known`;
    }
    case 'For':
      return (node['loopvar'] as Node).type === 'Identifier' ? undefined : 'it loops over pairs';
    case 'Set':
      return (node['assignee'] as Node).type === 'Identifier' ? undefined : 'it sets more than a name';
    default:
      return KNOWN.has(node.type) ? undefined : `${node.type} is not known`;
  }
}

function callProblem(callee: Node): string | undefined {
  const method = callee.type === 'MemberExpression';
  const name = String((method ? (callee['property'] as Node) : callee)['value']);
  // The name of a filter that takes arguments is a call as well; its own check looks at it.
  const known = method ? METHODS.has(name) : FUNCTIONS.has(name) || FILTERS.has(name);
  return known ? undefined : `the function ${name.slice(0, 40)} is not known`;
}
