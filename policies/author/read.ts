import { parsePolicies } from '../rules/parse.ts';
import type { RuleSpec } from '../rules/policy.ts';
import { type Draft, END_SUFFIX } from './draft.ts';
import { conjuncts } from './expressions.ts';
import { printExpr } from './print.ts';
import { lastingOf } from './undo.ts';
import { asEntry } from './write.ts';

/** What a policy is that is to be edited: a rule, or why it cannot be. */
export type ReadPolicy =
  | { readonly draft: Draft; readonly hasEnd: boolean }
  | { readonly reason: 'unknown' | 'no rule' };

/**
 * A rule that runs, as a draft to edit; together with the rule that ends it, where there is one. Words are what its file
 * does not have. @param current policies by id, as YAML of one policy each
 */
export function readDraft(id: string, current: ReadonlyMap<string, string>): ReadPolicy {
  const text = current.get(id);
  if (text === undefined) return { reason: 'unknown' };
  const rule = ruleOf(text);
  if (rule === undefined) return { reason: 'no rule' };
  const end = current.get(`${id}${END_SUFFIX}`);
  const lasts = end === undefined ? undefined : lastingOf(ruleOf(end)?.when.source ?? '');
  const when = printExpr(rule.when.expr);
  const same = lasts !== undefined && lasts.of === when;
  const said = <T>(value: T): { value: T; words: readonly string[] } => ({ value, words: [] });
  const draft: Draft = {
    when: said(when),
    if: rule.if === undefined ? [] : conjuncts(rule.if.source).map(said),
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: rule.calls.map(({ source }) => said(source)),
    mode: rule.mode,
    ...(rule.forMs === 0 ? {} : { hold: said(rule.forMs) }),
    ...(same ? { lasts: said(lasts.ms - rule.forMs) } : {}),
    ...(rule.cooldownMs === 0 ? {} : { cooldownMs: rule.cooldownMs }),
    ...(rule.priority === 50 ? {} : { priority: rule.priority }),
  };
  return { draft, hasEnd: same };
}

/** The one rule of a text; undefined where it is something else. */
export function ruleOf(text: string): RuleSpec | undefined {
  const { policies } = parsePolicies([{ name: 'policy', text: asEntry(text) }]);
  const [first] = policies;
  return first?.type === 'rule' ? first : undefined;
}
