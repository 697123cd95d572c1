import type { Call } from '../contract/action.ts';
import type { DecisionRecord } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import type { Value } from '../contract/reading.ts';
import type { PropertyState } from '../contract/state.ts';
import { clean } from './text.ts';

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** `21:30:05`, with the date in front where it is not today. Local time. */
export function timeText(ms: number, nowMs: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '?';
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  if (new Date(nowMs).toDateString() === date.toDateString()) return time;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${time}`;
}

/** `84 µs`, `1.9 ms`, `412 ms`, `1.3 s`. */
export function latencyText(ms: number): string {
  if (!(ms >= 0)) return '?';
  if (ms < 1) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

export function valueText(value: Value | null | undefined, unit?: string): string {
  if (value === undefined || value === null) return 'unknown';
  if (typeof value !== 'number') return clean(String(value));
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  return unit === undefined ? text : `${text} ${clean(unit)}`;
}

export function propertyText(property: PropertyState): string {
  const value = valueText(property.value, property.unit);
  return property.standing === 'known' || property.standing === 'unknown'
    ? value
    : `${value} (${property.standing})`;
}

/** `light.hall.turn_on(brightness: 20)`: the call grammar of the policies. */
export function callText(call: Call): string {
  const args = Object.entries(call.args).map(([name, value]) => `${name}: ${valueText(value)}`);
  return clean(`${call.entity}.${call.command}${args.length === 0 ? '' : `(${args.join(', ')})`}`);
}

/** What a decision did, in one line. */
export function whatText(decision: Pick<Decision, 'actions' | 'refused' | 'rung'>): string {
  const parts = [
    ...decision.actions.map(callText),
    ...decision.refused.map((refusal) => `refused ${callText(refusal.call)}`),
  ];
  if (parts.length > 0) return parts.join(', ');
  return decision.rung === 'abstain' ? 'undecided' : 'nothing to do';
}

/** `confirmed`, `pending`, or `2 confirmed, 1 failed`. */
export function outcomeText(record: Pick<DecisionRecord, 'actions'>): string {
  const counts = new Map<string, number>();
  for (const { stage, outcome } of record.actions) {
    const status = outcome?.status ?? stage;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  if (counts.size === 0) return '-';
  if (counts.size === 1) return [...counts.keys()][0]!;
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** 494 032 768 → `494M`. */
export function count(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)}B`;
  if (parameters >= 1e6) return `${Math.round(parameters / 1e6)}M`;
  return parameters >= 1e3 ? `${Math.round(parameters / 1e3)}k` : String(parameters);
}
