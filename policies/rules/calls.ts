import type { Call } from '../../runtime/contract/action.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { Expression } from './expression.ts';
import type { CallTemplate } from './policy.ts';
import type { Scope } from './scope.ts';
import { MAX_EXPRESSION, type Parsed, parseExpression, type SyntaxProblem } from './syntax.ts';

const TARGET = /^\s*([a-z_]+)\.([\p{Ll}\p{Lo}\p{N}_]+)(?:\.([a-z_][a-z0-9_]*))?\s*/u;
const ARGUMENT = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*:\s*/y;
const EMPTY = /\s*\)\s*$/y;
const MAX_ARGUMENTS = 16;

/**
 * Reads one call:
 *
 *     call     = entity "." command [ "(" [ argument { "," argument } ] ")" ]  |  "tool." name [ "(" … ")" ]
 *     argument = name ":" expression
 *
 * Ids may start with digits here (`light.0x0015.turn_on`). Never throws.
 */
export function parseCall(source: string, scope?: Scope): Parsed<CallTemplate> {
  if (source.length > MAX_EXPRESSION) {
    return fail(`Expected at most ${MAX_EXPRESSION} characters but received ${source.length}`, 0);
  }
  const target = TARGET.exec(source);
  if (target === null) return fail('Expected a call such as light.hall.turn_on(brightness: 20)', 0);
  const [matched, kind, name, third] = target;
  const isTool = kind === 'tool';
  const start = matched.length - matched.trimStart().length;
  const isRole = third === undefined && scope?.calls?.(kind!, name!, start) === true;
  if (!isRole && isTool === (third !== undefined)) {
    return fail(
      isTool
        ? 'Expected tool.<name>(…) without a command'
        : `Expected a command after ${kind}.${name}, as in ${kind}.${name}.turn_on`,
      matched.length,
    );
  }
  const args = parseArguments(source, matched.length, scope);
  if (!args.ok) return args;
  return {
    ok: true,
    value: {
      source: source.trim(),
      // Cut out, not put together: one short string instead of three.
      entity: source.slice(start, start + kind!.length + 1 + name!.length) as EntityId,
      command: third ?? 'run',
      args: args.value,
    },
  };
}

function parseArguments(
  source: string,
  from: number,
  scope: Scope | undefined,
): Parsed<Record<string, Expression>> {
  const args: Record<string, Expression> = {};
  let count = 0;
  if (from === source.length) return { ok: true, value: {} };
  if (source[from] !== '(') {
    return fail(`Expected ( or the end of the call but received ${source[from]}`, from);
  }
  let at = from + 1;
  EMPTY.lastIndex = at;
  if (EMPTY.test(source)) return { ok: true, value: {} };
  for (;;) {
    ARGUMENT.lastIndex = at;
    const name = ARGUMENT.exec(source);
    // A name that every object has would not become an argument.
    if (name === null || name[1] === '__proto__') return fail('Expected an argument as name: value', at);
    const start = at + name[0].length;
    const end = endOfArgument(source, start);
    if (end === undefined) return fail('Expected ) at the end of the call', source.length);
    const value = parseExpression(source.slice(start, end), scope?.at?.(start) ?? scope);
    if (!value.ok) return fail(value.problem.message, start + value.problem.at);
    if (Object.hasOwn(args, name[1]!)) return fail(`Expected ${name[1]} only once`, at);
    if (count++ === MAX_ARGUMENTS) return fail(`Expected at most ${MAX_ARGUMENTS} arguments`, at);
    args[name[1]!] = value.value;
    at = end + 1;
    if (source[end] === ')') break;
  }
  if (source.slice(at).trim() !== '') return fail('Expected nothing after the closing )', at);
  return { ok: true, value: args };
}

/** The `,` or `)` that ends the argument at `from`, outside of texts, brackets and parentheses. */
function endOfArgument(source: string, from: number): number | undefined {
  let depth = 0;
  let quote: string | undefined;
  for (let i = from; i < source.length; i++) {
    const char = source.charAt(i);
    if (quote !== undefined) {
      if (char === '\\') i++;
      else if (char === quote) quote = undefined;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '(' || char === '[') depth++;
    else if (depth === 0 && (char === ',' || char === ')')) return i;
    else if (char === ')' || char === ']') depth--;
  }
  return undefined;
}

/** The call itself, if all its arguments are literals; choices of `decide` policies must be such. */
export function literalCall(template: CallTemplate): Call | SyntaxProblem {
  const args: [string, Value][] = [];
  for (const [name, { expr, source }] of Object.entries(template.args)) {
    if (expr.op !== 'literal') {
      return { message: `Expected a fixed value for ${name} but received ${source}`, at: 0 };
    }
    args.push([name, expr.value]);
  }
  return { entity: template.entity, command: template.command, args: Object.fromEntries(args) };
}

/** `light.hall.turn_on(brightness: 20)`: the inverse of `parseCall` for literal arguments. */
export function formatCall(call: Call): string {
  const isTool = call.entity.startsWith('tool.');
  const args = Object.entries(call.args).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const target = isTool ? call.entity : `${call.entity}.${call.command}`;
  return args.length === 0 && !isTool ? target : `${target}(${args.join(', ')})`;
}

function fail(message: string, at: number): { ok: false; problem: SyntaxProblem } {
  return { ok: false, problem: { message, at } };
}
