import { describe, expect, test } from 'vitest';
import { rank } from '../../../devices/house/linker-rank.ts';
import { wordsOf } from '../../../devices/house/linker-words.ts';
import { houseOf } from './support.ts';

const house = houseOf(
  [
    { id: 'kitchen', name: 'Kitchen', floor: 'ground', aliases: ['cookery'] },
    { id: 'living_room', name: 'Living Room', floor: 'ground', aliases: [] },
    { id: 'ketting', name: '客厅', aliases: [] },
    { id: 'room_2', name: 'Room 2', floor: 'upstairs', aliases: [] },
  ],
  {
    'light.kitchen_ceiling': { name: 'Ceiling light', area: 'kitchen' },
    'light.kitchen_counter': { name: 'Counter light', area: 'kitchen' },
    'light.bed': { name: "Anna's lamp", area: 'room_2' },
    'cover.left': { name: 'Left blind', area: 'living_room' },
    'media_player.tv': { name: 'Television', area: 'living_room' },
    'light.ceiling_cn': { name: '吸顶灯', area: 'ketting' },
  },
);

function first(text: string, count = 1): string[] {
  return rank(text, house, count).map(({ id }) => id);
}

describe('ranking', () => {
  test('names, places, kinds', () => {
    expect(first('turn on the ceiling light in the kitchen')).toEqual(['light.kitchen_ceiling']);
    expect(first("anna's lamp off")).toEqual(['light.bed']);
    expect(first('turn off the kitchen lights', 3).toSorted()).toEqual([
      'kitchen',
      'light.kitchen_ceiling',
      'light.kitchen_counter',
    ]);
    expect(first('close the blinds')).toEqual(['cover.left']);
    expect(first('everything upstairs off', 2)).toContain('upstairs');
  });

  test('words that every object has are words', () => {
    expect(wordsOf('constructor two first')).toEqual(['constructor', '2', '1', 'st']);
    expect(first('constructor')).toEqual([]);
  });

  test('plurals, slips, words written together, numbers in words, aliases', () => {
    expect(first('close the left blnd')).toEqual(['cover.left']);
    expect(first('the livingroom')).toEqual(['living_room']);
    expect(first('lights in room two', 2)).toContain('room_2');
    expect(first('it is dark in the cookery')).toEqual(['kitchen']);
  });

  test('writing without spaces', () => {
    expect(first('打开客厅的吸顶灯')).toEqual(['light.ceiling_cn']);
    expect(wordsOf('客厅灯')).toEqual(['客厅', '厅灯']);
  });

  test('nothing where nothing is meant, and never more than asked for', () => {
    expect(first('hello there', 8)).toEqual([]);
    expect(first('turn on the light', 2)).toHaveLength(2);
  });
});
