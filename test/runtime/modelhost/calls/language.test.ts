import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Interlocks, isRefusal } from '../../../../runtime/act/interlocks.ts';
import type { AnswerNode } from '../../../../runtime/contract/answer.ts';
import type { Entity, PropertyInfo } from '../../../../runtime/contract/house.ts';
import type { EntityId } from '../../../../runtime/contract/ids.ts';
import { KINDS, type Kind, kindSpec } from '../../../../runtime/contract/kinds.ts';
import { formsOf, wordOf } from '../../../../runtime/modelhost/calls/forms.ts';
import { callLanguage } from '../../../../runtime/modelhost/calls/language.ts';
import { readCalls, writeCalls } from '../../../../runtime/modelhost/calls/read.ts';
import type { PointedSpace } from '../../../../runtime/modelhost/calls/space.ts';
import { TestState } from '../../../policies/support.ts';
import { answersOf, sampleAnswer, sizeOf } from '../../../support/answer.ts';
import { entity, houseOf } from '../../../support/house.ts';

function spaceOf(entities: readonly Entity[], maxCalls = 3): PointedSpace {
  return { entities: entities.map((one, i) => ({ pointer: i + 1, entity: one })), maxCalls };
}
function interlocks(entities: readonly Entity[]): Interlocks {
  return new Interlocks({
    limits: { allow: ['*'], approve: [] },
    house: houseOf(entities),
    state: new TestState(),
    tools: new Map(),
    repeatable: () => true,
  });
}
const MARKERS = [
  '<|im_end|>',
  '<e3>',
  '[INST]',
  '</s>',
  'none',
  'e1',
  'and',
  '"',
  '" and off e2',
  'on e1 and off e2',
];
const kinds = Object.keys(KINDS) as Kind[];
const number = fc.double({ min: -5000, max: 20_000, noNaN: true });
const info: fc.Arbitrary<PropertyInfo> = fc.record(
  {
    unit: fc.constantFrom('%', 'K', '°C', 'W'),
    min: number,
    max: number,
    values: fc.array(
      fc.oneof(
        fc.constantFrom(...MARKERS, 'heat', 'Movie night'),
        fc.string({ unit: 'binary', maxLength: 90 }),
      ),
      { maxLength: 5 },
    ),
  },
  { requiredKeys: [] },
);
const anyEntity: fc.Arbitrary<Entity> = fc
  .tuple(
    fc.constantFrom(...kinds),
    fc.dictionary(
      fc.constantFrom(
        'brightness',
        'color_temp',
        'option',
        'source',
        'value',
        'target_temperature',
        'mode',
        'position',
      ),
      info,
    ),
    fc.nat({ max: 1e6 }),
    fc.boolean(),
  )
  .map(([kind, properties, id, all]) =>
    entity(`${kind}.x${id}` as EntityId, {
      properties,
      commands: Object.keys(kindSpec(kind).commands).filter((_, i) => all || i % 2 === 0),
    }),
  );
const anySpace = fc
  .tuple(
    fc.uniqueArray(anyEntity, { maxLength: 12, selector: ({ id }) => id }),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([entities, maxCalls]) => spaceOf(entities, maxCalls));

