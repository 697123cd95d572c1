import { expect, it } from 'vitest';
import { Pointers } from '../../../../runtime/modelhost/prompt/pointers.ts';
import { TestHouse } from '../../../policies/support.ts';

it('keeps the number of an entity while the house changes around it', () => {
  const house = new TestHouse({ 'light.b': {}, 'light.c': {} });
  const pointers = new Pointers().follow(house);
  expect([pointers.of('light.b'), pointers.of('light.c')]).toEqual([1, 2]);
  house.add('light.a');
  pointers.follow(house);
  expect([pointers.of('light.a'), pointers.of('light.b'), pointers.of('light.c')]).toEqual([3, 1, 2]);
  house.remove('light.b');
  house.add('light.d');
  pointers.follow(house);
  expect(pointers.of('light.d')).toBe(4);
  house.add('light.b');
  pointers.follow(house);
  expect(pointers.of('light.b')).toBe(1);
});

it('gives a house that is read anew the same numbers', () => {
  const one = new Pointers().follow(new TestHouse({ 'light.b': {}, 'light.a': {} }));
  const other = new Pointers().follow(new TestHouse({ 'light.a': {}, 'light.b': {} }));
  for (const id of ['light.a', 'light.b'] as const) expect(one.of(id)).toBe(other.of(id));
});

it('forgets those long gone, so that numbers stay small', () => {
  const house = new TestHouse({ 'light.stays': {} });
  const pointers = new Pointers().follow(house);
  for (let i = 0; i < 1000; i++) {
    house.add(`light.x${i}`);
    pointers.follow(house);
    house.remove(`light.x${i}`);
  }
  expect(pointers.of('light.stays')).toBe(1);
  expect(pointers.of('light.x999')).toBeLessThan(210);
});
