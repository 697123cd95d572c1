import { expect } from 'vitest';
import {
  createRuleEngine,
  type Firing,
  parsePolicies,
  type RuleEngineOptions,
} from '../../../../policies/index.ts';
import type { PropertyKey } from '../../../../runtime/contract/ids.ts';
import type { Value } from '../../../../runtime/contract/reading.ts';
import { at, START, testHouse, TestState } from '../../support.ts';

/** An engine over one rule with this condition, firing `light.hall.turn_on`; `set` and `wait` say how often it fired. */
export function watching(
  when: string,
  options: Partial<RuleEngineOptions> & {
    start?: number;
    state0?: Record<PropertyKey, Value>;
    more?: string;
  } = {},
) {
  const { start = START, state0 = {}, more = '', ...rest } = options;
  const { policies, problems } = parsePolicies([
    {
      name: 't.yaml',
      text: `- { id: rule, when: ${JSON.stringify(when)}, ${more} then: light.hall.turn_on }`,
    },
  ]);
  expect(problems).toEqual([]);
  const state = new TestState();
  for (const [key, value] of Object.entries(state0)) state.set(key as PropertyKey, value);
  const engine = createRuleEngine({
    policies,
    house: testHouse(),
    tools: [],
    state,
    timezone: 'UTC',
    ...rest,
  });
  let mono = 0;
  let wall = start;
  const now = () => ({ ...at(mono), wall: wall as ReturnType<typeof at>['wall'] });
  engine.prime(now());
  const due = (): number | undefined => {
    const next = engine.nextDue();
    return next === undefined ? undefined : next - 1000;
  };
  return {
    engine,
    state,
    now,
    set: (key: PropertyKey, value: Value | undefined, retained = false): readonly Firing[] =>
      engine.changed([state.set(key, value)], now(), retained, []),
    /** Lets time pass; the ISO times of what fired meanwhile. */
    wait: (ms: number): string[] => {
      const end = mono + ms;
      const fired: string[] = [];
      for (let next = due(); next !== undefined && next <= end; next = due()) {
        const step = Math.max(0, next - mono);
        mono += step;
        wall += step;
        for (const _ of engine.due(now())) fired.push(new Date(wall).toISOString().slice(0, 19));
      }
      wall += end - mono;
      mono = end;
      return fired;
    },
    /** Somebody sets the wall clock. */
    setClock: (to: number): readonly Firing[] => {
      wall = to;
      return engine.due(now());
    },
    value: () => engine.explain('rule', now()).when?.value,
  };
}

export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
