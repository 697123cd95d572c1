import { listedFor, mark } from '../../../runtime/modelhost/synapse/linking.ts';
import { listingOf, type Listable, type Listing } from '../../../runtime/modelhost/synapse/listing.ts';
import type { Marked } from '../../../runtime/modelhost/synapse/question.ts';
import type { Said } from '../../../runtime/modelhost/synapse/said.ts';
import { plainText } from '../../../runtime/modelhost/synapse/values.ts';
import { makeCombined } from './combined.ts';
import type { Example, Task } from './example.ts';
import { makeEvent, makeRule } from './guided.ts';
import type { Home } from './homes.ts';
import { needs, saidOf, type Meant } from './meant.ts';
import { makeQuestion } from './questions.ts';
import { makeRefusal } from './refusals.ts';
import { makeRequest } from './requests.ts';
import type { Scene } from './scene.ts';
import { withTypo } from './typos.ts';

/** How many requests are about several sorts of things at once, or can be carried out in part only. */
const COMBINED = 0.18;

const MAKERS: Readonly<Record<Task, (scene: Scene) => Example | undefined>> = {
  request: (scene) =>
    scene.random.chance(COMBINED) ? (makeCombined(scene) ?? makeRequest(scene)) : makeRequest(scene),
  refusal: makeRefusal,
  question: makeQuestion,
  event: makeEvent,
  rule: makeRule,
};

/** Of a hundred examples. */
export const TASK_WEIGHTS: Readonly<Record<Task, number>> = {
  request: 40,
  refusal: 24,
  question: 9,
  event: 15,
  rule: 12,
};

const TYPOS = 0.07;
const TRIES = 40;

/** An example of a task in this scene; undefined where the scene has nothing for it. */
export function makeExample(scene: Scene, task: Task): Example | undefined {
  for (let i = 0; i < TRIES; i++) {
    const made = MAKERS[task](scene);
    if (made === undefined || made.text.length > 300) continue;
    // A slip in a cancelled or negated order could make another one of it; those stay as they are.
    const slips = task !== 'refusal' && scene.random.chance(TYPOS);
    return slips ? { ...made, text: withTypo(made.text, scene.random) } : made;
  }
  return undefined;
}

/** What the model is given of an example's text, and what it should answer. */
export interface Posed {
  readonly marked: Marked;
  readonly said: Said;
}

/** An example put in terms of a listing. Undefined where it cannot be said with it. */
export function pose(example: Example, listing: Listing, home: Home): Posed | undefined {
  const marked = mark(plainText(example.text), listing, home.house, example.here?.id);
  const said = saidOf(example.meant, listing, marked.found);
  return said === undefined ? undefined : { marked, said };
}

/** What is listed for a text: what the linker ranks first, and what a question names of itself. */
export function listed(text: string, home: Home, most: number, sure: readonly Listable[] = []): Listable[] {
  return listedFor(plainText(text), home.house, most, sure);
}

/** A listing that holds all that is meant, whether the linker found it or not: for what is expected. */
export function fullListing(meant: Meant, home: Home): Listing {
  return listingOf(home.house, needs(meant));
}
