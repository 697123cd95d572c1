import type { Call } from '../contract/action.ts';
import type { Tool } from '../contract/actuator.ts';
import type { Refusal } from '../contract/decision.ts';
import type { Entity, House, Target } from '../contract/house.ts';
import { propertyKey } from '../contract/ids.ts';
import { kindSpec } from '../contract/kinds.ts';
import type { ArgSpec, CommandSpec } from '../contract/kinds.ts';
import type { Value } from '../contract/reading.ts';
import type { StateView } from '../contract/state.ts';
import { matchesAny } from '../lib/pattern.ts';
import { didYouMean } from '../lib/suggest.ts';

export interface Limits {
  /** Patterns such as `light.*` or `cover.garage`; nothing else is ever done. */
  readonly allow: readonly string[];
  /** What a person must approve first, each time. */
  readonly approve: readonly string[];
}

export interface InterlockParts {
  readonly limits: Limits;
  readonly house: House;
  readonly state: StateView;
  readonly tools: ReadonlyMap<string, Pick<Tool, 'parameters'>>;
  /** Whether a dialect only sends messages that set something: webhooks and user code may do anything. */
  readonly repeatable: (dialect: string) => boolean;
  /** Whether a rule of the house forbids a call, and why; asked last, in absolute terms. */
  readonly veto?: (call: Call) => string | undefined;
}

/** A call that may be carried out: checked, in absolute terms, with what its execution needs to know. */
export interface Cleared {
  readonly call: Call;
  readonly target: Target;
  readonly repeat: 'safe' | 'never';
  readonly critical: boolean;
  readonly needsApproval: boolean;
  readonly before: Readonly<Record<string, Value>>;
  readonly confirmMs: number;
}

/** The target of `tool.<name>` calls: a function in a pool worker instead of a device. */
export const TOOL_DIALECT = 'tool';

/**
 * The last check before anything is done, the same for every rung: is it allowed, does it exist, are the arguments
 * possible. Not a rung: no rung can pass around it.
 */
export class Interlocks {
  readonly #parts: InterlockParts;

  constructor(parts: InterlockParts) {
    this.#parts = parts;
  }

  check(call: Call): Cleared | Refusal {
    const approvable = matchesAny(this.#parts.limits.approve, call.entity);
    if (!matchesAny(this.#parts.limits.allow, call.entity) && !approvable) {
      return refusal(call, 'not-allowed', `${call.entity} is in neither limits.allow nor limits.approve.`);
    }
    const checked = call.entity.startsWith('tool.')
      ? this.#checkTool(call, approvable)
      : this.#checkDevice(call, approvable);
    if (isRefusal(checked)) return checked;
    const veto = this.#parts.veto?.(checked.call);
    return veto === undefined ? checked : refusal(checked.call, 'vetoed', `${veto}.`);
  }

  #checkTool(call: Call, needsApproval: boolean): Cleared | Refusal {
    const name = call.entity.slice('tool.'.length);
    const tool = this.#parts.tools.get(name);
    if (tool === undefined) {
      return refusal(
        call,
        'unknown-entity',
        `Expected a tool named ${name} but there is none; ${didYouMean(name, [...this.#parts.tools.keys()])}`,
      );
    }
    const specs: Record<string, ArgSpec> = {};
    for (const [arg, schema] of Object.entries(tool.parameters.properties)) {
      specs[arg] = {
        type: schema.type === 'string' ? 'text' : schema.type,
        required: tool.parameters.required?.includes(arg) ?? false,
      };
    }
    const problem = argsProblem(call, specs, {});
    if (problem !== undefined) return refusal(call, problem.code, problem.reason);
    return {
      call,
      target: toolTarget(call.entity),
      repeat: 'never',
      critical: false,
      needsApproval,
      before: {},
      confirmMs: 0,
    };
  }

  #checkDevice(asked: Call, needsApproval: boolean): Cleared | Refusal {
    const entity = this.#parts.house.entity(asked.entity);
    if (entity === undefined)
      return refusal(
        asked,
        'unknown-entity',
        `Expected an entity of the house but ${asked.entity} is not one.`,
      );
    const before = this.#known(entity);
    const call = absolute(asked, entity, before);
    const command = kindSpec(entity.kind).commands[call.command];
    if (
      command === undefined ||
      (!entity.commands.includes(call.command) && !entity.commands.includes(asked.command))
    ) {
      return refusal(
        asked,
        'unknown-command',
        `Expected a command of ${entity.id} but ${asked.command} is none; ${didYouMean(asked.command, entity.commands)}`,
      );
    }
    if (entity.target === undefined)
      return refusal(call, 'no-target', `${entity.id} only reports; nothing can be sent to it.`);
    const problem = argsProblem(call, command.args, entity.properties);
    if (problem !== undefined) return refusal(call, problem.code, problem.reason);
    return {
      call,
      target: entity.target,
      repeat: this.#parts.repeatable(entity.target.dialect) ? command.repeat : 'never',
      critical: entity.critical,
      needsApproval,
      before,
      confirmMs: canConfirm(command, call) ? kindSpec(entity.kind).confirmMs : 0,
    };
  }

