import type { PolicyInfo } from '../../runtime/contract/api.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import { formatCall } from './calls.ts';
import type { Reader } from './compile.ts';
import { costsOf, type PolicyCosts } from './costs.ts';
import { formatDuration } from './duration.ts';
import type { Now } from './firing.ts';
import { type ConditionPart, partsOf } from './parts.ts';
import type { PolicyMode } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import { cooldownLeft, isRule, type Track } from './track.ts';
import { triValue } from './tri.ts';
import type { Watches } from './watch/watches.ts';
import { type Overdue, overdueOf } from './watchdog.ts';
import { evidence } from './words.ts';

/** A condition as it stands now, and why. */
export interface ConditionNow {
  readonly source: string;
  readonly value: boolean | 'unknown';
  readonly because: string;
  /** The same, taken apart. */
  readonly part: ConditionPart;
}

/** Everything `ganglion policy explain` shows about one policy. */
export interface PolicyExplanation {
  readonly id: string;
  readonly type: 'rule' | 'decide';
  readonly file: string;
  readonly line: number;
  readonly summary: string;
  readonly mode: PolicyMode;
  /** `waiting`: the house lacks something it names, see `problems`. */
  readonly status: 'active' | 'waiting' | 'off' | 'paused';
  readonly problems: readonly PolicyProblem[];
  readonly when?: ConditionNow;
  readonly if?: ConditionNow;
  /** Times fired since the process started. */
  readonly fired: number;
  readonly evaluations: number;
  readonly lastFired?: WallMs;
  /** `for` has so long to run, ms. */
  readonly holdLeftMs?: number;
  readonly cooldownLeftMs: number;
  readonly costs: PolicyCosts;
  /** Times it should have fired and did not, and why. */
  readonly overdue: readonly Overdue[];
  /** Why it did not fire when its trigger last came true. */
  readonly lastWhyNot?: { readonly at: WallMs; readonly reason: string };
}

interface ExplainParts {
  readonly holdDue: number | undefined;
  readonly evaluations: number;
  readonly watches: Watches;
}

export function explainTrack(
  track: Track,
  reader: Reader,
  now: Now,
  { holdDue, evaluations, watches }: ExplainParts,
): PolicyExplanation {
  const { spec } = track;
  const base = {
    id: spec.id,
    type: spec.type,
    file: spec.file,
    line: spec.line,
    summary: summaryOf(track),
    mode: spec.mode,
    status: statusOf(track, now),
    problems: track.problems,
    fired: track.fired,
    evaluations,
    costs: costsOf(track, evaluations, watches),
    overdue: overdueOf(track, watches),
    cooldownLeftMs: cooldownLeft(track, now.mono),
    ...(track.lastFiredWall === undefined ? {} : { lastFired: track.lastFiredWall }),
    ...(track.whyNot === undefined ? {} : { lastWhyNot: track.whyNot }),
    ...(holdDue === undefined ? {} : { holdLeftMs: Math.max(0, holdDue - now.mono) }),
  };
  if (!isRule(track)) return base;
  const because = (expression: typeof track.spec.when): string => evidence(expression, reader, () => false);
  return {
    ...base,
    when: {
      source: track.spec.when.source,
      value: triValue(track.when()),
      because: because(track.spec.when),
      part: partsOf(track.spec.when, reader),
    },
    ...(track.only === undefined || track.spec.if === undefined
      ? {}
      : {
          if: {
            source: track.spec.if.source,
            value: triValue(track.only()),
            because: because(track.spec.if),
            part: partsOf(track.spec.if, reader),
          },
        }),
  };
}

export function infoOf(track: Track): PolicyInfo {
  const { spec } = track;
  return {
    id: spec.id,
    type: spec.type,
    file: spec.file,
    mode: spec.mode,
    summary: summaryOf(track),
    fired: track.fired,
    ...(track.lastFiredWall === undefined ? {} : { lastFired: track.lastFiredWall }),
    // A rule that waits for its entities looks at nothing, whatever their properties may be.
    ...(isRule(track)
      ? { when: track.active || spec.mode === 'off' ? triValue(track.when()) : 'unknown' }
      : {}),
  };
}

function statusOf(track: Track, now: Now): PolicyExplanation['status'] {
  if (track.spec.mode === 'off') return 'off';
  if (!track.active) return 'waiting';
  return now.mono < track.pausedUntil ? 'paused' : 'active';
}

/** `when X for 5m, if Y: light.hall.turn_on(brightness: 20)` */
function summaryOf(track: Track): string {
  if (!isRule(track)) {
    const { on, choices, rungs } = track.spec;
    const answers = choices.map((choice) =>
      choice.calls.length === 0 ? choice.label : choice.calls.map(formatCall).join(' + '),
    );
    return `when ${on.join(' or ')} changes, choose by ${rungs.join(', ')}: ${answers.join(' | ')}`;
  }
  const { when, if: only, forMs, calls } = track.spec;
  const held = forMs > 0 ? ` for ${formatDuration(forMs)}` : '';
  const condition = only === undefined ? '' : `, if ${only.source}`;
  return `when ${when.source}${held}${condition}: ${calls.map((call) => call.source).join(', ')}`;
}
