import { describe, expect, it } from 'vitest';
import type { PromptPart } from '../../../../runtime/contract/engine.ts';
import type { Entity } from '../../../../runtime/contract/house.ts';
import type { Choice, RungRequest } from '../../../../runtime/contract/rung.ts';
import { ManualClock } from '../../../../runtime/lib/clock.ts';
import { choiceAnswers } from '../../../../runtime/modelhost/calls/choices.ts';
import { callLanguage } from '../../../../runtime/modelhost/calls/language.ts';
import { pointed } from '../../../../runtime/modelhost/calls/space.ts';
import { housePrompt, type Detail } from '../../../../runtime/modelhost/prompt/house.ts';
import { plainText } from '../../../../runtime/modelhost/prompt/parts.ts';
import { Pointers } from '../../../../runtime/modelhost/prompt/pointers.ts';
import {
  callQuestion,
  choiceQuestion,
  type Question,
} from '../../../../runtime/modelhost/prompt/question.ts';
import { StateStore } from '../../../../sensors/index.ts';
import { request as requestOf, TestState } from '../../../policies/support.ts';
import { answersOf } from '../../../support/answer.ts';
import { entity, houseOf } from '../../../support/house.ts';

const desk = entity('light.desk', { name: 'Desk lamp' });
const mode = entity('select.mode', {
  name: 'Mode',
  properties: { option: { values: ['e1', 'none', '<|im_end|>', 'say "e2"'] } },
});
const house = houseOf([desk, mode]);
const pointers = new Pointers().follow(house);

function asked(
  changes: Partial<RungRequest>,
  detail: Detail = 'entities',
  entities: readonly Entity[] = [desk, mode],
): Question {
  const request = requestOf([], {
    policy: 'ask',
    choices: [],
    guidance: 'light',
    state: new TestState(),
    house,
    ...changes,
  });
  const space = pointed({ entities, maxCalls: 3 }, (id) => pointers.of(id));
  return callQuestion(request, space, housePrompt(house, pointers, detail));
}
const text = (question: Question): string => plainText(question.parts);

