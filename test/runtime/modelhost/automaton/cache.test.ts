import { describe, expect, it } from 'vitest';
import type { AnswerLanguage } from '../../../../runtime/contract/answer.ts';
import { choiceLanguage } from '../../../../runtime/modelhost/answer/language.ts';
import { AutomatonCache } from '../../../../runtime/modelhost/automaton/cache.ts';
import { toyVocabulary } from '../../../support/vocabularies.ts';

const vocabulary = toyVocabulary({ alphabet: Array.from('abcdefgh'), merges: [['a', 'b']], by: 'rank' });
const [a, b, c] = ['abc', 'bcd', 'cde'].map((text) => choiceLanguage([text, 'h'])) as [
  AnswerLanguage,
  AnswerLanguage,
  AnswerLanguage,
];

function cacheOf(options: { entries?: number; edges?: number }): AutomatonCache {
  let time = 0;
  return new AutomatonCache(vocabulary, { ...options, now: () => (time += 5) });
}

describe('AutomatonCache', () => {
  it('compiles a language once and counts', () => {
    const cache = cacheOf({});
    const first = cache.get(a);
    expect(cache.get({ key: a.key, root: { text: 'never looked at' } })).toBe(first);
    cache.get(b);
    expect(cache).toMatchObject({ hits: 1, misses: 2, evicted: 0, size: 2, compileMs: 10 });
  });

  it('drops what was not asked for the longest', () => {
    const cache = cacheOf({ entries: 2 });
    const first = cache.get(a);
    cache.get(b);
    cache.get(a);
    cache.get(c);
    expect(cache).toMatchObject({ size: 2, evicted: 1 });
    expect(cache.get(a)).toBe(first);
    cache.get(b);
    expect(cache).toMatchObject({ hits: 2, misses: 4, evicted: 2 });
  });

  it('is bounded by size as well, but keeps the newest', () => {
    const cache = cacheOf({ edges: 1 });
    const first = cache.get(a);
    expect(cache.get(a)).toBe(first);
    cache.get(b);
    expect(cache).toMatchObject({ size: 1, evicted: 1 });
  });

  it('keeps nothing of a language that is none', () => {
    const cache = cacheOf({});
    expect(() => cache.get({ key: 'none', root: { any: [] } })).toThrow(/at least one alternative/);
    expect(cache.size).toBe(0);
  });
});
