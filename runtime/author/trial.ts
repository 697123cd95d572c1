import {
  asEntry,
  createLocalTime,
  describeScenario,
  scenariosFor,
  type Draft,
  type Scenario,
  type ToolSignature,
} from '../../policies/index.ts';
import { stringify } from 'yaml';
import type { AuthoredTest } from '../contract/authoring.ts';
import type { House } from '../contract/house.ts';
import { entityOf, kindOf } from '../contract/ids.ts';
import { expectedState, isKind } from '../contract/kinds.ts';
import type { Call } from '../contract/action.ts';
import type { WallMs } from '../contract/time.ts';
import { timezoneOf, type ReplaySettings } from '../replay/index.ts';
import {
  runScenarios,
  type Came,
  type Expected,
  type Scenario as TestCase,
  type ScenarioResult,
  type ScenarioEvent,
} from '../scenarios/index.ts';

export interface TrialParts {
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  readonly from: WallMs;
}

/** The same for what takes longer: `turn` is awaited between its pieces. */
export interface TurnParts extends TrialParts {
  readonly turn: () => Promise<void>;
}

/** So many other policies run together with a draft; starting more of them would keep the others waiting. */
const AT_WORK = 8;

type Policies = readonly { readonly id: string; readonly text: string }[];

/** Tests made for a draft, in the form of test files, each with the words for it. */
export interface DraftTests {
  readonly cases: readonly TestCase[];
  readonly texts: readonly string[];
}

/** Given-when-then tests that the policies of a draft must pass in their mode. */
export function testsFor(draft: Draft, { house, settings, from }: TrialParts): DraftTests {
  const { latitude, longitude } = settings.site;
  const site = latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
  const sky = { time: createLocalTime(timezoneOf(settings)), site };
  const scenarios = scenariosFor(draft, { house, sky, from }).filter(fixed);
  const expectation = (call: string): Expected => {
    if (draft.mode === 'suggest') return { suggested: call };
    const critical = house.entity(entityOf(`${call.split('(')[0]!}.x` as never))?.critical === true;
    return draft.mode === 'approve' || critical ? { approval: call } : call;
  };
  return { cases: scenarios.map((one) => caseOf(one, expectation)), texts: scenarios.map(describeScenario) };
}

/** Calls whose values follow what is now cannot be told beforehand. */
function fixed({ then }: Scenario): boolean {
  return then.every(({ calls }) => calls.every((call) => !/: (?:min|max)\(|: [a-z_]+\./.test(call)));
}

/** The tests as a file. */
export function testFileOf({ cases }: DraftTests): string {
  return stringify({ tests: cases }, { lineWidth: 0 });
}

/** Runs tests of a draft with its policies alone. */
export async function runTests(
  tests: DraftTests,
  policies: Policies,
  parts: TurnParts,
): Promise<AuthoredTest[]> {
  const files = policies.map(({ id, text }) => ({ name: id, text: asEntry(text) }));
  const results: ScenarioResult[] = [];
  for (const one of tests.cases) {
    await parts.turn();
    results.push(...runScenarios([one], { files, ...parts }).results);
  }
  return results.map(({ name, passed, failures }, i) => ({
    name,
    text: tests.texts[i] ?? '',
    passed,
    failures,
  }));
}

/**
 * What other policies do against a draft where it acts: in its own tests, with all of them at work, what another one calls
 * on the same entities to another end, and what forbids it. One sentence each. Others run a few at a time, so a chain through
 * more of them than that may be missed.
 */
export async function conflictsOf(
  draft: Draft,
  policies: Policies,
  others: Policies,
  parts: TurnParts,
): Promise<string[]> {
  const { cases } = testsFor({ ...draft, mode: 'auto' }, parts);
  const acts = cases.filter(({ then, steps }) => then !== 'nothing' || steps !== undefined);
  if (acts.length === 0 || others.length === 0) return [];
  const own = new Set(policies.map(({ id }) => id));
  const foreign = others.filter(({ id }) => !own.has(id));
  const results: ScenarioResult[] = [];
  for (let from = 0; from < foreign.length; from += AT_WORK) {
    const files = [...policies, ...foreign.slice(from, from + AT_WORK)].map(({ id, text }) => ({
      name: id,
      text: asEntry(text).replaceAll(/^( *)mode: *(?:suggest|approve)\b.*$/gm, '$1mode: auto'),
    }));
    for (const one of acts) {
      await parts.turn();
      results.push(...runScenarios([one], { files, ...parts }).results);
    }
  }
  const found = new Set<string>();
  for (const { came } of results) {
    const mine = came.filter(({ policy }) => own.has(policy));
    for (const one of mine) {
      if (one.what === 'refused') found.add(`${one.policy} is refused ${callText(one.call)}: ${one.reason}`);
    }
    for (const other of came.filter(({ policy }) => !own.has(policy))) {
      const against = mine.find((one) => opposes(one, other));
      if (against !== undefined && 'call' in against && 'call' in other)
        found.add(
          `where ${against.policy} does ${callText(against.call)}, ${other.policy} does ${callText(other.call)}`,
        );
    }
  }
  return [...found].slice(0, 10);
}

function opposes(one: Came, other: Came): boolean {
  if (!('call' in one) || !('call' in other) || one.call.entity !== other.call.entity) return false;
  // What came a minute later is another story.
  if (Math.abs(one.atMs - other.atMs) > 60_000) return false;
  const [mine, theirs] = [effect(one.call), effect(other.call)];
  return Object.keys(mine).some((name) => name in theirs && theirs[name] !== mine[name]);
}

function effect({ entity, command, args }: Call): Readonly<Record<string, unknown>> {
  const kind = kindOf(entity);
  return isKind(kind) ? expectedState(kind, command, args) : {};
}

function callText({ entity, command }: Call): string {
  return `${entity}.${command}`;
}

function caseOf(scenario: Scenario, expectation: (call: string) => Expected): TestCase {
  const { name, at, given, when, then, forMs } = scenario;
  const base = {
    name,
    given: {
      time: new Date(at).toISOString(),
      ...(Object.keys(given).length === 0 ? {} : { state: given }),
    },
  };
  // Events and ends of waiting in their order; what is expected is looked at where it is due.
  const steps: { when: ScenarioEvent[]; then: 'nothing' | Expected[] }[] = [];
  let now = 0;
  const until = (due: number, last: boolean): void => {
    const events: ScenarioEvent[] = [];
    for (const { afterMs, set } of when) {
      if (afterMs < now || afterMs > due || (afterMs === now && now > 0)) continue;
      if (afterMs > now) events.push({ wait: span(afterMs - now) });
      if (Object.keys(set).length > 0) events.push(set);
      now = afterMs;
    }
    if (due > now) events.push({ wait: span(due - now) });
    now = due;
    steps.push({ when: events, then: 'nothing' });
    if (last && steps.length > 1 && events.length === 0) steps.pop();
  };
  for (const { afterMs, calls } of then) {
    until(afterMs, false);
    steps.at(-1)!.then = calls.map(expectation);
  }
  until(forMs, true);
  const merged = steps.filter(({ when: events }) => events.length > 0);
  const [only] = merged;
  return merged.length === 1 && only !== undefined
    ? { ...base, when: only.when, then: only.then }
    : { ...base, steps: merged };
}

/** Whole seconds; a test that waits for less tests nothing. */
function span(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))}s`;
}
