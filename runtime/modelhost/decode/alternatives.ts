import type { Greedy } from './greedy.ts';
import type { Place, Walk } from './walk.ts';

/**
 * The likeliest answers besides the greedy one, likeliest first. Best-first search: no answer is likelier than its
 * beginning, so a whole answer that comes first in the queue is the next best. After `maxBranches` further branches the
 * search ends, and what was found whole by then is what there is.
 */
export async function nextBest(
  walk: Walk,
  found: Greedy,
  count: number,
  maxBranches: number,
): Promise<Place[]> {
  // What has just been evaluated is the last branch: beginning there costs no step back.
  const queue = found.passedOver.toReversed().map(({ place, option }) => walk.take(place, option));
  const answers: Place[] = [];
  let branches = 0;
  while (answers.length < count && queue.length > 0) {
    const place = takeLikeliest(queue);
    if (place.whole) {
      answers.push(place);
    } else if (branches < maxBranches) {
      branches += 1;
      for (const option of await walk.options(place)) {
        queue.push(walk.take(place, option));
      }
    }
  }
  return answers;
}

/** The queue is short: branches × options. Of equally likely ones, whole answers and then the first. */
function takeLikeliest(queue: Place[]): Place {
  let best = 0;
  for (let index = 1; index < queue.length; index += 1) {
    const a = queue[index]!;
    const b = queue[best]!;
    if (a.probability > b.probability || (a.probability === b.probability && a.whole && !b.whole)) {
      best = index;
    }
  }
  return queue.splice(best, 1)[0]!;
}