describe('the call language', () => {
  it('says nothing that the interlocks refuse, and every string of it reads back as it was written', () => {
    let seen = 0;
    fc.assert(
      fc.property(anySpace, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (space, draws) => {
        const language = callLanguage(space);
        const silent = space.entities.every((one) => formsOf(one.entity).length === 0);
        expect(language === undefined).toBe(silent);
        if (language === undefined) return;
        let at = 0;
        const draw = (below: number): number => draws[at++ % draws.length]! % below;
        const said = sampleAnswer(language.root, draw);
        const calls = readCalls(said, space);
        expect(calls).toBeDefined();
        const check = interlocks(space.entities.map((one) => one.entity));
        for (const call of calls!) expect(check.check(call)).not.toSatisfy(isRefusal);
        expect(writeCalls(calls!, space)).toBe(said);
        at = 0;
        expect(readCalls(sampleAnswer(language.root, draw, true), space)).toEqual(calls);
        seen += calls!.length;
      }),
      { numRuns: 250 },
    );
    expect(seen).toBeGreaterThan(100);
  });

  it('has no string twice', () => {
    const entities = [
      entity('light.a', {
        properties: { brightness: { min: 0, max: 3 }, color_temp: { min: 2000, max: 2200 } },
      }),
      entity('climate.b', { properties: { target_temperature: { min: -2, max: 2 } } }),
      entity('select.c', { properties: { option: { values: MARKERS } } }),
    ];
    const language = callLanguage(spaceOf(entities, 1))!;
    const all = [...answersOf(language.root)];
    expect(new Set(all).size).toBe(all.length);
    expect(all).toContain(' temperature e2=-1.5');
    expect(all).toContain(' temperature e2=2');
    expect(all).toContain(' on e1 brightness=3 color_temp=2100');
    expect(all.filter((text) => text.includes('color_temp') && text.includes('red'))).toEqual([]);
  });

  it('writes calls in few pieces', () => {
    const space = spaceOf([entity('light.a'), entity('cover.b'), entity('lock.c')]);
    const written = writeCalls(
      [
        { entity: 'light.a', command: 'turn_on', args: { brightness: 40, color: 'red' } },
        { entity: 'cover.b', command: 'set_position', args: { position: 60 } },
        { entity: 'lock.c', command: 'lock', args: {} },
      ],
      space,
    );
    expect(written).toBe(' on e1 brightness=40 red and position e2=60 and lock e3');
    expect(writeCalls([], space)).toBe(' none');
    expect(writeCalls([{ entity: 'light.z', command: 'turn_on', args: {} }], space)).toBeUndefined();
    expect(
      writeCalls([{ entity: 'light.a', command: 'turn_on', args: { brightness: 40.5 } }], space),
    ).toBeUndefined();
    expect(
      writeCalls(
        [{ entity: 'light.a', command: 'turn_on', args: { color: 'red', color_temp: 2700 } }],
        space,
      ),
    ).toBeUndefined();
  });

  it.each([
    '',
    ' on',
    ' on e9',
    ' on e1 and',
    ' on e1;off e1',
    ' on e1 brightness=101',
    ' on e1 brightness=+40',
    ' on e1 brightness=040',
    ' on e1 brightness=40.0',
    ' on e1 brightness=4e1',
    ' on e01',
    ' on <e1',
    ' on e1>',
    ' on e1 turquoisered',
    ' none and on e1',
    ' nonee',
    ' open e1',
    ' constructor e1',
    ' on e1 and on e1 and on e1 and on e1',
  ])('does not read %j', (text) => {
    expect(readCalls(text, spaceOf([entity('light.a')]))).toBeUndefined();
  });

  it('leaves out free text, numbers without limits, and entities that only report', () => {
    const reports = { ...entity('light.b') };
    delete (reports as { target?: unknown }).target;
    const silent = [
      entity('notify.phone'),
      entity('number.x'),
      entity('select.y'),
      entity('sensor.z'),
      reports,
    ];
    expect(callLanguage(spaceOf(silent))).toBeUndefined();
    expect(formsOf(entity('media_player.tv')).map(({ command }) => command)).not.toContain('select_source');
    const listed = entity('media_player.tv', { properties: { source: { values: ['HDMI 1'] } } });
    expect(formsOf(listed).map(({ command }) => command)).toContain('select_source');
  });

  it('has a word of its own for every command of a kind, and none that means something else', () => {
    for (const kind of kinds) {
      const words = Object.keys(kindSpec(kind).commands).map((command) => wordOf(command));
      expect(new Set(words).size).toBe(words.length);
      expect(words).not.toContain('none');
      expect(words).not.toContain('and');
    }
  });

  it('begins every piece where tokenizers cut', () => {
    const pieces = (node: AnswerNode): string[] => {
      if ('text' in node) return [node.text];
      if ('seq' in node) return node.seq.flatMap((inner) => pieces(inner));
      if ('any' in node) return node.any.flatMap((inner) => pieces(inner));
      if ('list' in node) return [...pieces(node.list.each), ...pieces(node.list.separator)];
      return 'token' in node ? [node.otherwise ?? ''] : [];
    };
    const all = kinds.map((kind, i) => entity(`${kind}.x${i}` as EntityId));
    for (const piece of pieces(callLanguage(spaceOf(all))!.root)) expect(piece).toMatch(/^( |=)/);
  });

  it('has the same key for the same shape, whatever the names, and another for another', () => {
    const key = (entities: readonly Entity[], maxCalls = 3): string =>
      callLanguage(spaceOf(entities, maxCalls))!.key;
    const base = key([entity('light.a'), entity('lock.b')]);
    expect(key([entity('light.x', { name: 'Other', area: 'z' }), entity('lock.y')])).toBe(base);
    expect(key([entity('light.a'), entity('lock.b')], 2)).not.toBe(base);
    expect(key([entity('lock.b'), entity('light.a')])).not.toBe(base);
    expect(key([entity('light.a', { commands: ['turn_on'] }), entity('lock.b')])).not.toBe(base);
    expect(key([entity('light.a', { properties: { brightness: { max: 50 } } }), entity('lock.b')])).not.toBe(
      base,
    );
    const ranked = {
      entities: [...spaceOf([entity('light.a'), entity('lock.b')]).entities].toReversed(),
      maxCalls: 3,
    };
    expect(callLanguage(ranked)!.key).toBe(base);
  });

  it('stays small for 200 entities', () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      entity(`${kinds[i % kinds.length]!}.x${i}` as EntityId),
    );
    const { nodes } = sizeOf(callLanguage(spaceOf(many, 8))!.root);
    expect(nodes).toBeLessThan(1500);
  });
});
