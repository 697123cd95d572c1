import { isPropertyKey, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { quote } from './problem.ts';

export interface JsonRulesImport {
  /** A policy file; `suggest` until somebody has looked at it. */
  readonly yaml: string;
  readonly policies: number;
  /** What could not be taken over, each with the rule's name or number. */
  readonly problems: readonly string[];
}

export interface JsonRulesOptions {
  /** What facts are called here; a fact that is a property key needs no entry. */
  readonly facts: Readonly<Record<string, PropertyKey>>;
  /** The call an event becomes, by its type; without one it becomes `tool.<type>(…)` with the event's parameters. */
  readonly events: Readonly<Record<string, string>>;
}

const COMPARISONS: Readonly<Record<string, string>> = {
  equal: '==',
  notEqual: '!=',
  lessThan: '<',
  lessThanInclusive: '<=',
  greaterThan: '>',
  greaterThanInclusive: '>=',
};
const MAX_DEPTH = 30;

class Unsupported {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/**
 * Turns rules of json-rules-engine (JSON: one rule or a list) into a policy file. There a rule's event comes with every run in
 * which its conditions hold; here it fires when they turn true. Never throws: what cannot be said here is a problem.
 */
export function importJsonRules(text: string, options: JsonRulesOptions): JsonRulesImport {
  const problems: string[] = [];
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return { yaml: '', policies: 0, problems: ['Expected JSON but the file is none'] };
  }
  const ids = new Set<string>();
  const entries = (Array.isArray(data) ? (data as unknown[]) : [data]).flatMap((rule, i) => {
    const title = isObject(rule) && typeof rule['name'] === 'string' ? rule['name'] : `rule ${i + 1}`;
    try {
      return [policyOf(rule, idFor(title, ids), options)];
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      problems.push(`${title.slice(0, 60)}: ${error.message}`);
      return [];
    }
  });
  return { yaml: entries.join('\n'), policies: entries.length, problems };
}

function policyOf(rule: unknown, id: string, options: JsonRulesOptions): string {
  if (!isObject(rule)) throw new Unsupported(`Expected a rule but received ${quote(rule)}`);
  const lines = [
    `- id: ${id}`,
    `  when: ${yamlText(condition(rule['conditions'], options, 0))}`,
    `  then: ${yamlText(callOf(rule['event'], options))}`,
  ];
  const { priority } = rule;
  if (typeof priority === 'number') {
    // There 1 is the default and there is no upper end.
    lines.push(`  priority: ${Math.min(1000, Math.max(0, 49 + Math.round(priority)))}`);
  }
  lines.push('  mode: suggest', '');
  return lines.join('\n');
}

function condition(node: unknown, options: JsonRulesOptions, depth: number): string {
  if (!isObject(node) || depth > MAX_DEPTH)
    throw new Unsupported(`Expected conditions but received ${quote(node)}`);
  for (const [key, by] of [
    ['all', ' && '],
    ['any', ' || '],
  ] as const) {
    const parts = node[key];
    if (!Array.isArray(parts)) continue;
    if (parts.length === 0) return key === 'all' ? 'true' : 'false';
    const texts = parts.map((part) => condition(part, options, depth + 1));
    return texts.length === 1 ? texts[0]! : `(${texts.join(by)})`;
  }
  if ('not' in node) return `!(${condition(node['not'], options, depth + 1)})`;
  for (const key of ['condition', 'path', 'params']) {
    if (key in node) throw new Unsupported(`Expected no ${key} in a condition; write it by hand`);
  }
  const property = propertyOf(node['fact'], options);
  const { operator, value } = node;
  if (operator === 'in' || operator === 'notIn') {
    if (!Array.isArray(value))
      throw new Unsupported(`Expected a list for ${operator} but received ${quote(value)}`);
    const list = `${property} in [${value.map(literal).join(', ')}]`;
    return operator === 'in' ? list : `!(${list})`;
  }
  if (operator === 'contains' || operator === 'doesNotContain') {
    const test = `${property}.contains(${literal(value)})`;
    return operator === 'contains' ? test : `!${test}`;
  }
  const by =
    typeof operator === 'string' && Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (by === undefined) throw new Unsupported(`Expected a built-in operator but received ${quote(operator)}`);
  if (isObject(value) && 'fact' in value) return `${property} ${by} ${propertyOf(value['fact'], options)}`;
  return `${property} ${by} ${literal(value)}`;
}

function propertyOf(fact: unknown, { facts }: JsonRulesOptions): string {
  const name = String(fact);
  const key = Object.hasOwn(facts, name) ? facts[name]! : name;
  if (!isPropertyKey(key)) {
    throw new Unsupported(
      `Expected to know which property the fact ${quote(fact)} is; say --fact ${name.slice(0, 40)}=sensor.name.property`,
    );
  }
  return /^[a-z_][a-z0-9_.]*$/.test(key) && !/\.\d/.test(key) ? key : `prop(${JSON.stringify(key)})`;
}

function callOf(event: unknown, { events }: JsonRulesOptions): string {
  const type = isObject(event) ? event['type'] : undefined;
  if (!isObject(event) || typeof type !== 'string') throw new Unsupported('Expected an event with a type');
  if (Object.hasOwn(events, type)) return events[type]!;
  const name = type.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_');
  const params = isObject(event['params']) ? Object.entries(event['params']) : [];
  const args = params.map(([key, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
      throw new Unsupported(`Expected a plain name but received ${quote(key)}`);
    return `${key}: ${literal(value)}`;
  });
  return `tool.${name}(${args.join(', ')})`;
}

function literal(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return plainNumber(value);
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value satisfies Value);
  throw new Unsupported(`Expected a number, a text, true or false but received ${quote(value)}`);
}

function plainNumber(value: number): string {
  const text = String(value);
  return /e/.test(text) ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}

/** Double-quoted YAML takes JSON's escapes. */
function yamlText(text: string): string {
  return JSON.stringify(text);
}

function idFor(title: string, taken: Set<string>): string {
  const base =
    title
      .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 56) || 'rule';
  let id = base;
  for (let i = 2; taken.has(id); i++) id = `${base}-${i}`;
  taken.add(id);
  return id;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
