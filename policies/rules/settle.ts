import type { Call } from '../../runtime/contract/action.ts';
import type { ArgSpec } from '../../runtime/contract/kinds.ts';
import type { Trigger } from '../../runtime/contract/decision.ts';
import type { House } from '../../runtime/contract/house.ts';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import { argumentProblem, signatureOf, type ToolSignature } from './call-check.ts';
import type { Reader } from './compile.ts';
import type { CallTemplate } from './policy.ts';
import { formatDuration } from './duration.ts';
import type { Firing, Now, Overridden, RuleFiring } from './firing.ts';
import {
  cooldownLeft,
  type CompiledCall,
  type DecideTrack,
  isRule,
  type RuleTrack,
  type Track,
} from './track.ts';
import { TRUE, UNKNOWN } from './tri.ts';
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
  readonly cpuMs: (() => number) | undefined;
  /** What stopped the policy just now was not meant: unknown, out of range, paused. */
  failed: boolean;
  readonly onPaused: (policy: string) => void;
  readonly onHeld: ((policy: string, reason: string) => void) | undefined;
}

const BY_TIME: Trigger = { kind: 'time' };

interface Claim {
  readonly winner: string;
  readonly overrode: Overridden[];
}

/**
 * Decides which of the policies whose trigger came true really fire: by priority, then file order; each after its
 * pause, cooldown, `if`, arguments, and whether an entity it acts on is taken by a higher one of the same batch.
 */
export function settle(candidates: readonly Candidate[], settling: Settling): Firing[] {
  const ordered =
    candidates.length === 1
      ? candidates
      : candidates.toSorted(
          (a, b) => b.track.spec.priority - a.track.spec.priority || a.track.order - b.track.order,
        );
  // One policy alone has nothing to share.
  const claims = candidates.length === 1 ? undefined : new Map<string, Claim>();
  const firings: Firing[] = [];
  let reading: Trigger | undefined;
  for (const { track, by } of ordered) {
    const trigger: Trigger =
      by === 'time' ? BY_TIME : (reading ??= { kind: 'reading', readings: settling.readings });
    const start = settling.cpuMs?.() ?? 0;
    const result = isRule(track)
      ? settleRule(track, trigger, settling, claims)
      : settleDecide(track, trigger, settling);
    if (settling.cpuMs !== undefined) track.spend(settling.cpuMs() - start);
    if (typeof result === 'string') {
      track.refuse(settling.now.wall, result, !settling.failed);
      settling.onHeld?.(track.spec.id, result);
      settling.failed = false;
    } else firings.push(result);
  }
  return firings;
}

function settleRule(
  track: RuleTrack,
  trigger: Trigger,
  settling: Settling,
  claims: Map<string, Claim> | undefined,
): Firing | string {
  const { spec } = track;
  const early = tooEarly(track, settling.now);
  if (early !== undefined) {
    settling.failed = settling.now.mono < track.pausedUntil;
    return early;
  }
  if (track.only !== undefined && spec.if !== undefined) {
    const value = track.only();
    if (value !== TRUE) {
      settling.failed = value === UNKNOWN;
      const news = trigger.kind === 'reading' ? settling.slots : [];
      const because = evidence(spec.if, settling.reader, (slot) => news.includes(slot));
      return `its condition is ${value === 0 ? 'false' : 'unknown'}: ${because}`;
    }
  }
  const calls = callsOf(track, settling);
  if (typeof calls === 'string') {
    settling.failed = true;
    return calls;
  }
  // A suggestion does nothing by itself, so it takes no entity from anyone.
  const claimed = spec.mode === 'suggest' ? [] : track.entities;
  for (const entity of claimed) {
    const claim = claims?.get(entity);
    if (claim === undefined) continue;
    const reason = `${claim.winner} acts on ${entity} at the same moment and comes first`;
    claim.overrode.push({ policy: spec.id, reason });
    return reason;
  }
  const loop = fire(track, settling);
  if (loop !== undefined) {
    settling.failed = true;
    return loop;
  }
  const overrode: Overridden[] = [];
  for (const entity of claimed) claims?.set(entity, { winner: spec.id, overrode });
  return new FiredRule(track, calls, trigger, trigger.kind === 'reading' ? settling.slots : [], overrode);
}

