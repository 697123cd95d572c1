import { describe, expect, it } from 'vitest';
import { contradictionsOf } from '../../../policies/author/contradiction.ts';
import { describeDraft, spanText } from '../../../policies/author/describe.ts';
import { diffLines } from '../../../policies/author/diff.ts';
import { keyOf, type Draft } from '../../../policies/author/draft.ts';
import { edited } from '../../../policies/author/edit.ts';
import { circleOf, undoesItself, undoneBy } from '../../../policies/author/loops.ts';
import { readDraft } from '../../../policies/author/read.ts';
import { endOf, undoOf } from '../../../policies/author/undo.ts';
import { asEntry, idFor, writeDraft } from '../../../policies/author/write.ts';
import { parsePolicies } from '../../../policies/rules/parse.ts';
import { HOME } from '../../support/author.ts';

const part = <T>(value: T) => ({ value, words: [] });
const MOTION = 'binary_sensor.hallway_motion.state == "on"';

function draft(changes: Partial<Draft> = {}): Draft {
  return {
    when: part(MOTION),
    if: [part('sun.elevation < 0')],
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: [part('light.hallway.turn_on(brightness: 20)')],
    mode: 'suggest',
    ...changes,
  };
}

describe('a draft as policies', () => {
  it('is written so that it can be read back', () => {
    const full = draft({
      if: [part('sun.elevation < 0'), part('(now.time >= "22:00" || now.time < "06:00")')],
      hold: part(90_000),
      lasts: part(300_000),
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      then: [part('light.hallway.turn_on(brightness: 20)'), part('light.stairs.turn_on')],
      cooldownMs: 60_000,
      priority: 70,
    });
    const policies = writeDraft('hallway', full);
    expect(policies.map(({ id }) => id)).toEqual(['hallway', 'hallway-end']);
    const { problems } = parsePolicies(policies.map(({ id, text }) => ({ name: id, text: asEntry(text) })));
    expect(problems).toEqual([]);
    const read = readDraft('hallway', new Map(policies.map(({ id, text }) => [id, text])));
    if (!('draft' in read)) throw new Error(read.reason);
    expect(keyOf(read.draft)).toBe(keyOf(full));
    expect(read.draft).toMatchObject({ cooldownMs: 60_000, priority: 70, mode: 'suggest' });
    expect(writeDraft('hallway', read.draft)).toEqual(policies);
  });

  it('tells what cannot be edited', () => {
    const veto = 'id: never\nnever: lock.*.unlock\n';
    expect(readDraft('never', new Map([['never', veto]]))).toEqual({ reason: 'no rule' });
    expect(readDraft('other', new Map())).toEqual({ reason: 'unknown' });
  });

  it('has an id of its own, also where the end of another rule has it', () => {
    expect(idFor(['Hallway light', 'on'], new Set())).toBe('hallway-light-on');
    expect(idFor(['Hallway light', 'on'], new Set(['hallway-light-on', 'hallway-light-on-2-end']))).toBe(
      'hallway-light-on-3',
    );
    expect(idFor(['日本'], new Set())).toBe('rule');
  });

  it('is told in words', () => {
    expect(describeDraft(draft({ lasts: part(300_000) }), HOME)).toBe(
      'When Hallway motion sensor sees someone, and only if the sun is down: turn on Hallway light (brightness 20 %); 5 minutes later: turn off Hallway light. It only suggests this until it is put to work.',
    );
    const timed = draft({ when: part('cron("30 7 * * 1-5")'), if: [], mode: 'auto' });
    expect(describeDraft(timed, HOME)).toBe(
      'At 07:30 on Monday to Friday: turn on Hallway light (brightness 20 %).',
    );
    expect(spanText(5_400_000)).toBe('1 hour 30 minutes');
  });
});

