import type { Place, Walk } from './walk.ts';

/**
 * Every answer with its probability, likeliest first; of equally likely ones the one with the lowest tokens. Depth first,
 * so that what two answers begin with alike is evaluated once and the session steps back as little as possible.
 */
export async function scoreAll(walk: Walk): Promise<Place[]> {
  const answers: Place[] = [];
  const visit = async (place: Place): Promise<void> => {
    if (place.whole) {
      answers.push(place);
      return;
    }
    for (const option of await walk.options(place)) {
      await visit(walk.take(place, option));
    }
  };
  await visit(walk.start());
  // Stable: equally likely answers keep the order of the visit, which is that of their tokens.
  return answers.toSorted((a, b) => b.probability - a.probability);
}
