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
  ruleOf,
  undoesItself,
  undoneBy,
  undoOf,
} from '../../policies/index.ts';
import { entityOf, propertyOf } from '../contract/ids.ts';
import { conflictsOf, type TrialParts } from './trial.ts';

type Policies = readonly { readonly id: string; readonly text: string }[];

/** Why a draft cannot become a rule, in words that say what to do; undefined where it can. */
export function refusalOf(
  draft: Draft,
  policies: Policies,
  others: ReadonlyMap<string, string>,
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
  const circle = circleOf(linkedOf(policies[0]!.id, draft), linked(others));
  if (circle !== undefined)
    return `it would go round in a circle: ${[...circle, circle[0]].join(' sets off ')}`;
  const files = policies.map(({ id, text }) => ({ name: id, text: asEntry(text) }));
  const wrong = checkPolicies(files, house, tools).problems.find(({ severity }) => severity === 'error');
  return wrong === undefined ? undefined : `${wrong.path}: ${wrong.message}`;
}

/** What speaks against a draft, and what is to be known of it. */
export function warningsOf(
  draft: Draft,
  policies: Policies,
  others: ReadonlyMap<string, string>,
  parts: TrialParts,
): { readonly conflicts: readonly string[]; readonly notes: readonly string[] } {
  const twin = [...others.keys()].find((id) => {
    const read = readDraft(id, others);
    return 'draft' in read && keyOf(read.draft) === keyOf(draft);
  });
  const against = contradictionsOf(draft, others).map(
    ({ id, mine, theirs }) =>
      `contradicts ${id}: on the same condition that does ${theirs} and this ${mine}; of two such rules only the one of higher priority, or earlier in the files, acts`,
  );
  const named = new Set(contradictionsOf(draft, others).map(({ id }) => id));
  const list = [...others].map(([id, text]) => ({ id, text }));
  const met = conflictsOf(draft, policies, list, parts).filter(
    (text) => ![...named].some((id) => text.includes(`, ${id} does`)),
  );
  const undone = undoneBy(linkedOf(policies[0]!.id, draft), linked(others)).map(
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

function linked(others: ReadonlyMap<string, string>): Linked[] {
  return [...others].flatMap(([id, text]): Linked[] => {
    const rule = ruleOf(text);
    if (rule === undefined || rule.mode === 'off') return [];
    const then = rule.calls.map(({ source }) => source);
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    return [{ id, when: rule.when.source, then, holds: rule.forMs > 0 }];
  });
}
