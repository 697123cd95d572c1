import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePolicies, policiesJsonSchema, readTree } from '../../policies/index.ts';
import { FUNCTIONS, NOW_FIELDS } from '../../policies/rules/expression.ts';
import { WATCH_NAMES } from '../../policies/rules/watch-syntax.ts';
import { parseCall } from '../../policies/rules/calls.ts';

const page = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const learning = readFileSync(new URL('../../docs/learning.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map((match) => match[1]!);
}

describe('docs/rules.md', () => {
  it('shows policies that can be read', () => {
    const yaml = blocks('yaml');
    expect(yaml).toHaveLength(5);
    const { policies, templates, vetoes, problems } = parsePolicies(
      yaml.map((text, i) => ({ name: `example ${i}`, text })),
    );
    expect(problems).toEqual([]);
    expect([...policies, ...vetoes].map(({ id }) => id)).toEqual([
      'hall-night-light',
      'fresh-air',
      'never-unlock-empty',
    ]);
    expect(templates.map(({ id }) => id)).toEqual(['motion-light', 'left-open']);
  });

  it('names every key that the schema of policy files has', () => {
    const keys = new Set<string>();
    const collect = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [name, value] of Object.entries(schema)) {
        if (name === 'properties') for (const key of Object.keys(value as object)) keys.add(key);
        collect(value);
      }
    };
    collect(policiesJsonSchema());
    expect([...keys]).toEqual(
      expect.arrayContaining(['id', 'when', 'for_each', 'with', 'like', 'let', 'never', 'decide']),
    );
    // Those of `explore` stand where it is explained.
    const pages = page + learning;
    expect([...keys].filter((key) => !pages.includes(`\`${key}\``) && !pages.includes(`${key}:`))).toEqual(
      [],
    );
  });

  it('shows a tree that can be read', () => {
    const [json, ...more] = blocks('json');
    expect(more).toEqual([]);
    expect(readTree('example.json', json!).leaves.filter((leaf) => leaf !== undefined)).toHaveLength(2);
  });

  it('shows calls that can be read', () => {
    const calls = [...page.matchAll(/^ {4}((?:light|cover|tool)\..*)$/gm)].map((match) => match[1]!);
    expect(calls).toHaveLength(5);
    expect(calls.filter((call) => !parseCall(call).ok)).toEqual([]);
  });

  it('names every function and every field of now', () => {
    const missing = [...Object.keys(FUNCTIONS), ...WATCH_NAMES, 'prop'].filter(
      (name) => !page.includes(`${name}(`),
    );
    expect(missing).toEqual([]);
    expect(NOW_FIELDS.filter((field) => !page.includes(`\`now.${field}\``))).toEqual([]);
  });
});
