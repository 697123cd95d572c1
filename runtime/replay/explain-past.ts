import { parsePolicies, policiesIn } from '../../policies/index.ts';
import type {
  ConditionPart,
  PolicyExplanation,
  PolicyFile,
  PolicySpec,
  ToolSignature,
} from '../../policies/index.ts';
import { isRefusal } from '../act/interlocks.ts';
import type { House } from '../contract/house.ts';
import { GanglionError } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import { callAccounts, type PartAccount, type PolicyAccount } from './account.ts';
import { playInto } from './player.ts';
import type { Recording } from './recording.ts';
import { wantedBy, warmupOf } from './replay.ts';
import type { ReplayFiring } from './result.ts';
import type { ReplaySettings } from './settings.ts';
import { PartTimes } from './since.ts';
import { Stage } from './stage.ts';
import { verdictOf } from './verdict.ts';

export interface ExplainOptions {
  readonly files: readonly PolicyFile[];
  readonly id: string;
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  readonly recording: Recording;
  /** Wall clock, ms. */
  readonly atMs: number;
  readonly signal?: AbortSignal;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const SHOWN = 5;

/**
 * Why a policy did or did not fire at a moment of the past: history is replayed up to it, with this policy and those that could
 * have come before it, and everything about it is looked at there.
 *
 * @throws GanglionError POLICY_UNKNOWN, TIMEZONE_UNKNOWN, FUSION_INVALID; the signal's reason when it is aborted
 */
export async function explainPast(options: ExplainOptions): Promise<PolicyAccount> {
  const { id, house, tools, settings, recording, atMs, signal } = options;
  const { policies: all, vetoes } = policiesIn(parsePolicies(options.files), house);
  const spec = all.find((policy) => policy.id === id);
  if (spec === undefined) {
    const hint = didYouMean(
      id,
      all.map((policy) => policy.id),
    );
    throw new GanglionError('POLICY_UNKNOWN', { id, hint });
  }
  const policies = all.filter((other) => other === spec || shareEntity(other, spec));
  const fromMs = atMs - Math.max(DAY_MS, warmupOf(policies));
  const fired: ReplayFiring[] = [];
  const held: { atMs: number; reason: string }[] = [];
  const stage: Stage = new Stage({
    policies,
    vetoes,
    house,
    tools,
    settings,
    startMs: fromMs,
    onFirings: (firings) => {
      for (const { policy, explanation, calls, mode } of firings) {
        if (policy !== id) continue;
        const checked = calls.map((call) => stage.interlocks.check(call));
        const refused = checked.filter(isRefusal);
        const approval = mode !== 'auto' || checked.some((one) => !isRefusal(one) && one.needsApproval);
        keep(fired, { policy, atMs: stage.clock.wall(), explanation, calls, refused, approval });
      }
    },
    onHeld: (policy, reason) => {
      if (policy === id) keep(held, { atMs: stage.clock.wall(), reason });
    },
  });
  const times = { when: new PartTimes(), if: new PartTimes() };
  const look = (): PolicyExplanation => {
    const explanation = explain(stage, id);
    const now = stage.clock.wall();
    if (explanation.when !== undefined) times.when.look(explanation.when.part, now);
    if (explanation.if !== undefined) times.if.look(explanation.if.part, now);
    return explanation;
  };
  try {
    const wanted = wantedBy(policies, vetoes, settings);
    stage.begin(await recording.baseline(fromMs, wanted));
    // What time alone changes turns at full minutes.
    const eachMinute = (): void => {
      stage.clock.schedule(MINUTE_MS - (stage.clock.wall() % MINUTE_MS), eachMinute);
      look();
    };
    eachMinute();
    await playInto(stage, recording, {
      fromMs,
      toMs: atMs,
      wanted,
      onMessage: look,
      ...(signal === undefined ? {} : { signal }),
    });
    const explanation = look();
    const when = explanation.when && times.when.tell(explanation.when.part);
    const only = explanation.if && times.if.tell(explanation.if.part);
    const calls = callAccounts(spec, stage.interlocks);
    return {
      atMs,
      from: 'history',
      explanation,
      ...(when === undefined ? {} : { when }),
      ...(only === undefined ? {} : { if: only }),
      calls,
      ...verdictOf({ explanation, when, if: only, calls }),
      fired: fired.toReversed(),
      held: held.toReversed(),
      historyFromMs: fromMs,
    };
  } finally {
    stage.stop();
  }
}

export interface AccountParts extends Pick<
  PolicyAccount,
  'atMs' | 'from' | 'explanation' | 'calls' | 'fired' | 'held' | 'historyFromMs'
> {
  /** What history says of the same policy at the same moment: since when is taken from it. */
  readonly past?: PolicyAccount;
}

/** Puts together what is known of a policy at one moment. */
export function composeAccount({ past, ...rest }: AccountParts): PolicyAccount {
  const { explanation, calls } = rest;
  const when = explanation.when && withTimes(explanation.when.part, past?.when);
  const only = explanation.if && withTimes(explanation.if.part, past?.if);
  return {
    ...(past?.historyFromMs === undefined ? {} : { historyFromMs: past.historyFromMs }),
    ...rest,
    ...(when === undefined ? {} : { when }),
    ...(only === undefined ? {} : { if: only }),
    ...verdictOf({ explanation, when, if: only, calls }),
  };
}

/** Since when a part stands so, where history agrees that it does. */
function withTimes({ parts, ...part }: ConditionPart, past: PartAccount | undefined): PartAccount {
  const since = past?.source === part.source && past.value === part.value ? past.sinceMs : undefined;
  return {
    ...part,
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(parts === undefined ? {} : { parts: parts.map((inner, i) => withTimes(inner, past?.parts?.[i])) }),
  };
}

function explain(stage: Stage, id: string): PolicyExplanation {
  return stage.engine.explain(id, { wall: stage.clock.wall(), mono: stage.clock.mono() });
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > SHOWN) list.shift();
}

/** Whether one could keep the other from acting. */
function shareEntity(a: PolicySpec, b: PolicySpec): boolean {
  const targets = targetsOf(b);
  return targetsOf(a).some((entity) => targets.includes(entity));
}

function targetsOf(spec: PolicySpec): readonly string[] {
  const calls = spec.type === 'rule' ? spec.calls : spec.choices.flatMap((choice) => choice.calls);
  return calls.map(({ entity }) => entity);
}

/** Why a policy does not fire on a stage as it stands, in one sentence. */
export function verdictOfNow(stage: Stage, id: string): string {
  const spec = stage.engine.policy(id);
  const calls = spec === undefined ? [] : callAccounts(spec, stage.interlocks);
  const parts = { atMs: stage.clock.wall(), from: 'history', fired: [], held: [] } as const;
  return composeAccount({ ...parts, explanation: explain(stage, id), calls }).verdict;
}
