import { describe, expect, test } from 'vitest';
import { TASKS } from '../../../models/synapse/corpus/example.ts';
import { makeExample } from '../../../models/synapse/corpus/examples.ts';
import { expand } from '../../../models/synapse/corpus/grammar.ts';
import { makeHome } from '../../../models/synapse/corpus/homes.ts';
import { countLines, linesOf, readLexicon } from '../../../models/synapse/corpus/lexicon.ts';
import { Random } from '../../../models/synapse/corpus/random.ts';
import { sceneOf, someOf } from '../../../models/synapse/corpus/scene.ts';
import { heldOutCases } from '../../../models/synapse/eval/cases.ts';
import { keywordRule } from '../../../models/synapse/eval/keyword.ts';
import { recallOf } from '../../../models/synapse/eval/recall.ts';
import { isSame, scoreOf } from '../../../models/synapse/eval/score.ts';

const lexicon = readLexicon();

describe('the grammar of templates', () => {
  test('alternatives, optional parts and slots, nested', () => {
    const random = new Random(1);
    const seen = new Set(
      Array.from({ length: 200 }, () => expand('(a|b [c]|) {x}', random, { x: () => 'y' })),
    );
    expect([...seen].toSorted()).toEqual(['a y', 'b c y', 'b y', 'y']);
  });
});

describe('the corpus', () => {
  test('has thousands of lines, and holds some of every section of five or more out', () => {
    expect(countLines(lexicon).phrasings).toBeGreaterThan(3000);
    for (const [section, lines] of lexicon.requests) {
      const [train, held] = [
        linesOf(lexicon.requests, section, 'train'),
        linesOf(lexicon.requests, section, 'test'),
      ];
      expect(lines.length).toBeGreaterThan(0);
      if (lines.length < 5) continue;
      expect(held.length).toBeGreaterThan(0);
      expect(train.filter((line) => held.includes(line))).toEqual([]);
      expect(train.length + held.length).toBe(lines.length);
    }
  });

  test('is the same for the same seed, and speaks of every task without a slot left open', () => {
    const texts = (seed: number): string[] => {
      const random = new Random(seed);
      const home = makeHome(random, lexicon, 'train', 60);
      const scene = sceneOf({ random, lexicon, part: 'train', home }, someOf(home, random, 10), true);
      return TASKS.flatMap((task) => makeExample(scene, task)?.text ?? []);
    };
    for (let seed = 0; seed < 12; seed++) {
      const made = texts(seed);
      expect(made).toEqual(texts(seed));
      for (const text of made) expect(text).not.toMatch(/[{}[\]|]|undefined/);
    }
  });
});

describe('measuring', () => {
  const cases = heldOutCases(lexicon, 40);

  test('the linker ranks nearly everything that is meant among the first eight', () => {
    const requests = cases.filter(({ task }) => task === 'request' || task === 'question');
    expect(recallOf(requests, 8).share).toBeGreaterThanOrEqual(0.97);
    expect(recallOf(cases, 16).share).toBeGreaterThanOrEqual(0.98);
  });

  test('what is expected counts as right, and doing nothing only where nothing is to be done', () => {
    for (const { expected, state, task } of cases) {
      expect(isSame(expected, expected, state)).toBe(true);
      const idle = isSame(expected, { type: 'calls', calls: [] }, state);
      // A request may ask for what is so already.
      expect(task === 'request' || task === 'event' || idle === (task === 'refusal')).toBe(true);
    }
  });

  test('the keyword rule is a real baseline: better than nothing at requests, and it refuses', async () => {
    const of = (task: string): typeof cases => cases.filter((one) => one.task === task);
    expect((await scoreOf(of('request'), keywordRule)).right).toBeGreaterThan(0.25);
    expect((await scoreOf(of('refusal'), keywordRule)).right).toBeGreaterThan(0.4);
  });
});
