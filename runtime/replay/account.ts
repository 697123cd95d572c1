import { formatCall, literalCall } from '../../policies/index.ts';
import type { ConditionPart, PolicyExplanation, PolicySpec } from '../../policies/index.ts';
import { isRefusal } from '../act/interlocks.ts';
import type { Interlocks } from '../act/interlocks.ts';
import type { ReplayFiring } from './result.ts';

/** Why a policy does or does not fire at one moment. All times are wall clock, ms. */
export interface PolicyAccount {
  readonly atMs: number;
  /** `live`: what the engine of the daemon sees; `history`: what a replay of the readings up to that moment sees. */
  readonly from: 'live' | 'history';
  readonly explanation: PolicyExplanation;
  readonly when?: PartAccount;
  readonly if?: PartAccount;
  /** What it would do if it fired at that moment. */
  readonly calls: readonly CallAccount[];
  /** In one sentence. */
  readonly verdict: string;
  /** What would have to change for it to fire and to have its way, in plain words; empty where nothing stands against it. */
  readonly needs: readonly string[];
  /** When it fired, latest first, at most 5; from history. */
  readonly fired: readonly ReplayFiring[];
  /** When its trigger came true and it did not fire, latest first, at most 5; from history. */
  readonly held: readonly { readonly atMs: number; readonly reason: string }[];
  /** Since when history was looked at. */
  readonly historyFromMs?: number;
}

/** A part of a condition and since when it stands so; without a time: for as long as was looked back. */
export interface PartAccount extends Omit<ConditionPart, 'parts'> {
  readonly sinceMs?: number;
  readonly parts?: readonly PartAccount[];
}

export interface CallAccount {
  /** As written. */
  readonly call: string;
  /** `open`: its arguments are worked out when it fires. */
  readonly fate: 'carried-out' | 'approval' | 'refused' | 'open';
  readonly reason?: string;
}

/** What would become of a policy's calls at this moment. */
export function callAccounts(spec: PolicySpec, interlocks: Interlocks): CallAccount[] {
  if (spec.type === 'decide') {
    const calls = spec.choices.flatMap((choice) => choice.calls);
    return calls.map((call) => ({ call: formatCall(call), ...fateOf(interlocks.check(call), spec) }));
  }
  return spec.calls.map((template) => {
    const call = literalCall(template);
    if ('message' in call) return { call: template.source, fate: 'open' };
    return { call: template.source, ...fateOf(interlocks.check(call), spec) };
  });
}

function fateOf(result: ReturnType<Interlocks['check']>, { mode }: PolicySpec): Omit<CallAccount, 'call'> {
  if (isRefusal(result)) return { fate: 'refused', reason: result.reason };
  if (mode !== 'auto') return { fate: 'approval', reason: `its mode is ${mode}` };
  return result.needsApproval
    ? { fate: 'approval', reason: 'limits.approve asks for it' }
    : { fate: 'carried-out' };
}
