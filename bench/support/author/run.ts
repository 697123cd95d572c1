import { simulate } from '../../../devices/index.ts';
import { asEntry } from '../../../policies/index.ts';
import type { AuthorReply } from '../../../runtime/contract/authoring.ts';
import type { House } from '../../../runtime/contract/house.ts';
import {
  entityOf,
  kindOf,
  propertyKey,
  propertyOf,
  type EntityId,
  type PropertyKey,
} from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { ReplaySettings } from '../../../runtime/replay/index.ts';
import { runScenarios } from '../../../runtime/scenarios/index.ts';
import { NOON, type AuthorCase, type Situation } from './case.ts';

type Values = Record<PropertyKey, Value>;

/**
 * Whether a home with these policies does what it should in every situation: events in, end state out. The policies act by
 * themselves here. What is not named in a situation's end must be as the events left it.
 * @returns what came out otherwise, one sentence each
 */
export function behaves(
  policies: AuthorReply['policies'],
  { situations }: AuthorCase,
  house: House,
  settings: ReplaySettings,
): string[] {
  const files = policies.map(({ id, text }) => ({
    name: id,
    text: asEntry(text).replace(/^( *)mode: .*$/m, '$1mode: auto'),
  }));
  return situations.flatMap((situation, i) =>
    played(files, situation, house, settings).map((text) => `situation ${i + 1}: ${text}`),
  );
}

function played(
  files: readonly { readonly name: string; readonly text: string }[],
  { time = NOON, given = {}, when, end, others }: Situation,
  house: House,
  settings: ReplaySettings,
): string[] {
  const people = [...house.entities()].filter(({ kind }) => kind === 'person');
  const everybody = Object.fromEntries(people.map(({ id }) => [propertyKey(id, 'state'), 'home']));
  const state: Values = { ...everybody, ...given };
  const scenario = { name: 'behaviour', given: { time, state }, when, then: 'nothing' as const };
  const [result] = runScenarios([scenario], { files, house, tools: [], settings }).results;
  const calls = (result?.came ?? []).flatMap((came) =>
    came.what === 'call' || came.what === 'approval' ? [came.call] : [],
  );
  const left: Values = { ...state, ...eventsOf(when) };
  const after = afterCalls(left, calls, house);
  for (const { entity } of calls) {
    const sent: PropertyKey = `${entity}.sent`;
    if (kindOf(entity) === 'notify') after[sent] = Number(after[sent] ?? 0) + 1;
  }
  const named = new Set(Object.keys(end).map((key) => entityOf(key as PropertyKey)));
  const wanted: Values = { ...left, ...end };
  const keys = new Set([...Object.keys(after), ...Object.keys(end)] as PropertyKey[]);
  return [...keys].flatMap((key) => {
    // A light that is dimmed is on, too: of what is named only that counts.
    const free = !(key in end) && (named.has(entityOf(key)) || kindOf(entityOf(key)) === others);
    if (free || after[key] === wanted[key]) return [];
    return [`expected ${key} ${String(wanted[key])} but it is ${String(after[key])}`];
  });
}

function eventsOf(when: Situation['when']): Values {
  const values: Values = {};
  for (const event of when)
    for (const [key, value] of Object.entries(event))
      if (key.includes('.')) values[key as PropertyKey] = value;
  return values;
}

function afterCalls(values: Readonly<Values>, calls: Parameters<typeof simulate>[1], house: House): Values {
  const snapshot: Record<EntityId, Record<string, Value>> = {};
  for (const [key, value] of Object.entries(values) as [PropertyKey, Value][])
    (snapshot[entityOf(key)] ??= {})[propertyOf(key)] = value;
  const after = simulate(snapshot, calls, (id) => house.entity(id)?.kind);
  const result: Values = {};
  for (const [entity, properties] of Object.entries(after))
    for (const [name, value] of Object.entries(properties))
      result[propertyKey(entity as EntityId, name)] = value;
  return result;
}