/** A firing whose words and inputs are put together when they are first asked for. */
class FiredRule implements RuleFiring {
  readonly type = 'rule';
  readonly calls: readonly Call[];
  readonly trigger: Trigger;
  readonly overrode: readonly Overridden[];
  readonly #track: RuleTrack;
  readonly #news: readonly number[];
  #explanation: string | undefined;
  #inputs: Readonly<Record<PropertyKey, Value | null>> | undefined;

  constructor(
    track: RuleTrack,
    calls: readonly Call[],
    trigger: Trigger,
    news: readonly number[],
    overrode: readonly Overridden[],
  ) {
    this.#track = track;
    this.calls = calls;
    this.trigger = trigger;
    this.#news = news;
    this.overrode = overrode;
    // A pulse ends with the batch, so what it says must be put into words now.
    if (track.watching) this.#explanation = this.explanation;
  }

  get policy(): string {
    return this.#track.spec.id;
  }

  get priority(): number {
    return this.#track.spec.priority;
  }

  get mode(): 'auto' | 'suggest' | 'approve' {
    return this.#track.spec.mode as 'auto' | 'suggest' | 'approve';
  }

  get explanation(): string {
    const { reader } = this.#track;
    return (this.#explanation ??= explainFiring(this.#track, reader, (slot) => this.#news.includes(slot)));
  }

  get inputs(): Readonly<Record<PropertyKey, Value | null>> {
    return (this.#inputs ??= inputsOf(this.#track, this.#track.reader.state));
  }
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
    inputs: inputsOf(track, state),
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
  if (!track.admit(now.mono)) {
    track.pause(now.mono + PAUSE_MS);
    onPaused(track.spec.id);
    return 'it fired too often within a minute and is paused';
  }
  track.record(now);
  return undefined;
}

function callsOf(track: RuleTrack, settling: Settling): readonly Call[] | string {
  const ready = track.readyCalls(settling.house);
  if (ready !== undefined) return ready;
  const templates = track.spec.calls;
  const calls: Call[] = [];
  let fixed = true;
  for (let i = 0; i < templates.length; i++) {
    const given = givenCall(templates[i]!, settling);
    fixed &&= given !== undefined;
    const call = given ?? evaluateCall(track.calls[i]!, settling);
    if (typeof call === 'string') return call;
    calls.push(call);
  }
  if (fixed) track.keepCalls(calls, settling.house);
  return calls;
}

/** A call whose arguments are all written out, as most are: nothing needs to be compiled. Undefined for any other. */
function givenCall(
  { entity, command, args }: CallTemplate,
  { house, tools }: Settling,
): Call | string | undefined {
  const values: Record<string, Value> = {};
  for (const name in args) {
    const { expr } = args[name]!;
    if (expr.op !== 'literal') return undefined;
    values[name] = expr.value;
  }
  const signature = signatureOf(entity, command, house, tools);
  if (typeof signature === 'string') return signature;
  for (const name in values) {
    const wrong = wrongArgument(name, values[name]!, signature);
    if (wrong !== undefined) return wrong;
  }
  for (const name in args) args[name]!.release?.();
  return { entity, command, args: values };
}

function wrongArgument(
  name: string,
  value: Value,
  signature: Readonly<Record<string, ArgSpec>>,
): string | undefined {
  const spec = Object.hasOwn(signature, name) ? signature[name] : undefined;
  return spec === undefined ? `Expected no argument ${name}` : argumentProblem(name, spec, value);
}

function evaluateCall(compiled: CompiledCall, { house, tools, reader }: Settling): Call | string {
  const { template, args } = compiled;
  const signature = compiled.signature(house, tools);
  if (typeof signature === 'string') return signature;
  const values: [string, Value][] = [];
  for (const [name, evaluate] of args) {
    const value = evaluate();
    if (value === undefined) {
      return `the argument ${name} is unknown: ${evidence(template.args[name]!, reader, () => false)}`;
    }
    const wrong = wrongArgument(name, value, signature);
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

function inputsOf(track: Track, state: StateView): Record<PropertyKey, Value | null> {
  const inputs: Record<PropertyKey, Value | null> = {};
  for (const [key, slot] of track.inputs) inputs[key] = state.current(slot) ?? null;
  return inputs;
}
