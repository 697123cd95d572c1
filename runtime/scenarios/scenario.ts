import type { Value } from '../contract/reading.ts';

/** One given-when-then test of policies, as it stands in a file (docs/policy-tools.md). */
export interface Scenario {
  readonly name: string;
  readonly given?: {
    /** `2026-11-21 22:00` on the clock of the site, or an ISO time with an offset. Default: noon of 2026-01-05, a Monday. */
    readonly time?: string;
    /** By entity and property, or by property key: `binary_sensor.hall_motion.state: "off"`. */
    readonly state?: Readonly<Record<string, Value | Readonly<Record<string, Value>>>>;
  };
  /** What happens, in this order. */
  readonly when?: readonly ScenarioEvent[];
  /** What must come of it: these calls, in any order, and no others. `nothing`: none at all. */
  readonly then?: 'nothing' | readonly Expected[];
  /** Instead of `when` and `then`: several of them, one after the other. */
  readonly steps?: readonly {
    readonly when: readonly ScenarioEvent[];
    readonly then: 'nothing' | readonly Expected[];
  }[];
}

export type ScenarioEvent =
  /** Readings that come in one message, by property key. */
  | Readonly<Record<string, Value>>
  /** Time passes: `5m`. */
  | { readonly wait: string }
  /** Time passes until then: `22:00` (the next one), or as in `given`. */
  | { readonly until: string }
  /** An entity's device cannot be reached, or can be again. */
  | { readonly unavailable: string }
  | { readonly available: string };

/** A call as policies write it is carried out; else what becomes of it. */
export type Expected =
  | string
  | { readonly call: string; readonly policy?: string }
  | { readonly suggested: string; readonly policy?: string }
  | { readonly approval: string; readonly policy?: string }
  | { readonly refused: string; readonly by?: string; readonly policy?: string }
  /** A `decide` policy asks its rungs. */
  | { readonly asked: string };
