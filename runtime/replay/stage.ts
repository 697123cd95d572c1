import { createRuleEngine } from '../../policies/index.ts';
import type { Firing, PolicySpec, RuleEngine, ToolSignature, VetoSpec } from '../../policies/index.ts';
import { StateStore } from '../../sensors/index.ts';
import { Interlocks } from '../act/interlocks.ts';
import type { House } from '../contract/house.ts';
import { entityOf, propertyOf } from '../contract/ids.ts';
import type { EntityId, PropertyKey } from '../contract/ids.ts';
import type { Reading } from '../contract/reading.ts';
import type { Timer } from '../contract/time.ts';
import { Fusion } from '../fuse.ts';
import { filtersOf } from '../fuse-filters.ts';
import { Reflexes } from '../reflexes.ts';
import { ReplayClock } from './clock.ts';
import type { KeptReading } from './recording.ts';
import type { ReplaySettings } from './settings.ts';

export interface StageOptions {
  readonly policies: readonly PolicySpec[];
  readonly vetoes: readonly VetoSpec[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  /** Wall clock, ms. */
  readonly startMs: number;
  readonly onFirings: (firings: readonly Firing[]) => void;
  readonly onHeld?: (policy: string, reason: string) => void;
}

/** The daemon looks for values that have grown stale this often, ms; looks that cannot find any are left out here. */
const AGE_MS = 1000;

/**
 * What the daemon puts between its sources and its actions, by a clock of its own and without the outside: the same fusion, the
 * same engine kept on time by the same reflexes, the same interlocks.
 *
 * Construct → begin (a silent baseline) → deliver and advanceTo, in order of time → stop.
 */
export class Stage {
  readonly clock: ReplayClock;
  readonly state: StateStore;
  readonly engine: RuleEngine;
  readonly interlocks: Interlocks;
  readonly #fusion: Fusion;
  readonly #reflexes: Reflexes;
  readonly #house: House;
  /** The next look for stale values, by the monotonic clock. */
  #age: { readonly at: number; readonly timer: Timer } | undefined;
  readonly #units = new Map<PropertyKey, string | undefined>();

  /** @throws GanglionError TIMEZONE_UNKNOWN, FUSION_INVALID */
  constructor(options: StageOptions) {
    const { house, settings, tools } = options;
    const { site, fuse, limits } = settings;
    const clock = new ReplayClock(options.startMs);
    const state = new StateStore({ clock, maxAgeMs: fuse.stale_after });
    const engine = createRuleEngine({
      policies: options.policies,
      vetoes: options.vetoes,
      house,
      tools,
      state,
      timezone: timezoneOf(settings),
      ...(site.latitude === undefined || site.longitude === undefined
        ? {}
        : { site: { latitude: site.latitude, longitude: site.longitude } }),
      ...(options.onHeld === undefined ? {} : { onHeld: options.onHeld }),
    });
    const rethrow = (error: unknown): never => {
      throw error;
    };
    this.clock = clock;
    this.state = state;
    this.engine = engine;
    this.interlocks = new Interlocks({
      limits,
      house,
      state,
      tools: new Map(tools.map((tool) => [tool.name, tool])),
      // Nothing is sent, so nothing is sent twice.
      repeatable: () => true,
      veto: (call) => engine.veto(call, { wall: clock.wall(), mono: clock.mono() })?.reason,
    });
    this.#reflexes = new Reflexes({
      engine,
      clock,
      onFirings: options.onFirings,
      onRechecked: () => {},
      onError: rethrow,
    });
    this.#fusion = new Fusion({
      state,
      clock,
      filters: filtersOf(fuse),
      combine: fuse.combine,
      onReleased: (changed, reading) => {
        this.#reflexes.changed(changed, false, [reading]);
        this.#awaitAge();
      },
    });
    this.#house = house;
  }

  /** Takes what was known before as it is; nothing fires. */
  begin(known: Iterable<KeptReading>): void {
    const received = this.clock.mono();
    this.state.restore([...known].map((reading) => this.#reading(reading, received)));
    this.#reflexes.prime();
    this.#awaitAge();
  }

  /** What one message brings, now. */
  deliver(kept: readonly KeptReading[]): void {
    const received = this.clock.mono();
    const readings = kept.map((reading) => this.#reading(reading, received));
    this.#reflexes.changed(this.#fusion.fuse(readings), false, readings);
    this.#awaitAge();
  }

  /** An availability message about entities. */
  setAvailable(entities: readonly EntityId[], available: boolean): void {
    this.#reflexes.changed(this.#fusion.setAvailable(entities, available), false, []);
  }

  /** Moves on to a moment of the wall clock, ms; what falls due on the way happens at its own time. */
  advanceTo(wallMs: number): void {
    this.clock.advanceTo(wallMs);
  }

  stop(): void {
    this.#reflexes.stop();
    this.#fusion.stop();
  }

  /** The first of the daemon's looks at which a value may have grown stale. */
  #awaitAge(): void {
    const next = this.state.nextExpiryMs;
    const at = Math.max(Math.floor(this.clock.mono() / AGE_MS) + 1, Math.ceil(next / AGE_MS)) * AGE_MS;
    if (this.#age !== undefined && this.#age.at <= at) return;
    this.#age?.timer.cancel();
    this.#age = undefined;
    if (next === Infinity) return;
    const timer = this.clock.schedule(at - this.clock.mono(), () => {
      this.#age = undefined;
      this.#reflexes.changed(this.#fusion.expire(), false, []);
      this.#awaitAge();
    });
    this.#age = { at, timer };
  }

  /** History keeps no units: the house knows them. */
  #reading({ key, value, at }: KeptReading, received: Reading['received']): Reading {
    let unit = this.#units.get(key);
    if (unit === undefined && !this.#units.has(key)) {
      unit = this.#house.entity(entityOf(key))?.properties[propertyOf(key)]?.unit;
      this.#units.set(key, unit);
    }
    return unit === undefined
      ? { key, value, at, received, retained: false }
      : { key, value, unit, at, received, retained: false };
  }
}

/** The site's time zone, or this machine's. */
export function timezoneOf({ site }: Pick<ReplaySettings, 'site'>): string {
  return site.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
