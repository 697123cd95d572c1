import { describe, expect, it } from 'vitest';
import { Interlocks, isRefusal } from '../../../runtime/act/interlocks.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import type { Tool } from '../../../runtime/contract/actuator.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { StateStore } from '../../../sensors/index.ts';
import { entity, houseOf } from '../../support/house.ts';
import { reading } from '../../support/samples.ts';

const clock = new ManualClock();
const house = houseOf([
  entity('light.hall'),
  entity('light.gate', { target: { dialect: 'webhook', address: { url: 'http://127.0.0.1/' } } }),
  entity('lock.door'),
  entity('fan.attic'),
  entity('sensor.hall'),
  entity('climate.living', { properties: { target_temperature: { min: 5, max: 30 } } }),
  entity('cover.window', { commands: ['open', 'close'] }),
]);
const say: Tool = {
  name: 'say',
  description: 'says',
  parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  run: () => null,
};

function check(call: Partial<Call> & Pick<Call, 'entity' | 'command'>, state = new StateStore({ clock })) {
  const limits = {
    allow: ['light.*', 'sensor.*', 'climate.*', 'cover.window', 'tool.say'],
    approve: ['lock.*'],
  };
  const repeatable = (dialect: string): boolean => dialect !== 'webhook';
  return new Interlocks({ limits, house, state, tools: new Map([['say', say]]), repeatable }).check({
    args: {},
    ...call,
  });
}

function refusalOf(call: Partial<Call> & Pick<Call, 'entity' | 'command'>) {
  const result = check(call);
  if (!isRefusal(result)) throw new TypeError('was cleared');
  return result;
}

describe('interlocks', () => {
  it('clears what is allowed, with its target, its repeat class and the state before', () => {
    const state = new StateStore({ clock });
    state.apply(reading('light.hall.state', 'on', clock.wall()));
    expect(
      check({ entity: 'light.hall', command: 'turn_on', args: { brightness: 20 } }, state),
    ).toMatchObject({
      repeat: 'safe',
      critical: false,
      needsApproval: false,
      before: { state: 'on' },
      confirmMs: 5000,
    });
  });

  it('ask the rules that forbid, about the command as it would be sent', () => {
    const state = new StateStore({ clock });
    state.apply(reading('light.hall.state', 'on', clock.wall()));
    const asked: string[] = [];
    const limits = { allow: ['light.*'], approve: [] };
    const veto = ({ command }: Call): string => `no ${asked[asked.push(command) - 1]}`;
    const interlocks = new Interlocks({
      limits,
      house,
      state,
      tools: new Map(),
      repeatable: () => true,
      veto,
    });
    expect(interlocks.check({ entity: 'light.hall', command: 'toggle', args: {} })).toMatchObject({
      code: 'vetoed',
      reason: 'no turn_off.',
    });
    interlocks.check({ entity: 'lock.door', command: 'unlock', args: {} });
    expect(asked).toEqual(['turn_off']);
  });

  it('holds critical kinds back for approval', () => {
    expect(check({ entity: 'lock.door', command: 'unlock' })).toMatchObject({
      needsApproval: true,
      critical: true,
    });
  });

  it('makes a toggle absolute while the state is known, and leaves it unrepeatable otherwise', () => {
    const state = new StateStore({ clock });
    state.apply(reading('light.hall.state', 'on', clock.wall()));
    expect(check({ entity: 'light.hall', command: 'toggle' }, state)).toMatchObject({
      call: { command: 'turn_off' },
      repeat: 'safe',
    });
    expect(check({ entity: 'light.hall', command: 'toggle' })).toMatchObject({
      call: { command: 'toggle' },
      repeat: 'never',
    });
  });

  it.each([
    [{ entity: 'fan.attic', command: 'turn_on' }, 'not-allowed', /neither limits.allow nor limits.approve/],
    [{ entity: 'light.cellar', command: 'turn_on' }, 'unknown-entity', /light\.cellar is not one/],
    [{ entity: 'light.hall', command: 'turn_onn' }, 'unknown-command', /did you mean turn_on\?/],
    [
      { entity: 'cover.window', command: 'set_position', args: { position: 5 } },
      'unknown-command',
      /there is open, close/,
    ],
    [{ entity: 'sensor.hall', command: 'turn_on' }, 'unknown-command', /turn_on is none/],
    [
      { entity: 'light.hall', command: 'turn_on', args: { brightness: 101 } },
      'out-of-range',
      /a number from 0 to 100 for brightness but received 101/,
    ],
    [
      { entity: 'light.hall', command: 'turn_on', args: { brightness: Number.NaN } },
      'out-of-range',
      /a number for brightness/,
    ],
    [{ entity: 'light.hall', command: 'turn_on', args: { brightness: 'full' } }, 'bad-argument', /"full"/],
    [
      { entity: 'light.hall', command: 'turn_on', args: { brigtness: 5 } },
      'bad-argument',
      /did you mean brightness\?/,
    ],
    [{ entity: 'light.hall', command: 'turn_on', args: { color: 'red; rm -rf' } }, 'bad-argument', /colour/],
    [
      { entity: 'light.hall', command: 'turn_on', args: JSON.parse('{"__proto__": 1}') as Call['args'] },
      'bad-argument',
      /__proto__/,
    ],
    [
      { entity: 'climate.living', command: 'set_temperature', args: { temperature: 35 } },
      'out-of-range',
      /from 5 to 30/,
    ],
    [{ entity: 'climate.living', command: 'set_temperature' }, 'bad-argument', /it is missing/],
    [{ entity: 'tool.shout', command: 'run' }, 'not-allowed', /tool\.shout/],
    [{ entity: 'tool.say', command: 'run' }, 'bad-argument', /Expected text/],
  ] as const)('refuses %j', (call, code, reason) => {
    expect(refusalOf(call)).toMatchObject({ code });
    expect(refusalOf(call).reason).toMatch(reason);
  });

  it('never repeats what a webhook or user code does, whatever its kind', () => {
    expect(check({ entity: 'light.hall', command: 'turn_on' })).toMatchObject({ repeat: 'safe' });
    expect(check({ entity: 'light.gate', command: 'turn_on' })).toMatchObject({ repeat: 'never' });
  });

  it('clears a tool with the arguments its schema names', () => {
    expect(check({ entity: 'tool.say', command: 'run', args: { text: 'hello' } })).toMatchObject({
      target: { dialect: 'tool' },
      repeat: 'never',
    });
  });
});
