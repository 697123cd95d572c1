import type { EntityId } from '../../runtime/contract/ids.ts';
import { parseCall } from '../rules/calls.ts';
import type { Expr } from '../rules/expression.ts';
import type { PolicyMode } from '../rules/policy.ts';
import { parseExpression } from '../rules/syntax.ts';
import type { Draft, DraftPart } from './draft.ts';
import { conjuncts } from './expressions.ts';
import { isTime } from './situation.ts';

/** One change of a rule. */
export type Edit =
  /** What it says about the same thing before (the time of day, the days, the sun, a property) is replaced. */
  | { readonly op: 'only-if'; readonly conditions: readonly DraftPart<string>[] }
  | { readonly op: 'drop-if'; readonly about: Subject }
  | { readonly op: 'when'; readonly when: DraftPart<string> }
  | { readonly op: 'hold'; readonly hold: DraftPart<number> | undefined }
  | { readonly op: 'lasts'; readonly lasts: DraftPart<number> | undefined }
  /** Calls on the same entities are replaced, in their places. */
  | { readonly op: 'change-calls'; readonly calls: readonly DraftPart<string>[] }
  | { readonly op: 'add-calls'; readonly calls: readonly DraftPart<string>[] }
  | { readonly op: 'drop-calls'; readonly entities: readonly EntityId[] }
  /** All of what it does is replaced. */
  | { readonly op: 'instead'; readonly calls: readonly DraftPart<string>[] }
  | { readonly op: 'mode'; readonly mode: PolicyMode };

/** What a condition is about: time of day, days, sun, or a property's key; `other` where it is about several things. */
export type Subject = string;

/** The draft after some changes, in their order. Pure. */
export function edited(draft: Draft, edits: readonly Edit[]): Draft {
  return edits.reduce(apply, draft);
}

function apply(draft: Draft, edit: Edit): Draft {
  switch (edit.op) {
    case 'only-if': {
      const added = edit.conditions.flatMap(({ value, words }) =>
        conjuncts(value).map((one) => ({ value: one, words })),
      );
      const about = new Set(added.map(({ value }) => subjectOf(value)));
      const kept = draft.if.filter(({ value }) => {
        const subject = subjectOf(value);
        return subject === 'other' || !about.has(subject);
      });
      return { ...draft, if: [...kept, ...added] };
    }
    case 'drop-if':
      return { ...draft, if: draft.if.filter(({ value }) => subjectOf(value) !== edit.about) };
    case 'when':
      return { ...draft, when: edit.when };
    case 'hold': {
      const { hold: _, ...rest } = draft;
      return edit.hold === undefined ? rest : { ...rest, hold: edit.hold };
    }
    case 'lasts': {
      const { lasts: _, ...rest } = draft;
      return edit.lasts === undefined ? rest : { ...rest, lasts: edit.lasts };
    }
    case 'change-calls': {
      const byEntity = new Map(edit.calls.map((call) => [entityOfCall(call.value), call]));
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      return { ...draft, then: draft.then.map((call) => byEntity.get(entityOfCall(call.value)) ?? call) };
    }
    case 'add-calls': {
      const added = new Set(edit.calls.map(({ value }) => entityOfCall(value)));
      const kept = draft.then.filter(({ value }) => !added.has(entityOfCall(value)));
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      return { ...draft, then: [...kept, ...edit.calls] };
    }
    case 'drop-calls': {
      const dropped = new Set<string>(edit.entities);
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      return { ...draft, then: draft.then.filter(({ value }) => !dropped.has(entityOfCall(value) ?? '')) };
    }
    case 'instead':
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      return { ...draft, then: edit.calls };
    case 'mode':
      return { ...draft, mode: edit.mode };
  }
}

/** The entity a call is about; undefined for what is no call. */
export function entityOfCall(source: string): EntityId | undefined {
  const parsed = parseCall(source);
  return parsed.ok ? parsed.value.entity : undefined;
}

/** What a condition is about. */
export function subjectOf(source: string): Subject {
  const parsed = parseExpression(source);
  if (!parsed.ok) return 'other';
  const subjects = new Set<string>();
  const walk = (expr: Expr): void => {
    if (isTime(expr))
      subjects.add(expr.op === 'now' ? (expr.field === 'weekday' ? 'days' : 'time of day') : 'sun');
    else if (expr.op === 'property') subjects.add(expr.key);
    else if (expr.op === 'and' || expr.op === 'or' || expr.op === 'compare') {
      walk(expr.left);
      walk(expr.right);
    } else if (expr.op === 'not') walk(expr.of);
    else if (expr.op === 'in') walk(expr.of);
    else if (expr.op !== 'literal') subjects.add('other');
  };
  walk(parsed.value.expr);
  return subjects.size === 1 ? [...subjects][0]! : 'other';
}
