import type { House } from '../../runtime/contract/house.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import type { GanglionError } from '../../runtime/errors.ts';
import type { ToolSignature } from './call-check.ts';
import type { PolicySpec, VetoSpec } from './policy.ts';
import type { TemplateSpec } from './template.ts';
import type { Site } from './watch/sun.ts';

/** What a rule engine is made of. */
export interface RuleEngineOptions {
  readonly policies: readonly PolicySpec[];
  readonly vetoes?: readonly VetoSpec[];
  /** Rules for each area or entity; what they become is worked out anew when the house has grown. */
  readonly templates?: readonly TemplateSpec[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly state: StateView;
  /** IANA name of the site's time zone. */
  readonly timezone: string;
  /** Where the house stands; without it everything about the sun is unknown. */
  readonly site?: Site;
  /** Wall clock of each policy's last firing before this process, so that cooldowns outlive a restart. */
  readonly lastFired?: ReadonlyMap<string, WallMs>;
  /** A policy that fires more often within a minute is paused for one. */
  readonly maxFiringsPerMinute?: number;
  /** A clock for the CPU time of firings, ms; without it no CPU time is kept. */
  readonly cpuMs?: () => number;
  /** Told when that happens, with POLICY_LOOP. */
  readonly onPaused?: (error: GanglionError) => void;
  /** Told whenever a policy's trigger came true and it did not fire, and why. */
  readonly onHeld?: (policy: string, reason: string) => void;
}
