import { describe, expect, test } from 'vitest';
import { effectOf } from '../../../devices/simulator/effects.ts';
import { keywordRule } from '../../../models/synapse/eval/keyword.ts';
import { failureLines } from '../../../models/synapse/eval/failures.ts';
import { readLexicon } from '../../../models/synapse/corpus/lexicon.ts';
import { suites } from '../../../models/synapse/eval/report.ts';
import { barredOf } from '../../../models/synapse/eval/recall.ts';
import { isSame, scoreOf } from '../../../models/synapse/eval/score.ts';
import { endedAs } from '../../../models/synapse/eval/written/accepts.ts';
import { CATEGORIES, secondCases, writtenCases } from '../../../models/synapse/eval/written/cases.ts';
import { readAccepted, type End, type Wanted } from '../../../models/synapse/eval/written/end.ts';
import { readWrittenHome } from '../../../models/synapse/eval/written/home.ts';
import type { Outcome } from '../../../models/synapse/eval/case.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import { entityOf, kindOf, propertyOf, type EntityId } from '../../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../../runtime/contract/kinds.ts';
import type { Value } from '../../../runtime/contract/reading.ts';

const cases = writtenCases();
const second = secondCases();
const SETS = [
  { name: 'written', cases, sizes: [10, 15, 20, 30, 40, 50, 60, 60], least: 320, ofSort: 20 },
  { name: 'fresh', cases: second, sizes: [12, 20, 30, 35, 60], least: 250, ofSort: 15 },
] as const;
/** JavaScript's types of property types. */
const TYPES: Readonly<Record<string, string>> = {
  number: 'number',
  boolean: 'boolean',
  color: 'string',
  text: 'string',
};
const CALL = 'camera.reolink.snapshot';
const likePlace = { home: cases[0]!.home, state: cases[0]!.state, file: 'brands.yaml' };
const NOTHING = { type: 'calls', calls: [] } as const;

describe.each(SETS)('the $name requests', ({ name: set, cases, sizes, least, ofSort }) => {
  test('are homes of 10 to 60 devices, with a few hundred requests of every sort, none twice in a home', () => {
    const homes = new Map(cases.map(({ from, home }) => [from, home.entities.length]));
    expect([...homes.values()].toSorted((a, b) => a - b)).toEqual(sizes);
    expect(cases.length).toBeGreaterThan(least);
    expect(new Set(cases.map(({ from, text }) => `${from} ${text}`)).size).toBe(cases.length);
    for (const category of CATEGORIES)
      expect(cases.filter((one) => one.category === category).length).toBeGreaterThanOrEqual(ofSort);
  });

  test('have a state for every device that has properties, within what its kind allows', () => {
    const problems: string[] = [];
    for (const { home, state } of new Map(cases.map((one) => [one.from, one])).values()) {
      for (const { entity } of home.entities) {
        const { properties } = kindSpec(entity.kind);
        const own = Object.entries(state[entity.id] ?? {});
        const reports = entity.kind === 'sensor' || Object.keys(properties).length > 0;
        if (own.length > 0 !== reports) problems.push(`${entity.id} has ${own.length} properties`);
        for (const [name, value] of own) {
          const spec = Object.hasOwn(properties, name) ? properties[name] : undefined;
          // Sensors report what their makers like.
          const type = spec?.type ?? (entity.kind === 'sensor' ? 'number' : 'none');
          const fits = spec?.values?.includes(String(value)) ?? TYPES[type] === typeof value;
          if (!fits) problems.push(`${entity.id}.${name} is ${String(value)}`);
        }
      }
    }
    expect(problems).toEqual([]);
  });

  test('end in states that commands of the kinds reach, and score as right there', () => {
    const problems: string[] = [];
    for (const { text, from, state, expected } of cases) {
      const ends = expected.type === 'accepted' ? expected.ends : [];
      if (ends.length === 0) problems.push(`${from}: ${text} has no end`);
      for (const end of ends) {
        const outcome: Outcome =
          end.type === 'query'
            ? { type: 'query', keys: end.keys }
            : { type: 'calls', calls: callsTo(end, state) };
        const met = isSame({ type: 'accepted', ends: [end], written: '' }, outcome, state);
        if (!met) problems.push(`${from}: ${text} is not reached by ${JSON.stringify(outcome)}`);
      }
    }
    expect(problems).toEqual([]);
  });

  test('cannot be met by doing nothing, except where nothing may change', () => {
    const met = cases.filter(({ expected, state }) => isSame(expected, NOTHING, state));
    const still = cases.filter(
      ({ expected }) =>
        expected.type === 'accepted' &&
        expected.ends.some((end) => end.type === 'state' && end.wanted.size + end.calls.length === 0),
    );
    expect(met.map(({ text }) => text)).toEqual(still.map(({ text }) => text));
  });

  test('the linker and one keyword do some of them, and what they miss can be read', async () => {
    const score = await scoreOf(cases, keywordRule);
    expect(score.right).toBeGreaterThan(0.3);
    expect(score.right).toBeLessThan(0.9);
    expect([...score.categories.keys()].toSorted()).toEqual([...CATEGORIES].toSorted());
    const lines = failureLines(set, score);
    expect(lines[0]).toBe(`# ${set}: ${score.wrong.length} of ${cases.length} wrong`);
    expect(lines.filter((line) => line.startsWith('  expected: '))).toHaveLength(score.wrong.length);
    const first = score.wrong[0]!.question;
    expect(lines[2]).toContain(`[${first.from}, ${first.category}`);
    expect(lines[2]).toContain(`] ${first.text}`);
  });
});

