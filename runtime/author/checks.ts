import {
  asEntry,
  checkPolicies,
  circleOf,
  contradictionsOf,
  criticalOf,
  type Draft,
  describeCall,
  isMoment,
  keyOf,
  type Linked,
  readDraft,
  undoesItself,
  undoneBy,
  undoOf,
} from '../../policies/index.ts';
import { entityOf, propertyOf } from '../contract/ids.ts';
import type { Neighbours } from './near.ts';
import { conflictsOf, type TrialParts, type TurnParts } from './trial.ts';

type Policies = readonly { readonly id: string; readonly text: string }[];

/** Why a draft cannot become a rule, in words that say what to do; undefined where it can. */
export function refusalOf(
  draft: Draft,
  policies: Policies,
  others: readonly Linked[],
  { house, tools }: TrialParts,
): string | undefined {
  if (draft.then.length === 0) return 'nothing would be left to do';
  if (draft.lasts !== undefined && policies.length === 1) {
    const stays = draft.then.find(({ value }) => undoOf(value) === undefined);
    if (stays === undefined)
      return 'when it would have to end cannot be told from this trigger; leave out how long it lasts';
    return `“${describeCall(stays.value, house)}” cannot be undone by itself; leave out how long it lasts`;
  }
  if (draft.hold !== undefined && isMoment(draft.when.value))
    return 'what sets it off is a moment, and nothing can stay so for a while after it; say another time instead';
  const undone = undoesItself(draft);
  if (undone !== undefined) {
    const name = house.entity(entityOf(undone))?.name ?? entityOf(undone);
    return `it undoes what sets it off: nobody could change the ${propertyOf(undone)} of ${name} any more. Say how long that may last first: “… for ten minutes”`;
  }
  const circle = circleOf(linkedOf(policies[0]!.id, draft), others);
  if (circle !== undefined)
    return `it would go round in a circle: ${[...circle, circle[0]].join(' sets off ')}`;
  const files = policies.map(({ id, text }) => ({ name: id, text: asEntry(text) }));
  const wrong = checkPolicies(files, house, tools).problems.find(({ severity }) => severity === 'error');
  return wrong === undefined ? undefined : `${wrong.path}: ${wrong.message}`;
}

/** What speaks against a draft, and what is to be known of it. */
export async function warningsOf(
  draft: Draft,
  policies: Policies,
  { texts: others, linked }: Neighbours,
  parts: TurnParts,
): Promise<{ readonly conflicts: readonly string[]; readonly notes: readonly string[] }> {
  let twin: string | undefined;
  const contradictions: ReturnType<typeof contradictionsOf> = [];
  for (const entry of others) {
    await parts.turn();
    const read = readDraft(entry[0], others);
    if ('draft' in read && keyOf(read.draft) === keyOf(draft)) twin ??= entry[0];
    contradictions.push(...contradictionsOf(draft, [entry]));
  }
  const against = contradictions.map(
    ({ id, mine, theirs }) =>
      `contradicts ${id}: on the same condition that does ${theirs} and this ${mine}; of two such rules only the one of higher priority, or earlier in the files, acts`,
  );
  const named = new Set(contradictions.map(({ id }) => id));
  const list = [...others].map(([id, text]) => ({ id, text }));
  const met = (await conflictsOf(draft, policies, list, parts)).filter(
    (text) => ![...named].some((id) => text.includes(`, ${id} does`)),
  );
  const undone = undoneBy(linkedOf(policies[0]!.id, draft), linked).map(
    (id) => `is set off by what ${id} does, and undoes what sets that off`,
  );
  const critical = criticalOf(draft, parts.house).map((id) => {
    const name = parts.house.entity(id as `${string}.${string}`)?.name ?? id;
    const way =
      draft.mode === 'auto'
        ? 'a person is asked each time where limits.approve says so; mode approve asks whatever it says'
        : 'look at it twice before you put it to work, and prefer mode approve';
    return `${name} is critical: ${way}.`;
  });
  return {
    conflicts: [
      ...(twin === undefined ? [] : [`${twin} says the same already`]),
      ...against,
      ...undone,
      ...met,
    ],
    notes: critical,
  };
}

function linkedOf(id: string, { when, then, hold }: Draft): Linked {
  // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
  return { id, when: when.value, then: then.map(({ value }) => value), holds: hold !== undefined };
}
