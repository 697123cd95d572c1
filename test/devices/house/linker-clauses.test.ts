import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clausesOf } from '../../../devices/index.ts';
import { houseOf } from './support.ts';

const HOUSE = houseOf(
  [
    { id: 'kitchen', name: 'Kitchen', aliases: [] },
    { id: 'hall', name: 'Hall', aliases: [] },
    { id: 'parents', name: "Mum and Dad's room", aliases: [] },
  ],
  {
    'light.ceiling': { name: 'Ceiling light', area: 'kitchen' },
    'light.hall': { name: 'Hall light', area: 'hall' },
    'light.spot_hall': { name: 'Spot', area: 'hall' },
    'light.spot_kitchen': { name: 'Spot', area: 'kitchen' },
    'media_player.tv': { name: 'TV', area: 'kitchen' },
    'media_player.bar': { name: 'Soundbar', area: 'kitchen' },
    'cover.blind': { name: 'Hall blind', area: 'hall' },
    'lock.front': { name: 'Front door', area: 'hall' },
    'vacuum.mop': { name: 'Mop 6', area: 'hall' },
  },
);

describe('orders given in one breath', () => {
  test.each([
    ['kill the tv, and lock the front door', ['kill the tv', 'lock the front door']],
    [
      'turn off the tv then close the hall blind. dim the hall light to 20.5 percent',
      ['turn off the tv', 'close the hall blind', 'dim the hall light to 20.5 percent'],
    ],
    ['tv off, soundbar off', ['tv off', 'soundbar off']],
    [
      "turn off the ceiling light and the hall light while you're at it suspend the mop 6",
      ['turn off the ceiling light and the hall light', 'suspend the mop 6'],
    ],
    [
      "lights off in mum and dad's room and lock the front door",
      ["lights off in mum and dad's room", 'lock the front door'],
    ],
  ])('%s', (text, clauses) => {
    expect(clausesOf(text, HOUSE)).toEqual(clauses);
  });

  test.each([
    // A list under one verb.
    'turn the tv and the soundbar off',
    'turn off the tv and the soundbar',
    'make sure the tv and the hall light are on',
    'set the ceiling light and the hall light to 20 percent',
    // On which side the middle one is, only the whole tells.
    'tv off, soundbar and hall light on',
    'turn off the tv, switch the soundbar and the hall light on',
    'turn off the tv and the ceiling light on the left',
    // What holds for all of it: what is left out, when, where, and how it is to be.
    'turn off all the lights and leave the hall light on',
    "I don't want the tv on and the hall light off",
    'lock the front door, turn off all lights, but keep the hall light on',
    'turn off the tv and lock the front door at 22:00',
    'turn off the tv and lock the front door in 10 mins',
    'make sure the hall blind is closed and the hall light is off',
    'dim the spot and close the hall blind',
    // A thing that sounds like a verb.
    'turn off the tv and the fire in the hall',
    'open the hall blind and the ceiling light and then close both',
    // What goes back to something said before, or names nothing.
    'turn on the hall light and make it red',
    'turn off the hall light and dim the other one',
    'open the hall blind and close the curtains',
    "it's late, lock the front door and turn off the tv",
    "turn on the lamp in mum and dad's room",
  ])('one order: %s', (text) => {
    expect(clausesOf(text, HOUSE)).toEqual([text]);
  });

  test('never fails, and keeps the words', () => {
    const word = fc.constantFrom(
      'turn',
      'off',
      'the',
      'tv',
      'and',
      ',',
      'then',
      'hall',
      'light',
      'it',
      '20',
      '.',
      'lock',
      "mum and dad's room",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        const text = words.join(' ');
        const kept = (said: string): string[] =>
          said.match(/[a-z0-9']+/g)?.filter((one) => one !== 'and' && one !== 'then') ?? [];
        expect(kept(clausesOf(text, HOUSE).join(' '))).toEqual(kept(text));
      }),
    );
  });
});
