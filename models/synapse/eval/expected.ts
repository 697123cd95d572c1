import { propertyKey } from '../../../runtime/contract/ids.ts';
import type { StateSnapshot } from '../../../runtime/contract/state.ts';
import { propertiesOf, type Listing } from '../../../runtime/modelhost/synapse/listing.ts';
import { entitiesOf, resolveCalls } from '../../../runtime/modelhost/synapse/resolve.ts';
import { draftRule } from '../../../runtime/modelhost/synapse/rule.ts';
import type { Said } from '../../../runtime/modelhost/synapse/said.ts';
import { plainText, valuesIn, type SaidValue } from '../../../runtime/modelhost/synapse/values.ts';
import type { Example } from '../corpus/example.ts';
import { fullListing, optionsOf } from '../corpus/examples.ts';
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
  switch (said.type) {
    case 'none':
      return { type: 'calls', calls: [] };
    case 'calls':
      return { type: 'calls', calls: resolveCalls(said.calls, listing, values, present) };
    case 'query': {
      const asked = entitiesOf(said.target, said.kind, [], listing).filter((entity) =>
        propertiesOf(entity).includes(said.property),
      );
      return { type: 'query', keys: asked.map(({ id }) => propertyKey(id, said.property)) };
    }
    case 'rule': {
      const rule = draftRule(said.rule, listing, values, present);
      return rule === undefined ? undefined : { type: 'rule', rule };
    }
  }
}
