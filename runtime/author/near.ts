import { setImmediate } from 'node:timers/promises';
import { type Linked, ruleOf } from '../../policies/index.ts';

type Policies = readonly { readonly id: string; readonly text: string }[];

/** Others get their turn at least this often, ms. */
const SLICE_MS = 4;

/** Lets others have their turn at once, and then whenever its slice of time is over; to be awaited between two pieces of work. */
export function inTurns(): () => Promise<void> {
  let end = 0;
  return async () => {
    if (performance.now() < end) return;
    await setImmediate();
    end = performance.now() + SLICE_MS;
  };
}

/** The policies that have to do with a draft. */
export interface Neighbours {
  /** Those that speak of its entities, those that it sets off, templates, and all that forbid something; by id, as YAML. */
  readonly texts: ReadonlyMap<string, string>;
  /** The rules among them. */
  readonly linked: readonly Linked[];
}

/**
 * Which policies have to do with the policies of a draft: found by the names in their texts, so that of a thousand only these
 * few are parsed and run.
 */
export async function neighboursOf(
  draft: Policies,
  others: ReadonlyMap<string, string>,
  turn: () => Promise<void>,
): Promise<Neighbours> {
  const speaking = new Map<string, string[]>();
  const texts = new Map<string, string>();
  for (const [id, text] of others) {
    // A veto may speak of `lock.*` or of whatever happens, a template of what it does not name.
    if (/^[- ]*(?:never|for_each|like):/m.test(text)) texts.set(id, text);
    for (const entity of entitiesIn(text)) {
      const known = speaking.get(entity);
      if (known === undefined) speaking.set(entity, [id]);
      else known.push(id);
    }
    await turn();
  }
  const linked = new Map<string, Linked | undefined>();
  const link = (id: string): Linked | undefined => {
    if (!linked.has(id)) linked.set(id, linkOf(id, others.get(id)!));
    return linked.get(id);
  };
  const own = new Set(draft.flatMap(({ text }) => [...entitiesIn(text)]));
  const reached = [...own];
  const seen = new Set(reached);
  for (const entity of reached) {
    for (const id of speaking.get(entity) ?? []) {
      await turn();
      const rule = link(id);
      const isSetOff = rule?.when.includes(entity) === true;
      if (!own.has(entity) && !isSetOff) continue;
      texts.set(id, others.get(id)!);
      if (!isSetOff) continue;
      for (const next of rule.then.flatMap((call) => [...entitiesIn(call)])) {
        if (!seen.has(next)) reached.push(next);
        seen.add(next);
      }
    }
  }
  return { texts, linked: [...texts.keys()].flatMap((id) => link(id) ?? []) };
}

/** What may be the name of an entity. */
function entitiesIn(text: string): ReadonlySet<string> {
  const found = text.match(/(?<![\p{L}\p{N}_.])(?!now\.|sun\.)[a-z_]+\.[\p{Ll}\p{Lo}\p{N}_]+/gu);
  return new Set(found);
}

function linkOf(id: string, text: string): Linked | undefined {
  const rule = ruleOf(text);
  if (rule === undefined || rule.mode === 'off') return undefined;
  const then = rule.calls.map(({ source }) => source);
  // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
  return { id, when: rule.when.source, then, holds: rule.forMs > 0 };
}
