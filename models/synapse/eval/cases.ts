import { makeExample, TASK_WEIGHTS } from '../corpus/examples.ts';
import type { Example, Task } from '../corpus/example.ts';
import { makeHome, type Home } from '../corpus/homes.ts';
import type { Lexicon } from '../corpus/lexicon.ts';
import { Random } from '../corpus/random.ts';
import { sceneOf, someOf } from '../corpus/scene.ts';
import type { MadeCase } from './case.ts';
import { expectedOf } from './expected.ts';
import { madeState } from './state.ts';

/** Far from the seeds that training counts up from. */
const SEED = 0x5eed_0000;
const MOST_ENTITIES = 200;
const LISTED = 12;

/**
 * Held-out cases: made of phrasings that training never sees, in homes whose names are put together from words that it never
 * sees. The same numbers of each task every time.
 */
export function heldOutCases(lexicon: Lexicon, perTask: number, seed = SEED): MadeCase[] {
  const cases: MadeCase[] = [];
  const counts = new Map<Task, number>();
  const tasks = Object.keys(TASK_WEIGHTS) as Task[];
  for (let i = 0; cases.length < perTask * tasks.length && i < perTask * 20; i++) {
    const random = new Random(seed + i);
    const home = makeHome(random, lexicon, 'test', MOST_ENTITIES);
    const scene = sceneOf(
      { random, lexicon, part: 'test', home },
      someOf(home, random, LISTED),
      random.chance(0.15),
    );
    for (const task of tasks) {
      if ((counts.get(task) ?? 0) >= perTask) continue;
      const example = makeExample(scene, task);
      const made = example === undefined ? undefined : caseOf(example, home, random);
      if (made === undefined) continue;
      counts.set(task, (counts.get(task) ?? 0) + 1);
      cases.push(made);
    }
  }
  return cases;
}

function caseOf(example: Example, home: Home, random: Random): MadeCase | undefined {
  const state = madeState(home, random, example.facts);
  const expected = expectedOf(example, home, state);
  return expected === undefined ? undefined : { ...example, home, state, expected };
}
