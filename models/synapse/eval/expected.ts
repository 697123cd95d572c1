import type { StateSnapshot } from '../../../runtime/contract/state.ts';
import { optionsOf } from '../../../runtime/modelhost/synapse/linking.ts';
import type { Listing } from '../../../runtime/modelhost/synapse/listing.ts';
import { meaningOfSaid } from '../../../runtime/modelhost/synapse/meaning.ts';
import { draftRule } from '../../../runtime/modelhost/synapse/rule.ts';
import type { Said } from '../../../runtime/modelhost/synapse/said.ts';
import { plainText, valuesIn, type SaidValue } from '../../../runtime/modelhost/synapse/values.ts';
import type { Example } from '../corpus/example.ts';
import { fullListing } from '../corpus/examples.ts';
import type { Home } from '../corpus/homes.ts';
import { saidOf } from '../corpus/meant.ts';
import type { Outcome } from './case.ts';
import { presentIn } from './state.ts';

/** What an example should come to; undefined where it cannot be said, or would do nothing. */
export function expectedOf(example: Example, home: Home, state: StateSnapshot): Outcome | undefined {
  const listing = fullListing(example.meant, home);
  const text = plainText(example.text);
  const found = valuesIn(text, optionsOf(listing));
  const said = saidOf(example.meant, listing, found);
  if (said === undefined) return undefined;
  const outcome = outcomeOf(
    said,
    listing,
    found.map((one) => one.said),
    state,
  );
  const empty = outcome?.type === 'calls' && outcome.calls.length === 0;
  return empty === (said.type === 'none') ? outcome : undefined;
}

/** What was said, carried out in a home of this state. Undefined for a rule that is none. */
export function outcomeOf(
  said: Said,
  listing: Listing,
  values: readonly SaidValue[],
  state: StateSnapshot,
): Outcome | undefined {
  const present = presentIn(state);
  if (said.type !== 'rule') return meaningOfSaid(said, listing, values, present);
  const rule = draftRule(said.rule, listing, values, present);
  return rule === undefined ? undefined : { type: 'rule', rule };
}
