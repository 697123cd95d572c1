import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../runtime/config/schema.ts';

interface Schema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Every key of the schema as the page writes it, `sources[].as.*.path`, with its default. */
function keysOf(schema: Schema, path = ''): Map<string, unknown> {
  const keys = new Map<string, unknown>();
  const take = (inner: Schema, at: string): void => {
    for (const [key, value] of keysOf(inner, at)) if (keys.get(key) === undefined) keys.set(key, value);
  };
  for (const option of schema.anyOf ?? []) take(option, path);
  if (schema.items !== undefined) take(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') take(schema.additionalProperties, `${path}.*`);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    keys.set(at, property.default);
    take(property, at);
  }
  return keys;
}

const page = readFileSync(fileURLToPath(new URL('../../docs/configuration.md', import.meta.url)), 'utf8');
const rows = new Map(
  page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => /^`[^`]+`$/.test(cells[1] ?? ''))
    .map((cells) => [cells[1]!.slice(1, -1), { type: cells[2], standard: cells[3] ?? '' }]),
);
const schema = keysOf(configJsonSchema());

describe('docs/configuration.md', () => {
  it('has one row for every key of the schema, and none for anything else', () => {
    expect([...rows.keys()].toSorted()).toEqual([...schema.keys()].toSorted());
    expect(page.match(/^\| `/gm)).toHaveLength(rows.size);
  });

  it('says what each key is and names its default', () => {
    expect([...rows].filter(([, { type }]) => type === '')).toEqual([]);
    const scalars = [...schema].filter(([, standard]) =>
      ['string', 'number', 'boolean'].includes(typeof standard),
    );
    expect(scalars.length).toBeGreaterThan(20);
    const wrong = scalars.filter(([key, standard]) => rows.get(key)?.standard !== `\`${String(standard)}\``);
    expect(wrong).toEqual([]);
  });

  it('names every entry of the lists that are a default', () => {
    const lists = [...schema.values()]
      .filter((standard): standard is string[] => Array.isArray(standard))
      .flat();
    expect(lists).toContain('light.*');
    for (const entry of lists) expect(page).toContain(`\`${entry}\``);
  });
});
