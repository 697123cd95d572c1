import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectOf, simulate } from '../../../devices/simulator/effects.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import { kindOf, type EntityId } from '../../../runtime/contract/ids.ts';
import { expectedState, isKind, KINDS, kindSpec, shows, type Kind } from '../../../runtime/contract/kinds.ts';
import type { Value } from '../../../runtime/contract/reading.ts';

const call = (entity: string, command: string, args: Record<string, Value> = {}): Call => ({
  entity: entity as EntityId,
  command,
  args,
});

describe('effectOf', () => {
  test.each<[Kind, string, Record<string, Value>, Record<string, Value>, Record<string, Value>]>([
    ['light', 'turn_on', { brightness: 20 }, {}, { state: 'on', brightness: 20 }],
    ['light', 'turn_on', { brightness: 0 }, { state: 'on' }, { state: 'off' }],
    ['light', 'turn_on', { brightness: 250 }, {}, { state: 'on', brightness: 100 }],
    ['light', 'toggle', {}, { state: 'on' }, { state: 'off' }],
    ['light', 'toggle', {}, {}, { state: 'on' }],
    ['fan', 'set_speed', { speed: 40 }, { state: 'off' }, { state: 'on', speed: 40 }],
    ['fan', 'set_speed', { speed: 0 }, { state: 'on' }, { state: 'off', speed: 0 }],
    ['cover', 'open', {}, { state: 'closed' }, { state: 'open', position: 100 }],
    ['cover', 'close', {}, {}, { state: 'closed', position: 0 }],
    ['cover', 'set_position', { position: 30 }, {}, { state: 'open', position: 30 }],
    ['cover', 'stop', {}, { state: 'opening' }, { state: 'stopped' }],
    ['cover', 'stop', {}, { state: 'open' }, {}],
    ['lock', 'unlock', {}, { state: 'locked' }, { state: 'unlocked' }],
    ['climate', 'set_temperature', { temperature: 99 }, {}, { target_temperature: 40 }],
    ['climate', 'turn_off', {}, {}, { mode: 'off' }],
    ['media_player', 'mute', {}, {}, { muted: true }],
    ['media_player', 'stop', {}, { state: 'playing' }, { state: 'idle' }],
    ['vacuum', 'return_to_base', {}, { state: 'docked' }, { state: 'docked' }],
    ['scene', 'activate', {}, {}, {}],
    ['light', 'explode', {}, {}, {}],
    ['light', 'constructor', {}, {}, {}],
    ['sensor', 'turn_on', {}, {}, {}],
  ])('%s.%s %o on %o gives %o', (kind, command, args, before, after) => {
    expect(effectOf({ kind }, call(`${kind}.x`, command, args), before)).toEqual(after);
  });

  test('keeps to the range of the device, and invents no position for a blind without one', () => {
    const climate = { kind: 'climate', properties: { target_temperature: { min: 5, max: 30 } } } as const;
    expect(effectOf(climate, call('climate.x', 'set_temperature', { temperature: 35 }), {})).toEqual({
      target_temperature: 30,
    });
    expect(effectOf({ kind: 'cover', properties: { state: {} } }, call('cover.x', 'open'), {})).toEqual({
      state: 'open',
    });
  });

  test('shows what the kinds table expects of every repeatable command, and doing it twice changes nothing', () => {
    const commands = Object.keys(KINDS)
      .filter(isKind)
      .flatMap((kind) => Object.keys(kindSpec(kind).commands).map((command) => ({ kind, command })));
    fc.assert(
      fc.property(
        fc.constantFrom(...commands),
        fc.integer({ min: 1, max: 40 }),
        ({ kind, command }, number) => {
          const spec = kindSpec(kind).commands[command]!;
          const args: Record<string, Value> = {};
          for (const [name, arg] of Object.entries(spec.args)) {
            if (arg.type === 'number') args[name] = Math.max(number, arg.min ?? 0);
            else args[name] = arg.values?.[0] ?? 'red';
          }
          const once = effectOf({ kind }, call(`${kind}.x`, command, args), {});
          for (const [property, wanted] of Object.entries(expectedState(kind, command, args))) {
            expect(shows(kind, property, wanted, once[property]!)).toBe(true);
          }
          if (spec.repeat !== 'safe') return;
          expect({ ...once, ...effectOf({ kind }, call(`${kind}.x`, command, args), once) }).toEqual(once);
        },
      ),
    );
  });
});

test('simulate applies calls in order, leaves the input alone and skips kinds it does not know', () => {
  const before = { 'light.a': { state: 'off', brightness: 50 } } as const;
  const after = simulate(
    before,
    [
      call('light.a', 'toggle'),
      call('light.a', 'turn_on', { brightness: 10 }),
      call('rocket.b', 'launch'),
      call('light.__proto__', 'turn_on'),
    ],
    (id) => {
      const kind = kindOf(id);
      return isKind(kind) ? kind : undefined;
    },
  );
  expect(after).toEqual({ 'light.a': { state: 'on', brightness: 10 }, 'light.__proto__': { state: 'on' } });
  expect(before['light.a'].state).toBe('off');
});
