import { expect, it } from 'vitest';
import { openRequest } from '../../../runtime/agent/open-request.ts';
import type { EntityId } from '../../../runtime/contract/ids.ts';
import type { Choice } from '../../../runtime/contract/rung.ts';
import { entity, houseOf } from '../../support/house.ts';

const lights = Array.from({ length: 30 }, (_, i) => entity(`light.l${String(i).padStart(2, '0')}`));
const house = houseOf(lights);
const reading = (...numbers: readonly number[]): Choice => ({
  label: numbers.join(),
  calls: numbers.map((i) => ({ entity: lights[i]!.id, command: 'turn_on', args: {} })),
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const idsOf = (choices: readonly Choice[], home = house): EntityId[] =>
  openRequest(choices, home).space.entities.map(({ id }) => id);

it('asks about the entities of the readings, likeliest first, at most eight', () => {
  expect(idsOf([reading(3), reading(1, 3), reading(2), { label: 'none', calls: [] }])).toEqual([
    'light.l03',
    'light.l01',
    'light.l02',
  ]);
  expect(idsOf(range(0, 15).map((i) => reading(i)))).toHaveLength(8);
});

it('takes in whole what the first reading needs, up to sixteen', () => {
  expect(idsOf([reading(...range(0, 12)), reading(20)])).toHaveLength(12);
  expect(idsOf([reading(...range(0, 17)), reading(20)])).toEqual(['light.l20']);
});

it('allows as many calls as the longest reading has, and three', () => {
  expect(openRequest([reading(1)], house).space.maxCalls).toBe(3);
  expect(openRequest([reading(...range(0, 12))], house).space.maxCalls).toBe(12);
  expect(openRequest([reading(...range(0, 20))], house).space.maxCalls).toBe(16);
});

it('asks about all of a small house where the linker found nothing, and of a large one nothing', () => {
  const small = houseOf([entity('sensor.x'), entity('light.b'), entity('light.a')]);
  expect(idsOf([{ label: 'none', calls: [] }], small)).toEqual(['light.a', 'light.b']);
  expect(idsOf([{ label: 'none', calls: [] }])).toEqual([]);
});

it('leaves out entities that are gone', () => {
  expect(idsOf([reading(0, 1)], houseOf([lights[1]!]))).toEqual(['light.l01']);
});
