import { describe, expect, test } from 'vitest';
import { link } from '../../../devices/index.ts';
import { houseOf, stateOf } from './support.ts';

const HOUSE = houseOf(
  [
    { id: 'kitchen', name: 'Kitchen', aliases: [], floor: 'ground' },
    { id: 'hall', name: 'Hall', aliases: [], floor: 'ground' },
    { id: 'bedroom', name: 'Bedroom', aliases: [], floor: 'upper' },
  ],
  {
    'light.ceiling': { name: 'Ceiling light', area: 'kitchen' },
    'light.counter': { name: 'Counter light', area: 'kitchen' },
    'light.hall': { name: 'Hall light', area: 'hall' },
    'light.bedside': { name: 'Bedside lamp', area: 'bedroom' },
    'fan.bedroom': { name: 'Fan', area: 'bedroom' },
    'lock.front': { name: 'Front door', area: 'hall' },
  },
);

/** What a certain request is about, in order; undefined where it is not certain. */
const entities = (text: string): readonly string[] | undefined => {
  const result = link(text, HOUSE, stateOf({}));
  return result.kind === 'certain' ? result.calls.map(({ entity }) => entity).toSorted() : undefined;
};

describe('what is left out of a group', () => {
  test.each([
    ['turn off all lights except the hall', ['light.bedside', 'light.ceiling', 'light.counter']],
    ['all lights off except for the kitchen and the hall', ['light.bedside']],
    ['all lights off apart from the ones in the kitchen', ['light.bedside', 'light.hall']],
    ['turn off the kitchen lights other than the counter light', ['light.ceiling']],
    [
      'dim all lights to 20 percent excluding the bedside lamp',
      ['light.ceiling', 'light.counter', 'light.hall'],
    ],
  ] as const)('%s', (text, expected) => {
    expect(entities(text)).toEqual([...expected].toSorted());
  });

  test.each([
    // Nothing would be left, nothing is left out, or another order follows.
    'turn off the kitchen lights except the ceiling light and the counter light',
    'turn off the kitchen lights except the bedside lamp',
    'turn off all lights except the hall and lock the front door',
    'turn off all lights except the jacuzzi',
    'except the hall turn off all lights',
  ])('is not certain: %s', (text) => {
    expect(entities(text)).toBeUndefined();
  });
});
