import { expect } from 'vitest';
import { encoderFor, type HouseRegistry } from '../../devices/index.ts';
import type { Action } from '../../runtime/contract/action.ts';
import type { WireCommand } from '../../runtime/contract/actuator.ts';
import type { Decoder } from '../../runtime/contract/decoder.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import { expectedState, shows, type Kind } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import { read } from '../support/house/world.ts';

export function action(
  entity: EntityId,
  command: string,
  args: Readonly<Record<string, Value>> = {},
): Action {
  return {
    id: '01hzzzzzzzzzzzzzzzzz',
    decision: 'd',
    entity,
    command,
    args,
    idempotencyKey: 'k',
    deadline: 0 as WallMs,
    repeat: 'safe',
    critical: false,
    before: {},
  };
}

export function encode(
  house: HouseRegistry,
  entity: EntityId,
  command: string,
  args: Readonly<Record<string, Value>> = {},
): readonly WireCommand[] {
  const target = house.entity(entity)?.target;
  expect(target, `${entity} has a target`).toBeDefined();
  return encoderFor(target!.dialect).encode(action(entity, command, args), target!);
}

export type Command = [entity: EntityId, command: string, args?: Readonly<Record<string, Value>>];

/** A device that does what it is told: a command as it came over the wire → the state it publishes. */
export type FaithfulDevice = (
  command: WireCommand,
) => readonly { readonly topic: string; readonly payload: unknown }[];

/** Encodes a command, lets the device echo it, and says what of the state that would show it has worked is missing. */
export function disagreement(
  house: HouseRegistry,
  decoder: Decoder,
  device: FaithfulDevice,
  ...[entity, command, args = {}]: Command
): readonly string[] {
  const kind: Kind = house.entity(entity)!.kind;
  const reported: Record<string, Value> = {};
  for (const wire of encode(house, entity, command, args)) {
    for (const { topic, payload } of device(wire))
      Object.assign(reported, read(house, decoder, topic, payload));
  }
  const wanted = Object.entries(expectedState(kind, command, args));
  if (wanted.length === 0) return [`${entity}.${command} has nothing to confirm it by`];
  return wanted
    .map(([property, value]) => ({ property, value, seen: reported[`${entity}.${property}`] }))
    .filter(({ property, value, seen }) => seen === undefined || !shows(kind, property, value, seen))
    .map(
      ({ property, value, seen }) =>
        `${entity}.${property}: wanted ${String(value)}, reported ${String(seen)}`,
    );
}
