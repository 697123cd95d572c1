import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntityId } from '../../../../runtime/contract/ids.ts';
import { listingOf, type Listable } from '../../../../runtime/modelhost/synapse/listing.ts';
import { mark } from '../../../../runtime/modelhost/synapse/linking.ts';
import { mentionsIn } from '../../../../runtime/modelhost/synapse/mentions.ts';
import { textParts } from '../../../../runtime/modelhost/synapse/question.ts';
import { plainText } from '../../../../runtime/modelhost/synapse/values.ts';
import { entity, houseOf } from '../../../support/house.ts';

const AREAS = [
  { id: 'attic_room', name: 'Attic room', aliases: [], floor: 'upstairs' },
  { id: 'kitchen', name: 'Kitchen', aliases: ['cookery'] },
  { id: 'office', name: "Quinn's office", aliases: [] },
  { id: 'tower', name: 'Tower', aliases: [] },
  { id: 'salon', name: '客厅', aliases: [] },
];
const ENTITIES: readonly (readonly [EntityId, string, string | undefined, ...string[]])[] = [
  ['media_player.tv', 'Attic room TV', 'attic_room'],
  ['light.lamp', 'Lamp', 'kitchen'],
  ['light.lamp2', 'Lamp 2', 'kitchen', 'big one'],
  ['light.red', 'Red lamp', 'office'],
  ['climate.hall', 'Hall thermostat', 'office'],
  ['climate.quinn', "Quinn's hall thermostat", 'office'],
  ['climate.sam', "Sam's hall thermostat", 'office'],
  ['scene.blue', 'Blue', undefined],
  ['switch.desk', 'desk_plug_3', 'office'],
  ['cover.left', 'Shutter', 'kitchen'],
  ['cover.right', 'Shutter', 'attic_room'],
];
const house = houseOf(
  ENTITIES.map(([id, name, area, ...aliases]) =>
    entity(id, { name, aliases, ...(area === undefined ? {} : { area }) }),
  ),
  AREAS,
);
const ALL: readonly Listable[] = [
  { type: 'floor', id: 'upstairs' },
  ...AREAS.map(({ id }) => ({ type: 'area', id }) as const),
  ...ENTITIES.map(([id]) => ({ type: 'entity', id }) as const),
];
const listing = listingOf(house, ALL);

/** The text with ids where pointers would stand. */
function marked(words: string): string {
  const text = plainText(words);
  const names = new Map(
    listing.lines.map((line) => [
      `<e${line.pointer}>`,
      line.type === 'entity' ? line.entity.id : line.type === 'area' ? line.area.id : line.floor.id,
    ]),
  );
  return textParts(mark(text, listing, house))
    .map((part) =>
      typeof part === 'string' ? part : `<${names.get(part.token) ?? part.token.slice(1, -1)}>`,
    )
    .join('')
    .trim();
}

describe('where a text names what is listed', () => {
  test.each([
    ['turn off the lamp', 'turn off the lamp<light.lamp>'],
    ['turn off the lamp 2', 'turn off the lamp 2<light.lamp2>'],
    ['the big one to 40 %', 'the big one<light.lamp2> to 40 %<v1>'],
    [
      "sam's hall thermostat and the hall thermostat up",
      "sam's hall thermostat<climate.sam> and the hall thermostat<climate.hall> up",
    ],
    ["uma's hall thermostat up", "uma's hall thermostat<climate.hall> up"],
    ['desk plug three off', 'desk plug three<switch.desk> off'],
  ])('a name, the longest that is said: %s', (text, wanted) => {
    expect(marked(text)).toBe(wanted);
  });

  test.each([
    ['stop the tv in the attic room', 'stop the tv in the attic room<media_player.tv>'],
    ["stop the tv that's inside our attic room", "stop the tv that's inside our attic room<media_player.tv>"],
    ['close the kitchen shutter', 'close the kitchen shutter<cover.left>'],
    ['close the shutter upstairs', 'close the shutter<cover.left><cover.right> upstairs<upstairs>'],
    ['close the shutter in the attic room', 'close the shutter in the attic room<cover.right>'],
    ["quinn's office red lamp on", "quinn's office red lamp<light.red> on"],
    ['the tv over in the attic room off', 'the tv over in the attic room<media_player.tv> off'],
    ['the tv belonging to the attic room', 'the tv belonging to the attic room<media_player.tv>'],
    ['the tv to the attic room', 'the tv to the attic room<attic_room>'],
    ['the tv is loud', 'the tv is loud'],
  ])('a name with its place, before or behind: %s', (text, wanted) => {
    expect(marked(text)).toBe(wanted);
  });

  test.each([
    ['lamps off', 'lamps off'],
    ['the lamps in the kitchens', 'the lamps in the kitchens<kitchen>'],
    ['turn on the hall termostat', 'turn on the hall termostat<climate.hall>'],
    ['cookery light', 'cookery<kitchen> light'],
    ['打开客厅灯', '打开客厅<salon>灯'],
  ])('plurals, slips, aliases and writing without spaces: %s', (text, wanted) => {
    expect(marked(text)).toBe(wanted);
  });

  test('no name goes on behind a comma, and words of commands are no slips', () => {
    expect(marked('everything off in the kitchen, shutter down')).toBe(
      'everything off in the kitchen<kitchen>, shutter<cover.left><cover.right> down',
    );
    expect(marked('lower the blind')).toBe('lower the blind');
  });

  test('what three are called names none of them, nor a part of it another', () => {
    const names = ['Floor lamp', 'Floor lamp', 'Floor lamp', 'Lamp'];
    const all = names.map((name, i) => entity(`light.l${i}`, { name }));
    const lamps = listingOf(
      houseOf(all),
      all.map(({ id }) => ({ type: 'entity', id }) as const),
    );
    expect(mentionsIn('turn on the floor lamp', lamps)).toEqual([]);
    expect(mentionsIn('turn on the lamp', lamps)).toHaveLength(1);
  });

  test('a value within a longer name is none, and a name that is a value is that', () => {
    expect(marked('red lamp to red')).toBe('red lamp<light.red> to red<v1>');
    expect(marked('make it blue')).toBe('make it blue<v1>');
    expect(marked('the lamp 2% in the kitchen')).toBe('the lamp<light.lamp> 2%<v1> in the kitchen<kitchen>');
    const lamps = Array.from({ length: 9 }, () => 'lamp 2').join(', ');
    expect(marked(`${lamps} to 40 %`)).toContain('40 %<v1>');
  });

  test('mentions never overlap, stand in order, and are within the text', () => {
    const words = fc.constantFrom(
      'the',
      'lamp',
      '2',
      "quinn's",
      'hall',
      'thermostat',
      'kitchen',
      'shutter',
      'in',
      'attic',
      'room',
      'tv',
      '客厅',
      'that',
      'is',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 14 }), (said) => {
        const text = plainText(said.join(' '));
        let from = 0;
        for (const { start, end, pointers } of mentionsIn(text, listing)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          expect(pointers.length).toBeGreaterThan(0);
          from = end;
        }
        expect(from).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
