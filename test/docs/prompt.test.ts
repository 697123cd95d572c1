import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { choiceAnswers } from '../../runtime/modelhost/calls/choices.ts';
import { pointed } from '../../runtime/modelhost/calls/space.ts';
import { housePrompt } from '../../runtime/modelhost/prompt/house.ts';
import { plainText } from '../../runtime/modelhost/prompt/parts.ts';
import { Pointers } from '../../runtime/modelhost/prompt/pointers.ts';
import { callQuestion, choiceQuestion } from '../../runtime/modelhost/prompt/question.ts';
import { request, TestState } from '../policies/support.ts';
import { entity, houseOf } from '../support/house.ts';

it('shows prompts as they are', () => {
  const left = entity('light.left', { name: 'Left lamp', area: 'office', aliases: ['reading light'] });
  const right = entity('light.right', { name: 'Right lamp', area: 'office' });
  const others = [
    entity('climate.living', { name: 'Thermostat', area: 'living' }),
    entity('sensor.office', { name: 'Office air', area: 'office' }),
  ];
  const areas = ['Living room', 'Office'].map((name) => ({
    id: name.split(' ')[0]!.toLowerCase(),
    name,
    aliases: [],
  }));
  const house = houseOf([left, right, ...others], areas);
  const pointers = new Pointers().follow(house);
  const system = housePrompt(house, pointers, 'entities');

  const state = new TestState();
  state.set('light.left.state', 'on');
  state.set('light.left.brightness', 40);
  state.units.set('light.left.brightness', '%');
  state.set('light.right.state', undefined);
  state.set('sensor.office.co2', 900);
  state.units.set('sensor.office.co2', 'ppm');
  const dim = ['light.left', 'light.right'].map((id) => ({
    label: id,
    calls: [{ entity: id as 'light.left', command: 'turn_on', args: { brightness: 20 } }],
  }));
  const words = request([], { policy: 'ask', choices: dim, guidance: 'a bit less light here', state, house });
  const space = pointed({ entities: [left, right], maxCalls: 3 }, (id) => pointers.of(id));

  const off = { label: 'light.left.turn_off', calls: [{ entity: left.id, command: 'turn_off', args: {} }] };
  const policy = request([], {
    choices: [{ label: 'none', calls: [] }, off],
    frame: { names: ['sensor.office.co2', 'now.hour'], values: Float64Array.of(800, 21), stateVersion: 1 },
    guidance: 'Save power when nobody works.',
    state,
    house,
  });
  const answers = choiceAnswers(policy.choices.map(({ label }) => label))!;

  const page = readFileSync(new URL('../../docs/prompt.md', import.meta.url), 'utf8');
  const shown = [...page.matchAll(/```text\n([\s\S]*?)\n```/g)].map(([, text]) => text);
  expect(shown).toEqual([
    plainText(system.parts),
    plainText(callQuestion(words, space, system).parts),
    plainText(choiceQuestion(policy, answers, pointers).parts),
  ]);
});
