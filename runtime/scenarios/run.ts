import { parsePolicies, policiesIn } from '../../policies/index.ts';
import type { Firing, PolicyFile, PolicyProblem, ToolSignature } from '../../policies/index.ts';
import { simulate } from '../../devices/index.ts';
import { isRefusal } from '../act/interlocks.ts';
import type { Call } from '../contract/action.ts';
import type { House } from '../contract/house.ts';
import { isEntityId, propertyKey, type EntityId, type PropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import type { WallMs } from '../contract/time.ts';
import { parseDuration } from '../lib/units.ts';
import { Stage, timezoneOf, type KeptReading, type ReplaySettings } from '../replay/index.ts';
import type { Came } from './came.ts';
import { compareStep } from './compare.ts';
import { defaultMoment, momentOf } from './moment.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';

export interface ScenarioOptions {
  readonly files: readonly PolicyFile[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
}

export interface ScenarioResult {
  readonly name: string;
  readonly passed: boolean;
  /** One sentence for each thing that came out differently: what was expected, what came, in which step. */
  readonly failures: readonly string[];
  /** Everything that came, in order. */
  readonly came: readonly Came[];
}

export interface ScenariosResult {
  readonly results: readonly ScenarioResult[];
  /** What is wrong with the policies; an error keeps one from running. */
  readonly problems: readonly PolicyProblem[];
}

/**
 * Runs given-when-then tests in the engine that runs the policies, each from the start and by a clock of its own. Devices are
 * simulated: what is carried out shows in the state at once, and may set off other policies.
 *
 * @throws GanglionError TIMEZONE_UNKNOWN
 */
export function runScenarios(scenarios: readonly Scenario[], options: ScenarioOptions): ScenariosResult {
  const { policies, vetoes, problems } = policiesIn(parsePolicies(options.files), options.house);
  const found = new Map<string, PolicyProblem>();
  const results = scenarios.map((scenario) => {
    const run = new ScenarioRun(scenario, { ...options, policies, vetoes });
    try {
      const result = run.run();
      for (const problem of run.problems()) found.set(JSON.stringify(problem), problem);
      return result;
    } finally {
      run.stop();
    }
  });
  return { results, problems: [...problems, ...found.values()] };
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #stage: Stage;
  readonly #house: House;
  readonly #timezone: string;
  readonly #came: Came[] = [];
  #step = 1;

  constructor(
    scenario: Scenario,
    options: ScenarioOptions & Pick<ConstructorParameters<typeof Stage>[0], 'policies' | 'vetoes'>,
  ) {
    const { house, tools, settings, policies, vetoes } = options;
    this.#scenario = scenario;
    this.#house = house;
    this.#timezone = timezoneOf(settings);
    const { time } = scenario.given ?? {};
    const start = defaultMoment(this.#timezone);
    const startMs = time === undefined ? start : (momentOf(time, this.#timezone, start) ?? start);
    this.#stage = new Stage({
      policies,
      vetoes,
      house,
      tools,
      settings,
      startMs,
      onFirings: (firings) => {
        for (const firing of firings) this.#take(firing);
      },
    });
  }

  run(): ScenarioResult {
    const { name, given, when = [], then = 'nothing', steps = [{ when, then }] } = this.#scenario;
    this.#stage.begin(readingsOf(given?.state ?? {}, this.#stage.clock.wall()));
    const failures: string[] = [];
    for (const step of steps) {
      const before = this.#came.length;
      const beganAt = this.#stage.clock.wall();
      for (const event of step.when) {
        this.#happen(event);
      }
      const came = this.#came.slice(before);
      const place = steps.length === 1 ? '' : ` in step ${this.#step}`;
      failures.push(...compareStep(step.then, came, { place, beganAt, stage: this.#stage }));
      this.#step++;
    }
    return { name, passed: failures.length === 0, failures, came: this.#came };
  }

  problems(): readonly PolicyProblem[] {
    return this.#stage.engine.problems();
  }

  stop(): void {
    this.#stage.stop();
  }

  #happen(event: ScenarioEvent): void {
    const stage = this.#stage;
    const now = stage.clock.wall();
    const { wait, until, unavailable, available } = event as Readonly<Record<string, Value | undefined>>;
    if (typeof wait === 'string') stage.advanceTo(now + (parseDuration(wait) ?? 0));
    else if (typeof until === 'string') stage.advanceTo(momentOf(until, this.#timezone, now) ?? now);
    else if (typeof unavailable === 'string') this.#reach(unavailable, false);
    else if (typeof available === 'string') this.#reach(available, true);
    else stage.deliver(readingsOf(event, now));
    // Devices answer without a delay, and so on: the loop guard ends what would never end.
    stage.advanceTo(stage.clock.wall());
  }

  #reach(entity: string, available: boolean): void {
    if (isEntityId(entity)) this.#stage.setAvailable([entity], available);
  }

  #take(firing: Firing): void {
    const { policy, explanation, mode } = firing;
    const base = { step: this.#step, atMs: this.#stage.clock.wall(), policy, because: explanation };
    if (firing.type === 'decide') this.#came.push({ ...base, what: 'asked' });
    for (const asked of firing.calls) {
      const cleared = this.#stage.interlocks.check(asked);
      if (isRefusal(cleared)) {
        const { code, reason } = cleared;
        this.#came.push({ ...base, what: 'refused', call: cleared.call, asked, code, reason });
        continue;
      }
      const { call } = cleared;
      const what =
        mode === 'suggest' ? 'suggested' : mode === 'approve' || cleared.needsApproval ? 'approval' : 'call';
      this.#came.push({ ...base, what, call, asked });
      if (what === 'call') this.#perform(call);
    }
  }

  /** What a device that works would report of it. */
  #perform(call: Call): void {
    const { state, clock } = this.#stage;
    const before = Object.fromEntries(
      Object.entries(state.entity(call.entity)).flatMap(([name, { value }]) =>
        value === undefined ? [] : [[name, value]],
      ),
    ) as Record<string, Value>;
    const kind = this.#house.entity(call.entity)?.kind;
    const after = simulate({ [call.entity]: before }, [call], () => kind)[call.entity] ?? {};
    const answer: KeptReading[] = [];
    for (const [name, value] of Object.entries(after)) {
      if (before[name] !== value)
        answer.push({ key: propertyKey(call.entity, name), value, at: clock.wall() });
    }
    if (answer.length > 0) clock.schedule(0, () => this.#stage.deliver(answer));
  }
}

/** Both forms of a state, as readings of one moment. */
function readingsOf(
  state: Readonly<Record<string, Value | Readonly<Record<string, Value>>>>,
  at: WallMs,
): KeptReading[] {
  return Object.entries(state).flatMap(([name, known]) =>
    typeof known === 'object'
      ? Object.entries(known).map(([property, value]) => ({
          key: propertyKey(name as EntityId, property),
          value,
          at,
        }))
      : [{ key: name as PropertyKey, value: known, at }],
  );
}
