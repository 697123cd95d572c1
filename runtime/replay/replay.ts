import { lookBackMs, parsePolicies, policiesIn, propertiesReadBy } from '../../policies/index.ts';
import type {
  Firing,
  HousePolicies,
  PolicyFile,
  PolicySpec,
  ToolSignature,
  VetoSpec,
} from '../../policies/index.ts';
import { isRefusal } from '../act/interlocks.ts';
import type { Call } from '../contract/action.ts';
import type { Refusal } from '../contract/decision.ts';
import type { House } from '../contract/house.ts';
import { kindOf, propertyKey, type PropertyKey } from '../contract/ids.ts';
import { isKind, kindSpec } from '../contract/kinds.ts';
import { compareTimes, timesByPolicy } from './compare.ts';
import { Conflicts } from './conflicts.ts';
import { dayNames } from './days.ts';
import { playInto } from './player.ts';
import type { Recording, Wanted } from './recording.ts';
import type { ReplayFiring, ReplayResult } from './result.ts';
import type { ReplaySettings } from './settings.ts';
import { Stage, timezoneOf } from './stage.ts';
import { Tally } from './tally.ts';

export interface ReplayOptions {
  /** Texts of the policies there are. */
  readonly files: readonly PolicyFile[];
  /** Texts of policies that run beside them, each in the place of the one with its id if there is one. */
  readonly drafts?: readonly PolicyFile[];
  /**
   * Only these are reported on; the others run for the sake of conflicts, priorities and vetoes. Default: the drafts, or all
   * where there are none.
   */
  readonly about?: readonly string[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  readonly recording: Recording;
  /** Wall clock, ms. What lies before the first reading of the recording is left out. */
  readonly fromMs: number;
  readonly toMs: number;
  /** So long before `fromMs` the engine starts, so that windows, `for` and cooldowns have their past. Default: what the policies need, a day at most. */
  readonly warmupMs?: number;
  /** Opposite calls of two policies on one entity within this time are a conflict. Default 60 s. */
  readonly conflictMs?: number;
  /** Firings shown in full for each policy. Default 5. */
  readonly examples?: number;
  /** Told of every firing, also beyond the examples; putting it into words takes longer than the replay itself. */
  readonly onFiring?: (firing: ReplayFiring) => void;
  /** Told now and then how far it is, 0–1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

const DAY_MS = 86_400_000;
const CONFLICT_MS = 60_000;
const EXAMPLES = 5;

/**
 * Runs policies over recorded readings, by the same engine and the clock of the recording: what would they have done?
 * Readings stay as they were, whatever the policies would have done about them. Gives way to others every few
 * milliseconds, so it may run inside of a daemon.
 *
 * @throws GanglionError TIMEZONE_UNKNOWN, FUSION_INVALID; the signal's reason when it is aborted
 */
export async function replayPolicies(options: ReplayOptions): Promise<ReplayResult> {
  const started = performance.now();
  const { recording, toMs, settings, signal, onProgress } = options;
  const fromMs = beginningOf(options);
  const { policies, templates, vetoes, problems, drafted } = withDrafts(options);
  const startMs = fromMs - (options.warmupMs ?? warmupOf(policies));
  const rulesOf = new Map(templates.map(({ id, rules }) => [id, rules]));
  const about = options.about?.flatMap((id) => rulesOf.get(id) ?? [id]);
  const report = new Report({ ...options, fromMs }, policies, about ?? drafted);
  const stage = new Stage({
    policies,
    vetoes,
    house: options.house,
    tools: options.tools,
    settings,
    startMs,
    onFirings: (firings) => report.take(firings, stage),
    onHeld: (policy, reason) => report.held(policy, reason, stage.clock.wall()),
  });
  const wanted = wantedBy(policies, vetoes, settings);
  try {
    stage.begin(await recording.baseline(startMs, wanted));
    const readings = await playInto(stage, recording, {
      fromMs: startMs,
      toMs,
      wanted,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const real = recording.decisions?.(fromMs, toMs);
    return {
      fromMs,
      toMs,
      readings,
      entities: [...stage.state.entities()].length,
      tookMs: performance.now() - started,
      ...report.result(stage, real === undefined ? undefined : timesByPolicy(real)),
      problems: [...problems, ...stage.engine.problems()],
      compared: real !== undefined,
    };
  } finally {
    stage.stop();
  }
}

/**
 * The moment asked for, or the last one before history begins, so many whole seconds after it: what happens each second then
 * happens at the same times.
 */
function beginningOf({ recording, fromMs, toMs }: ReplayOptions): number {
  if (recording.oldestMs === undefined) return fromMs;
  const oldest = recording.oldestMs();
  if (oldest === undefined) return toMs;
  const seconds = Math.floor((Math.min(oldest, toMs) - 1 - fromMs) / 1000);
  return fromMs + 1000 * Math.max(0, seconds);
}

/** All policies, drafts first: of two with one id, the first counts. */
function withDrafts({
  files,
  drafts = [],
  house,
}: ReplayOptions): HousePolicies & { readonly drafted: readonly string[] | undefined } {
  const all = policiesIn(parsePolicies([...drafts, ...files]), house);
  if (drafts.length === 0) return { ...all, drafted: undefined };
  const replaced = new Set(files.map(({ name }) => name));
  const given = new Set(drafts.map(({ name }) => name));
  return {
    ...all,
    problems: all.problems.filter(({ path, file }) => !(path === 'id' && replaced.has(file))),
    drafted: [...all.policies, ...all.vetoes].filter(({ file }) => given.has(file)).map(({ id }) => id),
  };
}

/** How long before its beginning a replay should start, ms. */
export function warmupOf(policies: readonly PolicySpec[]): number {
  return Math.min(
    DAY_MS,
    policies.reduce((most, spec) => Math.max(most, lookBackMs(spec)), 0),
  );
}

/** What policies look at, and what of the entities they act on their calls depend on. */
export function wantedBy(
  policies: readonly PolicySpec[],
  vetoes: readonly VetoSpec[],
  { fuse }: ReplaySettings,
): Wanted {
  const keys = propertiesReadBy([...policies, ...vetoes]);
  for (const spec of policies) {
    const calls = spec.type === 'rule' ? spec.calls : spec.choices.flatMap((choice) => choice.calls);
    for (const { entity } of calls) {
      const kind = kindOf(entity);
      if (!isKind(kind)) continue;
      for (const property of Object.keys(kindSpec(kind).properties)) keys.add(propertyKey(entity, property));
    }
  }
  for (const [key, { of }] of Object.entries(fuse.combine)) {
    if (keys.has(key as PropertyKey)) for (const member of of) keys.add(member as PropertyKey);
  }
  return (key) => keys.has(key);
}

/** Takes down what the policies do. */
class Report {
  readonly #options: ReplayOptions;
  readonly #about: ReadonlySet<string> | undefined;
  readonly #tallies = new Map<string, Tally>();
  readonly #conflicts: Conflicts;
  readonly #dayOf: (wallMs: number) => string;

  constructor(options: ReplayOptions, policies: readonly PolicySpec[], about: readonly string[] | undefined) {
    this.#options = options;
    this.#about = about === undefined ? undefined : new Set(about);
    this.#conflicts = new Conflicts(options.conflictMs ?? CONFLICT_MS, policies);
    this.#dayOf = dayNames(timezoneOf(options.settings));
  }

  take(firings: readonly Firing[], stage: Stage): void {
    const atMs = stage.clock.wall();
    if (atMs < this.#options.fromMs) return;
    for (const firing of firings) {
      const refused: Refusal[] = [];
      const cleared: Call[] = [];
      const tally = this.#tally(firing.policy);
      tally?.fired(atMs, this.#dayOf(atMs));
      let approval = false;
      for (const call of firing.calls) {
        const result = stage.interlocks.check(call);
        if (isRefusal(result)) {
          refused.push(result);
          tally?.refused(result, atMs);
          tally?.called(call, 'refused');
          continue;
        }
        const waits = result.needsApproval || firing.mode !== 'auto';
        approval ||= waits;
        cleared.push(result.call);
        tally?.called(call, waits ? 'approval' : 'carriedOut');
        this.#conflicts.called(firing.policy, result.call, atMs);
      }
      for (const { policy } of firing.overrode)
        this.#conflicts.overridden(firing.policy, cleared, policy, atMs);
      if (tally !== undefined) this.#show(firing, tally, { atMs, refused, approval });
    }
  }

  held(policy: string, reason: string, atMs: number): void {
    if (atMs >= this.#options.fromMs) this.#tally(policy)?.held(reason, atMs);
  }

  result(
    stage: Stage,
    real: ReadonlyMap<string, readonly number[]> | undefined,
  ): Pick<ReplayResult, 'policies' | 'conflicts' | 'conflictCount'> {
    const about = this.#about;
    return {
      policies: stage.engine
        .infos()
        .filter(({ id }) => about?.has(id) ?? true)
        .map((info) => {
          const tally = this.#tallies.get(info.id) ?? new Tally();
          const compared = real && compareTimes(tally.times, real.get(info.id) ?? []);
          return tally.result(info, compared);
        }),
      conflicts: this.#conflicts.found.filter(
        ({ first, second }) => about === undefined || about.has(first.policy) || about.has(second.policy),
      ),
      conflictCount: this.#conflicts.count,
    };
  }

  #show(firing: Firing, tally: Tally, fate: Pick<ReplayFiring, 'atMs' | 'refused' | 'approval'>): void {
    const { onFiring, examples = EXAMPLES } = this.#options;
    if (onFiring === undefined && tally.examples >= examples) return;
    const { policy, explanation, calls } = firing;
    const shown: ReplayFiring = { policy, explanation, calls, ...fate };
    if (tally.examples < examples) tally.example(shown);
    onFiring?.(shown);
  }

  #tally(policy: string): Tally | undefined {
    if (this.#about !== undefined && !this.#about.has(policy)) return undefined;
    let tally = this.#tallies.get(policy);
    if (tally === undefined) this.#tallies.set(policy, (tally = new Tally()));
    return tally;
  }
}
