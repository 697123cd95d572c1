import type { AnswerLanguage, AnswerNode } from '../../runtime/contract/answer.ts';

const ROOMS = [
  'kitchen',
  'living_room',
  'bathroom',
  'hall',
  'bedroom',
  'garage',
  'study',
  'cellar',
  'attic',
  'terrace',
];
const THINGS: Readonly<Record<string, readonly string[]>> = {
  light: ['ceiling', 'floor_lamp', 'spots', 'strip', 'desk_lamp', 'window', 'sofa', 'shelf'],
  cover: ['blind', 'curtain', 'awning', 'roof_window'],
  climate: ['radiator', 'heating'],
  fan: ['fan', 'extractor'],
  switch: ['socket', 'coffee_machine', 'pump', 'charger'],
};
const COMMANDS: Readonly<Record<string, readonly AnswerNode[]>> = {
  light: [
    { text: '.turn_on' },
    { text: '.turn_off' },
    { text: '.toggle' },
    {
      seq: [
        { text: '.turn_on(brightness: ' },
        { number: { min: 0, max: 100, step: 1, decimals: 0 } },
        { text: ')' },
      ],
    },
    {
      seq: [
        { text: '.turn_on(color_temp: ' },
        { number: { min: 2000, max: 6500, step: 50, decimals: 0 } },
        { text: ')' },
      ],
    },
    {
      seq: [
        { text: '.turn_on(color: ' },
        { any: ['red', 'green', 'blue', 'white'].map((text) => ({ text })) },
        { text: ')' },
      ],
    },
  ],
  cover: [
    { text: '.open' },
    { text: '.close' },
    { text: '.stop' },
    {
      seq: [
        { text: '.set_position(position: ' },
        { number: { min: 0, max: 100, step: 1, decimals: 0 } },
        { text: ')' },
      ],
    },
  ],
  climate: [
    {
      seq: [
        { text: '.set_temperature(target_temperature: ' },
        { number: { min: 5, max: 30, step: 0.5, decimals: 1 } },
        { text: ')' },
      ],
    },
    {
      seq: [
        { text: '.set_mode(mode: ' },
        { any: ['heat', 'cool', 'auto', 'off'].map((text) => ({ text })) },
        { text: ')' },
      ],
    },
  ],
  fan: [
    { text: '.turn_on' },
    { text: '.turn_off' },
    {
      seq: [
        { text: '.turn_on(speed: ' },
        { number: { min: 0, max: 100, step: 1, decimals: 0 } },
        { text: ')' },
      ],
    },
  ],
  switch: [{ text: '.turn_on' }, { text: '.turn_off' }, { text: '.toggle' }],
};

/** `none`, or up to `maxCalls` calls on the first `entities` entities of a house with 200. */
export function houseLanguage(entities: number, maxCalls: number): AnswerLanguage {
  const names = ROOMS.flatMap((room) =>
    Object.entries(THINGS).flatMap(([kind, things]) =>
      things.map((thing) => ({ kind, name: `${kind}.${room}_${thing}` })),
    ),
  );
  const calls = names
    .slice(0, entities)
    .map(({ kind, name }) => ({ seq: [{ text: name }, { any: COMMANDS[kind]! }] }));
  return {
    key: `house ${entities} ${maxCalls}`,
    root: {
      any: [{ text: 'none' }, { list: { each: { any: calls }, separator: { text: '; ' }, max: maxCalls } }],
    },
  };
}
