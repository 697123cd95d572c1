import type { Call } from '../../runtime/contract/action.ts';
import type { Trigger } from '../../runtime/contract/decision.ts';
import type { House } from '../../runtime/contract/house.ts';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import { argumentProblem, signatureOf, type ToolSignature } from './call-check.ts';
import type { Reader } from './compile.ts';
import { formatDuration } from './duration.ts';
import type { Firing, Now, Overridden } from './firing.ts';
import {
  cooldownLeft,
  type CompiledCall,
  type DecideTrack,
  isRule,
  type RuleTrack,
  type Track,
} from './track.ts';
import { TRUE } from './tri.ts';
import { evidence, label, showValue } from './words.ts';

/** How long a policy that fires too often stays quiet. */
export const PAUSE_MS = 60_000;

export interface Candidate {
  readonly track: Track;
  readonly by: 'reading' | 'time';
}

/** What candidates are settled with. */
export interface Settling {
  readonly reader: Reader;
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly now: Now;
  readonly slots: readonly number[];
  readonly readings: readonly Reading[];
  readonly onPaused: (policy: string) => void;
}

interface Claim {
  readonly winner: string;
  readonly overrode: Overridden[];
}

/**
 * Decides which of the policies whose trigger came true really fire: by priority, then file order; each after its
 * pause, cooldown, `if`, arguments, and whether an entity it acts on is taken by a higher one of the same batch.
 */
export function settle(candidates: readonly Candidate[], settling: Settling): Firing[] {
  const ordered = candidates.toSorted(
    (a, b) => b.track.spec.priority - a.track.spec.priority || a.track.index - b.track.index,
  );
  const claims = new Map<string, Claim>();
  const firings: Firing[] = [];
  for (const { track, by } of ordered) {
    const trigger: Trigger =
      by === 'time' ? { kind: 'time' } : { kind: 'reading', readings: settling.readings };
    const result = isRule(track)
      ? settleRule(track, trigger, settling, claims)
      : settleDecide(track, trigger, settling);
    if (typeof result === 'string') track.whyNot = { at: settling.now.wall, reason: result };
    else firings.push(result);
  }
  return firings;
}

function settleRule(
  track: RuleTrack,
  trigger: Trigger,
  settling: Settling,
  claims: Map<string, Claim>,
): Firing | string {
  const { spec } = track;
  const early = tooEarly(track, settling.now);
  if (early !== undefined) return early;
  const isNews = (slot: number): boolean => trigger.kind === 'reading' && settling.slots.includes(slot);
  if (track.only !== undefined && spec.if !== undefined) {
    const value = track.only();
    if (value !== TRUE) {
      return `its condition is ${value === 0 ? 'false' : 'unknown'}: ${evidence(spec.if, settling.reader, isNews)}`;
    }
  }
  const calls: Call[] = [];
  for (const compiled of track.calls) {
    const call = evaluateCall(compiled, settling);
    if (typeof call === 'string') return call;
    calls.push(call);
  }
  // A suggestion does nothing by itself, so it takes no entity from anyone.
  const claimed = spec.mode === 'suggest' ? [] : track.entities;
  for (const entity of claimed) {
    const claim = claims.get(entity);
    if (claim === undefined) continue;
    const reason = `${claim.winner} acts on ${entity} at the same moment and comes first`;
    claim.overrode.push({ policy: spec.id, reason });
    return reason;
  }
  const loop = fire(track, settling);
  if (loop !== undefined) return loop;
  const overrode: Overridden[] = [];
  for (const entity of claimed) claims.set(entity, { winner: spec.id, overrode });
  return {
    type: 'rule',
    policy: spec.id,
    calls,
    priority: spec.priority,
    mode: spec.mode as 'auto' | 'suggest' | 'approve',
    explanation: explainFiring(track, settling.reader, isNews),
    inputs: inputsOf(track.keys, settling.reader.state),
    trigger,
    overrode,
  };
}

function settleDecide(track: DecideTrack, trigger: Trigger, settling: Settling): Firing | string {
  const { spec } = track;
  const problem = tooEarly(track, settling.now) ?? fire(track, settling);
  if (problem !== undefined) return problem;
  const { state } = settling.reader;
  const changed = track.slots.filter((slot) => trigger.kind === 'time' || settling.slots.includes(slot));
  const facts = changed.slice(0, 6).map((slot) => {
    const { value, unit } = state.get(state.key(slot));
    return `${label(state.key(slot), settling.reader)} is ${value === undefined ? 'unknown' : showValue(value, unit)}`;
  });
  return {
    type: 'decide',
    policy: spec.id,
    calls: [],
    priority: spec.priority,
    mode: spec.mode as 'auto' | 'suggest' | 'approve',
    explanation: facts.join(' and '),
    inputs: inputsOf(track.keys, state),
    trigger,
    overrode: [],
    frame: track.frames.build(),
  };
}

function tooEarly(track: Track, { mono }: Now): string | undefined {
  if (mono < track.pausedUntil)
    return `it is paused for ${seconds(track.pausedUntil - mono)} after firing too often`;
  const left = cooldownLeft(track, mono);
  return left > 0 ? `its cooldown has ${seconds(left)} to go` : undefined;
}

function seconds(ms: number): string {
  return formatDuration(Math.ceil(ms / 1000) * 1000);
}

/** Counts the firing; or says why the loop guard stopped it. */
function fire(track: Track, { now, onPaused }: Settling): string | undefined {
  if (!track.guard.admit(now.mono)) {
    track.pausedUntil = now.mono + PAUSE_MS;
    track.guard.clear();
    onPaused(track.spec.id);
    return 'it fired too often within a minute and is paused';
  }
  track.fired++;
  track.lastFiredMono = now.mono;
  track.lastFiredWall = now.wall;
  return undefined;
}

function evaluateCall({ template, args }: CompiledCall, { house, tools, reader }: Settling): Call | string {
  const signature = signatureOf(template.entity, template.command, house, tools);
  if (typeof signature === 'string') return signature;
  const values: [string, Value][] = [];
  for (const [name, evaluate] of args) {
    const value = evaluate();
    if (value === undefined) {
      return `the argument ${name} is unknown: ${evidence(template.args[name]!, reader, () => false)}`;
    }
    const spec = signature[name];
    const wrong = spec === undefined ? `Expected no argument ${name}` : argumentProblem(name, spec, value);
    if (wrong !== undefined) return wrong;
    values.push([name, value]);
  }
  return { entity: template.entity, command: template.command, args: Object.fromEntries(values) };
}

function explainFiring(track: RuleTrack, reader: Reader, isNews: (slot: number) => boolean): string {
  const { spec } = track;
  const because = evidence(spec.when, reader, isNews);
  const held = spec.forMs > 0 ? ` for ${formatDuration(spec.forMs)}` : '';
  return spec.if === undefined
    ? because + held
    : `${because}${held} while ${evidence(spec.if, reader, () => false)}`;
}

function inputsOf(keys: readonly PropertyKey[], state: StateView): Record<PropertyKey, Value | null> {
  const inputs: Record<PropertyKey, Value | null> = {};
  for (const key of keys) inputs[key] = state.current(state.slot(key)) ?? null;
  return inputs;
}
