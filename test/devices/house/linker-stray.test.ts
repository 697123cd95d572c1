import { describe, expect, test } from 'vitest';
import { foreignWord, saysTooLittle, strayWord } from '../../../devices/index.ts';
import { houseOf } from './support.ts';

const HOUSE = houseOf(
  [
    { id: 'kitchen', name: 'Kitchen', aliases: [], floor: 'ground' },
    { id: 'hall', name: 'Hall', aliases: ['entrance'], floor: 'ground' },
    { id: 'utility', name: 'Utility', aliases: [], floor: 'ground' },
  ],
  {
    'light.kitchen_lamp': { name: 'Corner lamp', area: 'kitchen' },
    'light.hall': { name: 'Hall light', area: 'hall' },
    'lock.back_door': { name: 'Back door', area: 'kitchen' },
    'switch.printer': { name: 'Printer', area: 'hall' },
    'scene.party': { name: 'Party' },
  },
);

const stray = (text: string, entity: `${string}.${string}`, ...names: string[]): string | undefined =>
  strayWord(text, HOUSE, { entities: [entity], names });

describe('a word that names something else', () => {
  test.each([
    ['turn on the corner lamp', 'light.kitchen_lamp'],
    ["turn on the kitchen's lamp", 'light.kitchen_lamp'],
    ['light up the entrance please', 'light.hall'],
    ['lock the back door', 'lock.back_door'],
    ['the ground floor light a bit brighter', 'light.hall'],
    ['it is too dark in the hall', 'light.hall'],
    ['party mode in the kitchen', 'scene.party'],
    ["the hall's brightness to 40", 'light.hall'],
    ['lights off around the house', 'light.hall'],
  ] as const)('%s fits %s', (text, entity) => {
    expect(stray(text, entity)).toBeUndefined();
  });

  test.each([
    ['lock the front door', 'lock.back_door', 'front'],
    ['turn the printer red', 'light.hall', 'printer'],
    ['set the utility light to 50%', 'light.hall', 'utility'],
    ['turn on the light in room 5', 'light.hall', '5'],
    ['dim the kitchen lamp', 'light.hall', 'kitchen'],
    ['switch off everything in my library', 'light.hall', 'library'],
    ['more light on the mezzanine please', 'light.hall', 'mezzanine'],
    ['everything off throughout the library', 'light.hall', 'library'],
    ["the hall's lightsaber to white", 'light.hall', 'lightsaber'],
    ['away mode please', 'scene.party', 'away'],
  ] as const)('%s does not fit %s', (text, entity, word) => {
    expect(stray(text, entity)).toBe(word);
  });

  test('what is left out by name fits too', () => {
    expect(stray('all lights off but not the corner lamp', 'light.hall')).toBe('corner');
    expect(stray('all lights off but not the corner lamp', 'light.hall', 'Corner lamp')).toBeUndefined();
  });
});

describe('a number behind a name', () => {
  const HOME = houseOf([], { 'light.lamp_one': { name: 'Lamp 1' }, 'light.lamp_two': { name: 'Lamp two' } });
  const numbered = (text: string, name: string, valueless: boolean): string | undefined =>
    strayWord(text, HOME, { entities: ['light.lamp_one'], names: [name], valueless });

  test('is part of it, unless it is a value', () => {
    expect(numbered('toggle the lamp 6', 'Lamp 1', true)).toBe('6');
    expect(numbered('toggle the lamp 1', 'Lamp 1', true)).toBeUndefined();
    expect(numbered('turn the lamp down 6', 'Lamp 1', true)).toBeUndefined();
    expect(numbered('dim the lamp 6 percent', 'Lamp 1', false)).toBeUndefined();
    expect(
      strayWord('lamp 2 on', HOME, { entities: ['light.lamp_two'], names: ['Lamp two'], valueless: true }),
    ).toBe(undefined);
  });
});

describe('a word about nothing of this house', () => {
  test.each([
    ['iron my shirts', 'iron'],
    ['engage the hyperdrive', 'hyperdrive'],
    ['turn on the flux capacitor', 'flux'],
    ['iron my shirts in the hall', undefined],
    ['give me warm white', undefined],
    ['make it as dim as possible', undefined],
    ['two degrees warmer please', undefined],
    ['turn everything off', undefined],
    ['it is freezing', undefined],
    ['open the blinds', undefined],
    ["I can't see a thing", undefined],
    ["it's pitch black", undefined],
    ['hush', undefined],
    ['skip that idea', 'idea'],
    ['give me 50 percent', undefined],
  ] as const)('%s: %s', (text, expected) => {
    expect(foreignWord(text, HOUSE)).toBe(expected);
  });
});

describe('too little to mean the whole house', () => {
  test.each([
    ['turn on', true],
    ['turn off the light', true],
    ['please switch it off', true],
    ['turn off the lights', false],
    ['turn everything on', false],
    ["it's too dark", false],
    ['turn off the light in the hall', false],
    ['we are leaving', false],
  ] as const)('%s: %s', (text, expected) => {
    expect(saysTooLittle(text, HOUSE)).toBe(expected);
  });
});
