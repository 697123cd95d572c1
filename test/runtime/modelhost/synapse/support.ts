import { makeHome, type Home } from '../../../../models/synapse/corpus/homes.ts';
import { readLexicon } from '../../../../models/synapse/corpus/lexicon.ts';
import { Random } from '../../../../models/synapse/corpus/random.ts';
import { someOf } from '../../../../models/synapse/corpus/scene.ts';
import { listingOf, type Listing } from '../../../../runtime/modelhost/synapse/listing.ts';
import { plainText, valuesIn, type SaidValue } from '../../../../runtime/modelhost/synapse/values.ts';

const lexicon = readLexicon();

export interface Place {
  readonly home: Home;
  readonly listing: Listing;
  readonly values: readonly SaidValue[];
  readonly random: Random;
}

const VALUES = 'at 40 %, 21.5 degrees, 300 percent, red, warm white, 7, for 5 minutes, after 22:15';

/** A made-up home, a listing of a part of it, and values of all sorts. */
export function placeOf(seed: number): Place {
  const random = new Random(seed);
  const home = makeHome(random, lexicon, random.chance(0.5) ? 'train' : 'test', 40);
  const listing = listingOf(home.house, someOf(home, random, 10));
  return { home, listing, random, values: valuesIn(plainText(VALUES)).map(({ said }) => said) };
}