  #known(entity: Entity): Record<string, Value> {
    const before: Record<string, Value> = {};
    for (const property of Object.keys(kindSpec(entity.kind).properties)) {
      const value = this.#parts.state.current(this.#parts.state.slot(propertyKey(entity.id, property)));
      if (value !== undefined) before[property] = value;
    }
    return before;
  }
}

/** `tool.say` → what the dispatcher needs to find it. */
export function toolTarget(entity: string): Target {
  return { dialect: TOOL_DIALECT, address: { name: entity.slice('tool.'.length) } };
}

export function isRefusal(result: Cleared | Refusal): result is Refusal {
  return 'reason' in result;
}

/** `toggle` of a light that is on becomes `turn_off`, which can be repeated without harm. */
function absolute(call: Call, entity: Entity, before: Readonly<Record<string, Value>>): Call {
  const command = kindSpec(entity.kind).commands[call.command]?.absolute?.[String(before['state'])];
  return command === undefined ? call : { ...call, command };
}

function canConfirm(command: CommandSpec, call: Call): boolean {
  return Object.keys(command.shows).length > 0 || Object.keys(call.args).length > 0;
}

interface ArgProblem {
  readonly code: 'bad-argument' | 'out-of-range';
  readonly reason: string;
}

/** The first thing wrong with the arguments; a device's own limits are narrower than its kind's. */
function argsProblem(
  call: Call,
  specs: Readonly<Record<string, ArgSpec>>,
  device: Entity['properties'],
): ArgProblem | undefined {
  const bad = (reason: string): ArgProblem => ({ code: 'bad-argument', reason });
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.required === true && call.args[name] === undefined)
      return bad(`Expected ${name} for ${call.entity}.${call.command} but it is missing.`);
  }
  for (const [name, value] of Object.entries(call.args)) {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined)
      return bad(
        `Expected an argument of ${call.entity}.${call.command} but ${name} is none; ${didYouMean(name, Object.keys(specs))}`,
      );
    const limits = { ...spec, ...device[spec.property ?? name] };
    const expected = expectedValue(value, limits);
    if (expected === undefined) continue;
    const code = limits.type === 'number' && typeof value === 'number' ? 'out-of-range' : 'bad-argument';
    return { code, reason: `Expected ${expected} for ${name} but received ${JSON.stringify(value)}.` };
  }
  return undefined;
}

/** What a value should have been; undefined if it is right. */
function expectedValue(value: Value, spec: ArgSpec): string | undefined {
  const unless = (right: boolean, expected: string): string | undefined => (right ? undefined : expected);
  const { min = -Infinity, max = Infinity, values } = spec;
  switch (spec.type) {
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'a number';
      return unless(value >= min && value <= max, `a number from ${min} to ${max}`);
    case 'boolean':
      return unless(typeof value === 'boolean', 'true or false');
    case 'color':
      return unless(
        typeof value === 'string' && /^(#[0-9a-f]{6}|[a-z]{3,20})$/i.test(value),
        'a colour name or #rrggbb',
      );
    case 'enum':
    case 'text':
      if (typeof value !== 'string' || value.length > 1000) return 'a text of at most 1000 characters';
      return values === undefined ? undefined : unless(values.includes(value), `one of ${values.join(', ')}`);
    default:
      return 'a known type';
  }
}

function refusal(call: Call, code: Refusal['code'], reason: string): Refusal {
  return { call, code, reason };
}
