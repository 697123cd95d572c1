import { describe, expect, test } from 'vitest';
import { TASKS } from '../../../models/synapse/corpus/example.ts';
import { fullListing, makeExample, pose } from '../../../models/synapse/corpus/examples.ts';
import { couldSay, expand } from '../../../models/synapse/corpus/grammar.ts';
import { makeHome } from '../../../models/synapse/corpus/homes.ts';
import { makeCombined } from '../../../models/synapse/corpus/combined.ts';
import { mayMean } from '../../../models/synapse/corpus/refusals.ts';
import { frames } from '../../../models/synapse/corpus/requests.ts';
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
    expect(countLines(lexicon).phrasings).toBeGreaterThan(4000);
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

describe('labels', () => {
  /** Both slots of devices alike, so that templates can be compared. */
  const plain = (template: string): string =>
    template.replaceAll(/\{[te]\}/g, '@').replaceAll(/\{(?:p|room)\}/g, '%');

  test('a template says what it is a template of', () => {
    const random = new Random(4);
    for (const [section, lines] of lexicon.requests)
      for (const template of lines) {
        const text = expand(template, random, {
          t: () => 'x',
          e: () => 'x',
          p: () => 'in y',
          room: () => 'y',
          v: () => '4',
        });
        expect(couldSay(template, text), `${section}: ${template}`).toBe(true);
      }
    expect(couldSay('turn (on|off) {t}', 'toggle x')).toBe(false);
  });

  test('no words that order one thing of a kind also order another', () => {
    const random = new Random(5);
    const all = frames(lexicon).map((frame) => ({
      ...frame,
      lines: (lexicon.requests.get(frame.section) ?? []).map(plain).filter((one) => !one.includes('{v}')),
    }));
    const clashes = all.flatMap((one) =>
      one.lines.flatMap((template) => {
        const text = expand(template, random);
        return all.flatMap((other) => {
          const same = one.action === other.action && one.sort === other.sort;
          if (same || !one.kinds.some((kind) => other.kinds.includes(kind))) return [];
          return other.lines.filter((theirs) => couldSay(theirs, text)).map((theirs) => `${text}: ${theirs}`);
        });
      }),
    );
    expect(clashes).toEqual([]);
  });

  test('of what is possible in part, the rest is meant', () => {
    let partial = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const home = makeHome(random, lexicon, 'train', 60);
      const scene = sceneOf({ random, lexicon, part: 'train', home }, someOf(home, random, 10), false);
      const made = makeCombined(scene);
      if (made === undefined) continue;
      partial++;
      expect(made.meant.type === 'calls' && made.meant.calls.length > 0).toBe(true);
      expect(pose(made, fullListing(made.meant, home), home)).toBeDefined();
    }
    expect(partial).toBeGreaterThan(15);
  });

  test('what could mean something in the home is never refused as absent', () => {
    const [home] = [1, 2, 3].map((seed) => makeHome(new Random(seed), lexicon, 'train', 60));
    const scene = sceneOf({ random: new Random(1), lexicon, part: 'train', home: home! }, [], false);
    for (const { entity, noun = '' } of home!.entities) {
      const floor = home!.floors.find(({ id }) => id === home!.house.area(entity.area ?? '')?.floor);
      expect(mayMean(entity.name.toLowerCase(), noun || undefined, entity.kind, scene)).toBe(true);
      const upstairs = `${floor?.name.toLowerCase() ?? ''} ${noun}`.trim();
      expect(upstairs === '' || mayMean(upstairs, noun || undefined, entity.kind, scene)).toBe(true);
    }
    expect(mayMean('zeppelin', undefined, 'switch', scene)).toBe(false);
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
