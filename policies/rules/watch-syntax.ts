import type { ASTNode } from '@marcbachmann/cel-js';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import { parseDuration } from './duration.ts';
import { type Expr, usesNow } from './expression.ts';
import { parseCron } from './watch/cron.ts';
import type { WatchSpec } from './watch/watch.ts';

/** Thrown while an expression is read; `parseExpression` catches it. */
export class Unsupported {
  readonly message: string;
  readonly at: number;
  constructor(message: string, at: number) {
    this.message = message;
    this.at = at;
  }
}

export const SUN_FIELDS: readonly string[] = ['elevation', 'azimuth'];
export const WATCH_NAMES: readonly string[] = [
  'changed',
  'rose',
  'fell',
  'mean',
  'count',
  'sequence',
  'cron',
  'sunrise',
  'sunset',
];
const MAX_STEPS = 8;

/** Whether a call is about the past or the clock. `min(x, "5m")` is, `min(x, 5)` is not. */
export function isWatchName(name: string, args: readonly ASTNode[]): boolean {
  if (WATCH_NAMES.includes(name)) return true;
  const span = args.length === 2 ? textOf(args[1]) : undefined;
  return (name === 'min' || name === 'max') && span !== undefined && parseDuration(span) !== undefined;
}

/** Throws Unsupported. */
export function readWatch(
  name: string,
  args: readonly ASTNode[],
  at: number,
  convert: (node: ASTNode) => Expr,
): WatchSpec {
  const expectArgs = (least: number, most: number, shape: string): void => {
    if (args.length < least || args.length > most) throw new Unsupported(`Expected ${shape}`, at);
  };
  const key = (): PropertyKey => {
    const expr = convert(args[0]!);
    if (expr.op === 'property') return expr.key;
    throw new Unsupported(
      `Expected a property such as sensor.hall.illuminance first in ${name}`,
      args[0]!.start,
    );
  };
  const condition = (node: ASTNode): Expr => {
    const expr = convert(node);
    if (!usesNow(expr)) return expr;
    throw new Unsupported(`Expected no now.* inside of ${name}; write it beside, with &&`, node.start);
  };
  const span = (node: ASTNode): number => {
    const text = textOf(node);
    const ms = text === undefined ? undefined : parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    throw new Unsupported(`Expected a duration such as "30s" or "5m" last in ${name}`, node.start);
  };
  switch (name) {
    case 'changed':
      expectArgs(1, 1, 'changed(property)');
      return { kind: 'changed', key: key() };
    case 'rose':
    case 'fell': {
      expectArgs(2, 3, `${name}(property, by) or ${name}(property, by, "10m")`);
      const by = convert(args[1]!);
      if (by.op !== 'literal' || typeof by.value !== 'number' || !(by.value > 0 && by.value < Infinity)) {
        throw new Unsupported(`Expected a number above 0 second in ${name}`, args[1]!.start);
      }
      const spec = { kind: name, key: key(), by: by.value } as const;
      return args[2] === undefined ? spec : { ...spec, ms: span(args[2]) };
    }
    case 'mean':
    case 'min':
    case 'max':
      expectArgs(2, 2, `${name}(property, "5m")`);
      return { kind: name, key: key(), ms: span(args[1]!) };
    case 'count':
      expectArgs(2, 2, 'count(condition, "10m")');
      return { kind: 'count', of: condition(args[0]!), ms: span(args[1]!) };
    case 'sequence': {
      expectArgs(3, MAX_STEPS + 1, 'sequence(first, second, …, "30s") with 2 to 8 conditions');
      const steps = args.slice(0, -1).map(condition);
      return { kind: 'sequence', steps, ms: span(args.at(-1)!) };
    }
    case 'cron': {
      const text = args.length === 1 ? textOf(args[0]) : undefined;
      if (text === undefined) throw new Unsupported('Expected cron("minute hour day month weekday")', at);
      const times = parseCron(text);
      if (typeof times === 'string') throw new Unsupported(times, args[0]!.start);
      return { kind: 'cron', text: text.trim().split(/\s+/).join(' '), times };
    }
    default: {
      expectArgs(0, 1, `${name}() or ${name}("-30m")`);
      const text = args[0] === undefined ? '0s' : textOf(args[0]);
      const match = /^([+-]?)(.+)$/.exec(text ?? '');
      const ms = match === null ? undefined : parseDuration(match[2]!);
      if (ms === undefined || ms > 12 * 3_600_000) {
        throw new Unsupported(`Expected a time before or after such as ${name}("-30m"), 12h at most`, at);
      }
      const offsetMs = match![1] === '-' ? -ms : ms;
      return { kind: name === 'sunrise' ? 'sunrise' : 'sunset', offsetMs };
    }
  }
}

function textOf(node: ASTNode | undefined): string | undefined {
  return node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}
