import { describe, expect, test } from 'vitest';
import type { PromptPart } from '../../../../runtime/contract/engine.ts';
import { listingOf, listingParts } from '../../../../runtime/modelhost/synapse/listing.ts';
import { eventParts, requestParts } from '../../../../runtime/modelhost/synapse/question.ts';
import { CONTROL_TOKENS } from '../../../../runtime/modelhost/synapse/tokens.ts';
import { plainText, valuesIn } from '../../../../runtime/modelhost/synapse/values.ts';
import { homeOf, type HomeEntity } from '../../../../models/synapse/corpus/homes.ts';
import type { Kind } from '../../../../runtime/contract/kinds.ts';

function text(parts: readonly PromptPart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.token)).join('');
}

function entity(id: `${string}.${string}`, name: string, properties: readonly string[]): HomeEntity {
  return {
    name,
    aliases: [],
    entity: {
      id,
      kind: id.split('.')[0] as Kind,
      name,
      aliases: [],
      device: 'd',
      area: 'kitchen',
      critical: false,
      properties: Object.fromEntries(properties.map((property) => [property, {}])),
      commands: [],
    },
  };
}

const home = homeOf(
  [
    entity('light.lamp', 'Big <e3> Lamp', ['state', 'brightness']),
    entity('sensor.air', 'Air', ['co2', 'temperature']),
  ],
  [{ id: 'kitchen', name: 'Kitchen', floor: 'ground', aliases: ['cookery'] }],
  [{ id: 'ground', name: 'Ground floor', aliases: [] }],
);
const LISTED = [
  { type: 'entity', id: 'sensor.air' },
  { type: 'area', id: 'kitchen' },
  { type: 'entity', id: 'light.lamp' },
] as const;

describe('what the embedded model is shown', () => {
  test('a listing, each line closed by its pointer', () => {
    expect(text(listingParts(listingOf(home.house, LISTED)))).toBe(
      '<house><k_light><k_sensor>' +
        '<area> kitchen<alias> cookery<in> ground floor<k_light><k_sensor><e1>' +
        '<k_light> big <e3> lamp<in> kitchen<in> ground floor<p_brightness><e2>' +
        '<k_sensor> air<in> kitchen<in> ground floor<p_co2><p_temperature><e3>',
    );
  });

  test('the same listing whatever order things were found in, and a name that looks like a pointer stays text', () => {
    const parts = listingParts(listingOf(home.house, LISTED));
    expect(listingParts(listingOf(home.house, LISTED.toReversed()))).toEqual(parts);
    expect(parts).toContain(' big <e3> lamp');
  });

  test('a request with its values and what the linker thinks of', () => {
    const said = plainText('Set the lamp to 40 %, please');
    const mentions = [{ pointers: [2], start: 4, end: 12 }];
    const marked = { text: said, found: valuesIn(said), mentions, hints: { pointers: [2, 1], here: 1 } };
    expect(text(requestParts(marked))).toBe(
      '<ask> set the lamp<e2> to 40 %<v1>, please<hint><e2><e1><here><e1><answer>',
    );
  });

  test('an event: guidance, then what is known, compared with its numbers', () => {
    const guidance = plainText('Lamp on when co2 is over 1000, after 22:00');
    const listing = listingOf(home.house, LISTED);
    const facts = [
      { pointer: 3, property: 'co2', value: 1200 },
      { pointer: 2, property: 'state', value: 'off' },
      { minutes: 1310, weekend: true },
    ];
    const marked = { text: guidance, found: valuesIn(guidance), mentions: [], hints: { pointers: [] } };
    expect(text(eventParts(marked, facts, listing))).toBe(
      '<event> lamp on when co2 is over 1000<v1>, after 22:00<v2><now><e3><p_co2> 1200<above><v1><e2><is_off>' +
        '<time> 21:50<below><v2><weekend><answer>',
    );
  });

  test('control tokens are named once', () => {
    expect(new Set(CONTROL_TOKENS).size).toBe(CONTROL_TOKENS.length);
  });
});
