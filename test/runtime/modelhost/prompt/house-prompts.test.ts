import { expect, it } from 'vitest';
import type { HousePrompt } from '../../../../runtime/modelhost/prompt/house.ts';
import { MAX_ENTITIES } from '../../../../runtime/modelhost/prompt/house.ts';
import { HousePrompts } from '../../../../runtime/modelhost/prompt/house-prompts.ts';
import { TestHouse } from '../../../policies/support.ts';

const asking = (text: string) => (): readonly string[] => [text];
const details = (prompts: Iterable<HousePrompt>): string[] => [...prompts].map(({ detail }) => detail);

it('offers all details, and makes each once until the house changes', () => {
  const house = new TestHouse({ 'light.a': {} });
  const prompts = new HousePrompts().follow(house);
  const first = [...prompts.for(asking('q'))];
  expect(details(first)).toEqual(['entities', 'areas', 'nothing']);
  expect([...prompts.follow(house).for(asking('other'))].map((one, i) => one === first[i])).toEqual([
    true,
    true,
    true,
  ]);
  house.add('light.b');
  expect([...prompts.follow(house).for(asking('q'))][0]).not.toBe(first[0]);
});

it('leaves out what is known to be too long for a question of that length, never the shortest', () => {
  const house = new TestHouse({ 'light.a': {} });
  const prompts = new HousePrompts().follow(house);
  for (const prompt of prompts.for(asking('x')))
    prompts.tooLong(prompt, ['y'.repeat(prompt.detail === 'areas' ? 9 : 5)]);
  expect(details(prompts.for(asking('1234')))).toEqual(['entities', 'areas', 'nothing']);
  expect(details(prompts.for(asking('12345')))).toEqual(['areas', 'nothing']);
  expect(details(prompts.for(asking('x'.repeat(99))))).toEqual(['nothing']);
  house.add('light.b');
  expect(details(prompts.follow(house).for(asking('x'.repeat(99))))).toHaveLength(3);
});

it('says what it left out for lack of room, and only then', () => {
  const small = new HousePrompts().follow(new TestHouse({ 'light.a': {} }));
  expect([...small.for(asking('q'))].map((prompt) => small.notes(prompt).length)).toEqual([0, 1, 1]);
  const lamps = Object.fromEntries(Array.from({ length: MAX_ENTITIES + 1 }, (_, i) => [`light.l${i}`, {}]));
  const large = new HousePrompts().follow(new TestHouse(lamps));
  const prompts = [...large.for(asking('q'))];
  expect(details(prompts)).toEqual(['areas', 'nothing']);
  expect(prompts.map((prompt) => large.notes(prompt).length)).toEqual([0, 1]);
});
