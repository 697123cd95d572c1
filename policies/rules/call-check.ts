import type { Tool } from '../../runtime/contract/actuator.ts';
import type { Entity, House } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import { type ArgSpec, kindSpec } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import type { Expression } from './expression.ts';
import { quote } from './problem.ts';
import { staticType } from './static-type.ts';
import { checkExpression, onlyNamed, trim, type TypeProblem, unknownEntity } from './type-check.ts';

/** The part of a tool that a call is checked against. */
export type ToolSignature = Pick<Tool, 'name' | 'parameters'>;

const COLOR = /^(?:#[0-9a-f]{6}|[a-z]{3,20})$/i;

type Signature = Readonly<Record<string, ArgSpec>>;

/** Signatures by house and call, as long as neither house nor tools change: many rules make the same calls. */
const SIGNATURES = new WeakMap<
  House,
  { version: number; tools: readonly ToolSignature[]; readonly byCall: Map<string, Signature | string> }
>();

/** The arguments a call may have, narrowed to what this device takes; or the sentence why it cannot be called. */
export function signatureOf(
  entity: EntityId,
  command: string,
  house: House,
  tools: readonly ToolSignature[],
): Signature | string {
  let known = SIGNATURES.get(house);
  if (known === undefined)
    SIGNATURES.set(house, (known = { version: house.version, tools, byCall: new Map() }));
  if (known.version !== house.version || known.tools !== tools) {
    known.version = house.version;
    known.tools = tools;
    known.byCall.clear();
  }
  const call = `${entity}.${command}`;
  let signature = known.byCall.get(call);
  if (signature === undefined)
    known.byCall.set(call, (signature = inspectCall(entity, command, house, tools)));
  return signature;
}

function inspectCall(
  entity: EntityId,
  command: string,
  house: House,
  tools: readonly ToolSignature[],
): Signature | string {
  if (entity.startsWith('tool.')) {
    const name = entity.slice('tool.'.length);
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool === undefined) {
      const names = tools.map((candidate) => candidate.name);
      return trim(`Expected a known tool but received ${name}; ${didYouMean(name, names)}`);
    }
    return toolArguments(tool);
  }
  const found = house.entity(entity);
  if (found === undefined) return unknownEntity(entity, house);
  const { commands } = kindSpec(found.kind);
  const named = onlyNamed(found);
  if (Object.keys(commands).length === 0 || (found.commands.length === 0 && !named)) {
    return `Expected an entity that takes commands but ${entity} only reports`;
  }
  // What its kind usually takes, until a hub says what it takes.
  const known = named
    ? Object.keys(commands)
    : found.commands.filter((name) => Object.hasOwn(commands, name));
  if (!known.includes(command)) {
    return trim(`Expected a command of ${entity} but received ${command}; ${didYouMean(command, known)}`);
  }
  const args = commands[command]!.args;
  return Object.fromEntries(Object.entries(args).map(([name, spec]) => [name, narrow(found, name, spec)]));
}

function toolArguments(tool: ToolSignature): Record<string, ArgSpec> {
  const required = tool.parameters.required ?? [];
  return Object.fromEntries(
    Object.entries(tool.parameters.properties).map(([name, { type }]) => [
      name,
      { type: type === 'string' ? 'text' : type, required: required.includes(name) },
    ]),
  );
}

function narrow(entity: Entity, name: string, spec: ArgSpec): ArgSpec {
  const property = spec.property ?? name;
  const own = Object.hasOwn(entity.properties, property) ? entity.properties[property] : undefined;
  if (own === undefined) return spec;
  return {
    ...spec,
    ...(own.min === undefined ? {} : { min: own.min }),
    ...(own.max === undefined ? {} : { max: own.max }),
    ...(own.values === undefined || spec.type === 'number' ? {} : { type: 'enum', values: own.values }),
  };
}

/** Why a value does not do for an argument, as the second half of a sentence; undefined if it does. */
export function argumentProblem(name: string, spec: ArgSpec, value: Value): string | undefined {
  const received = `but received ${quote(value)}`;
  switch (spec.type) {
    case 'number': {
      if (typeof value !== 'number') return `Expected a number for ${name} ${received}`;
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
      if (value >= min && value <= max) return undefined;
      const unit = spec.unit === undefined ? '' : ` ${spec.unit}`;
      const range = Number.isFinite(min)
        ? Number.isFinite(max)
          ? `${min} to ${max}`
          : `at least ${min}`
        : `at most ${max}`;
      return `Expected ${range}${unit} for ${name} ${received}`;
    }
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `Expected true or false for ${name} ${received}`;
    case 'text':
      return typeof value === 'string' ? undefined : `Expected a text for ${name} ${received}`;
    case 'color':
      return typeof value === 'string' && COLOR.test(value)
        ? undefined
        : `Expected a color name or #rrggbb for ${name} ${received}`;
    case 'enum': {
      const values = spec.values ?? [];
      if (typeof value === 'string' && values.includes(value)) return undefined;
      return trim(`Expected one of the values of ${name} ${received}; ${didYouMean(String(value), values)}`);
    }
  }
}

/** Checks a call's entity, command and arguments as far as they can be known before it is made. */
export function checkCall(
  call: { entity: EntityId; command: string; args: Readonly<Record<string, Expression>> },
  house: House,
  tools: readonly ToolSignature[],
): readonly TypeProblem[] {
  const signature = signatureOf(call.entity, call.command, house, tools);
  if (typeof signature === 'string') return [{ severity: 'error', message: signature }];
  const problems: TypeProblem[] = [];
  const entity = call.entity.startsWith('tool.') ? undefined : house.entity(call.entity);
  if (entity !== undefined && onlyNamed(entity)) {
    problems.push({
      severity: 'warning',
      message: `${entity.id} is known by its name only; it can be commanded once a hub announces it or house.yaml says its dialect and topic`,
      waits: true,
    });
  }
  const report = (message: string): void => void problems.push({ severity: 'error', message });
  for (const name in call.args) {
    const value = call.args[name]!;
    const spec = Object.hasOwn(signature, name) ? signature[name] : undefined;
    if (spec === undefined) {
      report(
        trim(
          `Expected an argument of ${call.command} but received ${name}; ${didYouMean(name, Object.keys(signature))}`,
        ),
      );
    } else if (value.expr.op === 'literal') {
      const wrong = argumentProblem(name, spec, value.expr.value);
      if (wrong !== undefined) report(wrong);
    } else {
      const wanted = spec.type === 'number' || spec.type === 'boolean' ? spec.type : 'text';
      const type = staticType(value.expr);
      if (type === 'any' || type === wanted) problems.push(...checkExpression(value, house, wanted));
      else report(`Expected a ${wanted} for ${name} but ${value.source} is a ${type}`);
    }
  }
  for (const name in signature) {
    if (signature[name]!.required === true && !Object.hasOwn(call.args, name)) {
      report(`Expected the argument ${name} for ${call.entity}.${call.command} but it is missing`);
    }
  }
  return problems;
}