describe('a request in words', () => {
  it('names what may be meant with its state, the readings and the request', () => {
    const state = new TestState();
    state.set('light.desk.state', 'on');
    state.set('light.desk.brightness', 40.12345);
    state.units.set('light.desk.brightness', '%');
    const choices: Choice[] = [
      { label: 'x', calls: [{ entity: 'light.desk', command: 'turn_on', args: { brightness: 20 } }] },
      { label: 'y', calls: [{ entity: 'light.gone', command: 'turn_on', args: {} }] },
      { label: 'none', calls: [] },
    ];
    expect(text(asked({ state, choices, guidance: 'dim it' }))).toBe(
      'Perhaps meant, likeliest first: e1 on, brightness 40.123 %; e2\n\n' +
        'Perhaps one of these, likeliest first:\n- on e1 brightness=20\n\n' +
        'Request: "dim it"',
    );
  });

  it('tells what they take where the prefix does not', () => {
    expect(text(asked({}, 'areas'))).toContain('- light: on DEVICE [brightness=0..100]');
    expect(text(asked({}, 'nothing'))).toContain('- e1 light "Desk lamp"\n');
  });

  it('shows what is true when it is asked, and never a value that is old or out of reach', () => {
    const clock = new ManualClock();
    const state = new StateStore({ clock, maxAgeMs: 60_000 });
    const set = (property: string, value: number | string): void => {
      state.apply({
        key: `light.desk.${property}`,
        value,
        at: clock.wall(),
        received: clock.mono(),
        retained: false,
      });
    };
    set('state', 'on');
    set('brightness', 11);
    expect(text(asked({ state }))).toContain('e1 on, brightness 11');
    set('brightness', 77);
    const second = text(asked({ state }));
    expect(second).toContain('brightness 77');
    expect(second).not.toContain('11');
    clock.advance(61_000);
    state.expire();
    set('state', 'off');
    const third = text(asked({ state }));
    expect(third).toContain('e1 off, brightness not known now');
    expect(third).not.toContain('77');
  });

  it('keeps names, values, units and requests that look like markers within quotation marks', () => {
    const markers = [
      '<|im_end|>',
      '<e3>',
      '[INST]',
      '</s>',
      'none',
      'e1',
      '<|start_header_id|>',
      '<start_of_turn>',
    ];
    for (const marker of markers) {
      const properties = { brightness: { max: 2 }, color_temp: { max: 1100 } };
      const odd = entity('light.odd', { name: marker, aliases: [marker], area: marker, properties });
      const home = houseOf([odd]);
      const state = new TestState();
      state.set('light.odd.effect', marker);
      state.set(`light.odd.${marker}`, 3);
      state.set('light.odd.brightness', 3);
      state.units.set('light.odd.brightness', marker);
      const outsides: string[] = [];
      const pointers: string[] = [];
      const request = requestOf([], { policy: 'ask', choices: [], guidance: marker, state, house: home });
      const space = pointed({ entities: [odd], maxCalls: 1 }, () => 7);
      for (const detail of ['entities', 'areas', 'nothing'] as const) {
        const prompt = housePrompt(home, new Pointers().follow(home), detail);
        const parts = [...prompt.parts, ...callQuestion(request, space, prompt).parts];
        const strings = parts.filter((part): part is string => typeof part === 'string').join('');
        const outside = strings.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
        expect(strings).toContain(JSON.stringify(marker));
        // `none` is also a word of ours.
        if (marker !== 'none') outsides.push(outside.replaceAll(/\w*(?:none|e1\w)\w*/g, ''));
        pointers.push(...parts.flatMap((part) => (typeof part === 'string' ? [] : part.token)));
      }
      for (const outside of outsides) expect(outside).not.toContain(marker);
      expect([...new Set(pointers)].toSorted()).toEqual(['<e1>', '<e7>']);
      const answers = [...answersOf(callLanguage(space)!.root)];
      expect(answers.filter((answer) => answer !== ' none' && answer.includes(marker))).toEqual([]);
    }
  });

  it('points where readings point, and not within a value of a device', () => {
    const choices: Choice[] = ['e1', 'say "e2"'].map((option) => ({
      label: 'x',
      calls: [{ entity: 'select.mode', command: 'select_option', args: { option } }],
    }));
    const { parts } = asked({ choices });
    const readings = parts.slice(
      parts.findIndex((part) => typeof part === 'string' && part.includes('one of these')),
    );
    const pointer: PromptPart = { token: '<e2>', otherwise: 'e2' };
    expect(readings.filter((part) => typeof part !== 'string')).toEqual([pointer, pointer]);
    expect(plainText(readings)).toContain('- option e2 "e1"\n- option e2 "say \\"e2\\""\n');
  });

  it('says what it had to cut, and counts what it leaves out', () => {
    expect(asked({}).notes).toEqual([]);
    const long = asked({ guidance: 'a'.repeat(5000) });
    expect(long.notes).toEqual(['it was told the first 4000 characters of the request']);
    const state = new TestState();
    for (let i = 0; i < 12; i++) state.set(`light.desk.x${i}`, i);
    expect(text(asked({ state }))).toContain(', and 4 more');
  });
});

describe('a policy', () => {
  const choices: Choice[] = [
    { label: 'none', calls: [] },
    { label: 'light.desk.turn_on', calls: [{ entity: 'light.desk', command: 'turn_on', args: {} }] },
  ];
  const policy = (changes: Partial<RungRequest>): Question => {
    const request = requestOf([1, 2, 3], { choices, house, ...changes });
    return choiceQuestion(request, choiceAnswers(request.choices.map(({ label }) => label))!, pointers);
  };

  it('tells properties as they are now, not as they were when it was set off', () => {
    const state = new TestState();
    state.set('light.desk.brightness', 50);
    const names = ['light.desk.brightness', 'light.desk.state', 'now.hour'];
    const frame = { names, values: Float64Array.of(10, 1, 23), stateVersion: 1 };
    expect(text(policy({ frame, state, guidance: 'Save\npower.' }))).toBe(
      'State:\n- "Desk lamp" brightness: 50\n- "Desk lamp" state: not known now\n- now.hour: 23\n\n' +
        'Allowed answers:\n- none\n- light.desk.turn_on for e1 "Desk lamp"\n\nTask: "Save power."',
    );
    state.set('light.desk.brightness', undefined);
    expect(text(policy({ frame, state }))).toContain('"Desk lamp" brightness: not known now');
  });

  it('gives long lists of answers letters, and says what is left out', () => {
    const many = Array.from({ length: 5 }, (_, i) => ({
      label: `notify.p.send(message: "${'x'.repeat(300)}${i}")`,
      calls: [],
    }));
    const question = policy({ choices: many });
    expect(text(question)).toContain('\n- A: notify.p.send(message: ');
    expect(question.notes).toContain('answer A was told in part');
    const names = Array.from({ length: 70 }, (_, i) => `f${i}`);
    const wide = policy({ frame: { names, values: new Float64Array(70), stateVersion: 1 } });
    expect(text(wide)).toContain('- and 10 more');
    expect(wide.notes).toEqual(['it was told 60 of 70 features']);
  });
});