describe('what ends a rule', () => {
  it('keeps its limits of time, moved, and drops what may have changed', () => {
    const lasting = draft({
      if: [part('now.time >= "22:00"'), part('now.weekday <= 5'), part('person.nora.state == "home"')],
      hold: part(60_000),
      lasts: part(600_000),
    });
    expect(endOf(lasting)).toEqual({
      when: `count(${MOTION}, "11m") == 0`,
      if: '(now.time >= "22:00" || now.time < "00:10") && (now.weekday <= 5 || now.time < "00:10")',
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      then: ['light.hallway.turn_off'],
    });
    const until = endOf(draft({ if: [part('now.time < "23:55"')], lasts: part(600_000) }));
    expect(until?.if).toBeUndefined();
  });

  it('never unlocks or opens a valve by itself', () => {
    expect(undoOf('lock.front_door.lock')).toBeUndefined();
    expect(undoOf('valve.water.close')).toBeUndefined();
    expect(undoOf('lock.front_door.unlock')).toBe('lock.front_door.lock');
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    expect(endOf(draft({ lasts: part(1000), then: [part('lock.front_door.lock')] }))).toBeUndefined();
  });
});

describe('rules that fight', () => {
  const rule = (id: string, when: string, then: string) => ({ id, when, then: [then], holds: false });

  it('undo what sets them off, unless that may last', () => {
    const off = { when: part('light.hallway.state == "on"'), then: [part('light.hallway.turn_off')] };
    expect(undoesItself(draft(off))).toBe('light.hallway.state');
    expect(undoesItself(draft({ ...off, hold: part(60_000) }))).toBeUndefined();
    expect(undoesItself(draft())).toBeUndefined();
  });

  it('swing in a circle, and two that follow one another do not', () => {
    const on = rule('a', 'light.hallway.state == "off"', 'light.hallway.turn_on');
    const off = rule('b', 'light.hallway.state == "on"', 'light.hallway.turn_off');
    expect(circleOf(on, [off])).toEqual(['a', 'b']);
    const follows = rule('c', 'light.hallway.state == "on"', 'light.stairs.turn_on');
    const back = rule('d', 'light.stairs.state == "on"', 'light.hallway.turn_on');
    expect(circleOf(follows, [back])).toBeUndefined();
    expect(undoneBy(rule('e', 'light.stairs.state == "on"', 'light.hallway.turn_off'), [follows])).toEqual([
      'c',
    ]);
  });

  it('contradict one another on the very same trigger', () => {
    const other = `id: other\nwhen: ${MOTION}\nthen: light.hallway.turn_off\nmode: suggest\n`;
    const found = contradictionsOf(draft(), [['other', other]]);
    expect(found).toMatchObject([{ id: 'other', entity: 'light.hallway', theirs: 'light.hallway.turn_off' }]);
    const apart = other.replace('"on"', '"off"');
    expect(contradictionsOf(draft(), [['other', apart]])).toEqual([]);
  });
});

describe('changes', () => {
  it('replace what a rule says about the same thing', () => {
    const changed = edited(draft(), [
      { op: 'only-if', conditions: [part('sun.elevation > 0'), part('now.weekday <= 5')] },
      { op: 'hold', hold: part(1000) },
      { op: 'change-calls', calls: [part('light.hallway.turn_on(brightness: 30)')] },
      { op: 'add-calls', calls: [part('light.stairs.turn_on')] },
      { op: 'mode', mode: 'auto' },
    ]);
    expect(changed.if.map(({ value }) => value)).toEqual(['sun.elevation > 0', 'now.weekday <= 5']);
    expect(changed.then.map(({ value }) => value)).toEqual([
      'light.hallway.turn_on(brightness: 30)',
      'light.stairs.turn_on',
    ]);
    expect(changed).toMatchObject({ hold: { value: 1000 }, mode: 'auto' });
    const less = edited(changed, [
      { op: 'drop-if', about: 'days' },
      { op: 'drop-calls', entities: ['light.stairs'] },
      { op: 'hold', hold: undefined },
    ]);
    expect(less.if).toHaveLength(1);
    expect(less.then).toHaveLength(1);
    expect(less.hold).toBeUndefined();
  });

  it('are shown line by line', () => {
    expect(diffLines('a\nb\nc\n', 'a\nx\nc\nd\n').map(({ sign, text }) => sign + text)).toEqual([
      ' a',
      '-b',
      '+x',
      ' c',
      '+d',
    ]);
    expect(diffLines('', 'a\n')).toEqual([{ sign: '+', text: 'a' }]);
  });
});
