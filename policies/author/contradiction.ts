import { parseExpression } from '../rules/syntax.ts';
import type { Draft } from './draft.ts';
import { entityOfCall } from './edit.ts';
import { effectsOf } from './loops.ts';
import { printExpr } from './print.ts';
import { ruleOf } from './read.ts';

/** Calls of a draft and of another rule that set one property to different values on the very same trigger. */
export interface Contradiction {
  readonly id: string;
  readonly entity: string;
  readonly mine: string;
  readonly theirs: string;
}

/** Rules that do something else with an entity of the draft on the same trigger. @param others as YAML of one policy each */
export function contradictionsOf(draft: Draft, others: Iterable<readonly [string, string]>): Contradiction[] {
  const when = canonical(draft.when.value);
  const found: Contradiction[] = [];
  for (const [id, text] of others) {
    const rule = ruleOf(text);
    if (rule === undefined || rule.mode === 'off' || printExpr(rule.when.expr) !== when) continue;
    if (rule.forMs !== (draft.hold?.value ?? 0)) continue;
    for (const { value } of draft.then) {
      const effects = effectsOf(value);
      const against = rule.calls.find(({ source }) =>
        [...effectsOf(source)].some(([key, other]) => effects.has(key) && effects.get(key) !== other),
      );
      if (against !== undefined)
        found.push({ id, entity: entityOfCall(value) ?? '', mine: value, theirs: against.source });
    }
  }
  return found;
}

function canonical(source: string): string {
  const parsed = parseExpression(source);
  return parsed.ok ? printExpr(parsed.value.expr) : source;
}
