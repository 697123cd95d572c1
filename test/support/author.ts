import { benchHouse } from '../../bench/support/author/house.ts';
import { Author, type AuthorParts } from '../../runtime/author/authoring.ts';
import { ExampleStore } from '../../runtime/author/examples.ts';
import { numericProperties, type World } from '../../runtime/author/reader/conditions.ts';
import { checkConfig } from '../../runtime/config/load.ts';
import type { AuthorReply } from '../../runtime/contract/authoring.ts';
import type { Entity } from '../../runtime/contract/house.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { ScriptedShelf } from './scripted-shelf.ts';

export const HOME = benchHouse();
export const numbers = (entity: Entity): readonly string[] => numericProperties(entity, []);
export const WORLD: World = { house: HOME, numbers };
export const SETTINGS = checkConfig(
  {
    site: { timezone: 'Europe/Berlin', latitude: 52.5, longitude: 13.4 },
    limits: { allow: ['*'], approve: ['lock.*', 'valve.*', 'siren.*'] },
  },
  { baseDir: '/' },
);
/** A Monday at noon, UTC. */
export const MONDAY = Date.UTC(2026, 0, 5, 12) as WallMs;

/** An author with a shelf in memory and a clock that stands still. */
export function authorFor(parts: Partial<AuthorParts> = {}): {
  author: Author;
  shelf: ScriptedShelf;
  examples: ExampleStore;
} {
  const shelf = new ScriptedShelf();
  const examples = new ExampleStore(undefined);
  const author = new Author({
    house: HOME,
    numbers,
    tools: [],
    settings: SETTINGS,
    shelf,
    examples,
    models: [],
    clock: { wall: () => MONDAY, mono: () => 0 as MonoMs, schedule: () => ({ cancel: () => {} }) },
    modelMs: 1000,
    ...parts,
  });
  return { author, shelf, examples };
}

/** The rule of a reply without its id and mode, a line each. */
export function ruleLines({ policies }: Pick<AuthorReply, 'policies'>): string[] {
  return policies
    .flatMap(({ text }) => text.trimEnd().split('\n'))
    .filter((line) => !/^(?:id|mode):/.test(line));
}
