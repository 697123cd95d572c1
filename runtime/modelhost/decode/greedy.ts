import { likeliest, type Option, type Place, type Walk } from './walk.ts';

export interface Greedy {
  /** Where it ended: a whole answer, or the choice after which it was too unlikely. */
  readonly place: Place;
  readonly abstained: boolean;
  /** What was not taken, at every branch on the way. */
  readonly passedOver: readonly { readonly place: Place; readonly option: Option }[];
}

/** Takes the likeliest token at every branch. Gives up as soon as the product falls below `minProbability`. */
export async function greedy(walk: Walk, minProbability: number): Promise<Greedy> {
  const passedOver: { place: Place; option: Option }[] = [];
  let place = walk.start();
  while (!place.whole) {
    const options = await walk.options(place);
    const best = likeliest(options);
    for (const option of options) {
      if (option !== best) {
        passedOver.push({ place, option });
      }
    }
    place = walk.take(place, best);
    if (place.probability < minProbability) {
      return { place, abstained: true, passedOver };
    }
  }
  return { place, abstained: false, passedOver };
}