test('requests that the gates bar are told from questions and from what must not be done', () => {
  const [like] = cases;
  const barred = barredOf([
    { ...like!, text: "don't turn on the lamp", expected: readAccepted({ calls: CALL }, likePlace) },
    { ...like!, text: 'turn on the lamp', expected: readAccepted({ calls: CALL }, likePlace) },
    { ...like!, text: 'is the lamp on?', expected: readAccepted('nothing', likePlace) },
  ]);
  expect(barred).toEqual({ texts: 2, share: 0.5, missed: ["don't turn on the lamp"] });
  for (const { cases: own } of SETS) expect(barredOf(own).share).toBeLessThan(0.1);
});

test('the second set has homes of its own, fifty requests in each, and none of the first', () => {
  const first = new Set(cases.map(({ text }) => plain(text)));
  expect(second.map(({ text }) => text).filter((text) => first.has(plain(text)))).toEqual([]);
  const homes = new Set(cases.map(({ from }) => from));
  for (const from of new Set(second.map((one) => one.from))) {
    expect(homes).not.toContain(from);
    expect(second.filter((one) => one.from === from).length).toBeGreaterThanOrEqual(50);
  }
});

test('each set is a suite of its own', () => {
  const only = new Set(['written', 'fresh'] as const);
  const all = suites({ lexicon: readLexicon(), perTask: 0, haIntents: undefined, only });
  expect([...all].map(([name, own]) => [name, own.length])).toEqual([
    ['written', cases.length],
    ['fresh', second.length],
  ]);
});

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9 ]/g, '');
}

