import type { Call } from '../../runtime/contract/action.ts';
import type { PropertyInfo } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import { expectedState, kindSpec, type Kind, type ValueSpec } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { StateSnapshot } from '../../runtime/contract/state.ts';

/** As much of an entity as an effect depends on. Without `properties` the device is taken to have all of its kind's. */
export interface EffectTarget {
  readonly kind: Kind;
  readonly properties?: Readonly<Record<string, PropertyInfo>>;
}

type Properties = Record<string, Value>;

/**
 * The properties a command changes and the values they will have: what a device that works reports afterwards.
 * Pure. Numbers are clamped to the property's range; a command the kind lacks changes nothing.
 * @param before the entity's properties before the command, those known: toggling and stopping depend on them
 */
export function effectOf(target: EffectTarget, call: Call, before: Readonly<Properties>): Properties {
  const command = absoluteCommand(target.kind, call.command, before);
  if (command === undefined) return {};
  const changed = clamped(target, expectedState(target.kind, command, call.args));
  IMPLIED[target.kind]?.(target, command, changed, before);
  return changed;
}

/** The state of the house after these calls, in order. Entities of unknown kind are left as they are. */
export function simulate(
  state: StateSnapshot,
  calls: readonly Call[],
  kindOf: (entity: EntityId) => Kind | undefined,
): StateSnapshot {
  const after = new Map<string, Readonly<Properties>>(Object.entries(state));
  for (const call of calls) {
    const kind = kindOf(call.entity);
    if (kind === undefined) continue;
    const before = after.get(call.entity) ?? {};
    after.set(call.entity, { ...before, ...effectOf({ kind }, call, before) });
  }
  return Object.fromEntries(after);
}

/** `toggle` → `turn_on` or `turn_off` by the present state; a lamp nobody knows anything about is taken to be off. */
function absoluteCommand(kind: Kind, command: string, before: Readonly<Properties>): string | undefined {
  const commands = kindSpec(kind).commands;
  if (!Object.hasOwn(commands, command)) return undefined;
  const absolute = commands[command]?.absolute;
  if (absolute === undefined) return command;
  const state = typeof before['state'] === 'string' ? before['state'] : 'off';
  return Object.hasOwn(absolute, state) ? absolute[state] : undefined;
}

function clamped(target: EffectTarget, wanted: Readonly<Properties>): Properties {
  const result: Properties = {};
  for (const [name, value] of Object.entries(wanted)) {
    const spec = kindSpec(target.kind).properties[name];
    result[name] =
      typeof value === 'number' && spec !== undefined ? clamp(value, spec, target.properties?.[name]) : value;
  }
  return result;
}

function clamp(value: number, spec: ValueSpec, device: PropertyInfo | undefined): number {
  const min = Math.max(spec.min ?? -Infinity, device?.min ?? -Infinity);
  const max = Math.min(spec.max ?? Infinity, device?.max ?? Infinity);
  return Math.min(Math.max(value, min), Math.max(min, max));
}

type Implied = (
  target: EffectTarget,
  command: string,
  changed: Properties,
  before: Readonly<Properties>,
) => void;

/** What a command changes besides what the kinds table says: positions, running states, devices that go off at 0. */
const IMPLIED: Partial<Record<Kind, Implied>> = {
  light(_target, _command, changed) {
    // Level 0 is off in Home Assistant and on Zigbee alike.
    if (changed['brightness'] !== 0) return;
    delete changed['brightness'];
    changed['state'] = 'off';
  },
  fan(_target, _command, changed) {
    if (typeof changed['speed'] === 'number') changed['state'] = changed['speed'] > 0 ? 'on' : 'off';
  },
  cover: addTravel,
  valve: addTravel,
  media_player(_target, command, changed, before) {
    const off = before['state'] === undefined || before['state'] === 'off';
    if (command === 'turn_on' && off) changed['state'] = 'on';
    if (command === 'stop' && !off) changed['state'] = 'idle';
  },
  vacuum(_target, command, changed, before) {
    if (before['state'] !== 'docked') return;
    if (command === 'return_to_base') changed['state'] = 'docked';
    if (command === 'stop') delete changed['state'];
  },
};

function addTravel(
  target: EffectTarget,
  command: string,
  changed: Properties,
  before: Readonly<Properties>,
): void {
  const positioned = target.properties === undefined || Object.hasOwn(target.properties, 'position');
  if (command === 'open' && positioned)
    changed['position'] = clamp(100, { type: 'number' }, target.properties?.['position']);
  if (command === 'close' && positioned)
    changed['position'] = clamp(0, { type: 'number' }, target.properties?.['position']);
  if (typeof changed['position'] === 'number') changed['state'] = changed['position'] > 0 ? 'open' : 'closed';
  const moving = before['state'] === 'opening' || before['state'] === 'closing';
  if (command === 'stop' && moving) changed['state'] = 'stopped';
}
