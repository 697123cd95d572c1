import type { Call } from '../../contract/action.ts';
import { isPropertyKey, propertyKey } from '../../contract/ids.ts';
import type { Present } from './commands.ts';
import type { Listing } from './listing.ts';
import { resolveCalls } from './resolve.ts';
import type { Condition, SaidRule } from './said.ts';
import type { SaidValue } from './values.ts';

/** A rule as policies/ files have it, without its id. Calls are not yet text. */
export interface DraftRule {
  readonly when: string;
  readonly if?: string;
  readonly for?: string;
  readonly calls: readonly Call[];
}

/** What a rule of the embedded model says in the rule language; undefined where a pointer or value does not fit. */
export function draftRule(
  rule: SaidRule,
  listing: Listing,
  values: readonly SaidValue[],
  present: Present,
): DraftRule | undefined {
  const when = conditionText(rule.when, listing, values);
  const others = rule.conditions.map((condition) => conditionText(condition, listing, values));
  const hold = rule.hold === undefined ? undefined : values[rule.hold];
  if (when === undefined || others.includes(undefined)) return undefined;
  if (rule.hold !== undefined && hold?.type !== 'duration') return undefined;
  const calls = resolveCalls(rule.calls, listing, values, present);
  if (calls.length === 0) return undefined;
  return {
    when,
    ...(others.length === 0 ? {} : { if: others.join(' && ') }),
    ...(hold?.type === 'duration' ? { for: durationText(hold.ms) } : {}),
    calls,
  };
}

function conditionText(
  condition: Condition,
  listing: Listing,
  values: readonly SaidValue[],
): string | undefined {
  if ('day' in condition) return condition.day === 'weekday' ? 'now.weekday <= 5' : 'now.weekday >= 6';
  if ('time' in condition) {
    const said = values[condition.value];
    if (said?.type !== 'time') return undefined;
    const clock = [Math.floor(said.minutes / 60), said.minutes % 60]
      .map((n) => String(n).padStart(2, '0'))
      .join(':');
    return `now.time ${condition.time === 'above' ? '>=' : '<'} "${clock}"`;
  }
  const line = listing.byPointer.get(condition.pointer);
  if (line?.type !== 'entity') return undefined;
  if ('is' in condition) return `${reference(line.entity.id, 'state')} == "${condition.is}"`;
  const said = values[condition.value];
  if (said?.type !== 'number' && said?.type !== 'percent' && said?.type !== 'degrees') return undefined;
  return `${reference(line.entity.id, condition.property)} ${condition.relation === 'above' ? '>' : '<'} ${said.value}`;
}

/** Ids that are no identifiers of the rule language are quoted. */
function reference(entity: Parameters<typeof propertyKey>[0], property: string): string {
  const key = propertyKey(entity, property);
  const plain = isPropertyKey(key) && key.split('.').every((part) => /^[a-z_]\w*$/i.test(part));
  return plain ? key : `prop(${JSON.stringify(key)})`;
}

function durationText(ms: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  let left = Math.max(1000, Math.round(ms / 1000) * 1000);
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}
