import type { Action } from '../../runtime/contract/action.ts';
import type { Decision } from '../../runtime/contract/decision.ts';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';

export function reading(key: PropertyKey, value: Value, atMs = 0, extra: Partial<Reading> = {}): Reading {
  return { key, value, at: atMs as WallMs, received: atMs as MonoMs, retained: false, ...extra };
}

export function action(id: string, extra: Partial<Action> = {}): Action {
  return {
    id,
    decision: `d-${id}`,
    entity: 'light.hall',
    command: 'turn_on',
    args: {},
    idempotencyKey: id,
    deadline: 1e15 as WallMs,
    repeat: 'safe',
    critical: false,
    before: {},
    ...extra,
  };
}

export function decision(id: string, extra: Partial<Decision> = {}): Decision {
  return {
    id,
    at: 1000 as WallMs,
    rung: 'rule',
    trigger: { kind: 'time' },
    actions: [],
    refused: [],
    confidence: 1,
    explanation: 'because',
    latencyMs: 1,
    skipped: [],
    durable: true,
    inputs: {},
    ...extra,
  };
}