describe('ends', () => {
  const place = readWrittenHome(
    {
      areas: { den: { name: 'Den' } },
      devices: {
        'light.a': { name: 'A', area: 'den' },
        'light.b': { name: 'B', area: 'den' },
        'cover.c': {},
      },
      state: {
        'light.a': { state: 'on', brightness: 40 },
        'light.b': { state: 'off' },
        'cover.c': { state: 'open', position: 100 },
      },
    },
    'home.yaml',
  );
  const meets = (end: unknown, calls: readonly Call[]): boolean =>
    isSame(readAccepted(end, place), { type: 'calls', calls }, place.state);
  const call = (entity: EntityId, command: string, args: Record<string, Value> = {}): Call => ({
    entity,
    command,
    args,
  });

  test('relative ones ask for a direction, ranges for a place between', () => {
    const dimmed = [call('light.a', 'turn_on', { brightness: 30 })];
    expect(meets({ 'light.a': { brightness: 'lower' } }, dimmed)).toBe(true);
    expect(meets({ 'light.a': { brightness: 'higher' } }, dimmed)).toBe(false);
    expect(meets({ 'light.a': { brightness: '25..35' } }, dimmed)).toBe(true);
    expect(meets({ 'light.a': { brightness: '10..20' } }, dimmed)).toBe(false);
    expect(meets({ 'light.a': { brightness: 'lower' } }, [call('light.a', 'turn_off')])).toBe(false);
  });

  test('what is not spoken of stays as it is', () => {
    const both = [call('light.a', 'turn_off'), call('cover.c', 'close')];
    expect(meets({ 'light.a': 'off' }, both)).toBe(false);
    expect(meets({ 'light.a': 'off', 'cover.c': 'closed' }, both)).toBe(true);
    expect(meets([{ 'light.a': 'off' }, { 'cover.c': ['closed', 'same'], 'light.a': 'off' }], both)).toBe(
      true,
    );
  });

  test('a group is its members, less what is named after it', () => {
    expect(meets({ 'light@den': 'on' }, [call('light.b', 'turn_on')])).toBe(true);
    expect(meets({ 'light@den': 'off', 'light.a': 'same' }, [])).toBe(true);
    expect(meets({ 'light@home': 'off' }, [])).toBe(false);
  });

  test.each([
    [{ 'light.x': 'off' }, 'light.x'],
    [{ 'light.b': { brightness: 20 } }, 'light.b.brightness'],
    [{ 'light.a': { brightness: 120 } }, '120'],
    [{ 'light.a': 'open' }, '"open"'],
    [{ asks: 'light.a.color' }, 'light.a.color'],
    [{ 'fan@den': 'off' }, 'fan@den'],
    [{ calls: 'light.a.sing' }, 'light.a.sing'],
    [7, '7'],
  ])('%j is refused by name', (end, name) => {
    expect(() => readAccepted(end, place)).toThrow(name);
  });
});

/** Calls that lead to an end, found entity by entity among those its kind knows; none for an entity that cannot get there. */
function callsTo(
  end: Extract<End, { type: 'state' }>,
  state: Readonly<Record<EntityId, Readonly<Record<string, Value>>>>,
): Call[] {
  const found: Call[] = end.calls.map((key) => {
    const dot = key.lastIndexOf('.');
    return { entity: key.slice(0, dot) as EntityId, command: key.slice(dot + 1), args: {} };
  });
  for (const id of new Set([...end.wanted.keys()].map(entityOf))) {
    const kind = kindOf(id);
    if (!isKind(kind)) continue;
    const own = new Map([...end.wanted].filter(([key]) => entityOf(key) === id));
    const before = state[id] ?? {};
    const tries = Object.entries(kindSpec(kind).commands).flatMap(([command, { args }]): Call[] => {
      const withArg = Object.entries(args).flatMap(([arg, { property = arg }]) =>
        [...own]
          .filter(([key]) => propertyOf(key) === property)
          .flatMap(([, wanted]) => wanted.flatMap((one) => valueFor(one, before[property]) ?? []))
          .map((value): Call => ({ entity: id, command, args: { [arg]: value } })),
      );
      const bare = Object.values(args).every(({ required }) => required !== true);
      return bare ? [{ entity: id, command, args: {} }, ...withArg] : withArg;
    });
    const chains: Call[][] = [
      [],
      ...tries.map((one) => [one]),
      ...tries.flatMap((one) => tries.map((two) => [one, two])),
    ];
    const chain = chains.find((calls) => {
      let after: Record<string, Value> = { ...before };
      for (const one of calls) after = { ...after, ...effectOf({ kind }, one, after) };
      return endedAs(own, { [id]: before }, { [id]: after });
    });
    found.push(...(chain ?? []));
  }
  return found;
}

function valueFor(wanted: Wanted, before: Value | undefined): Value | undefined {
  if (wanted === 'same' || wanted === 'any') return undefined;
  if (wanted === 'higher') return Number(before) + 1;
  if (wanted === 'lower') return Number(before) - 1;
  return 'is' in wanted ? wanted.is : (wanted.from + wanted.to) / 2;
}
