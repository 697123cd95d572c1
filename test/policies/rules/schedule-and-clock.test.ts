import { expect, it } from 'vitest';
import { createRuleEngine, parsePolicies } from '../../../policies/index.ts';
import { at, testHouse, TestState } from '../support.ts';

/** Seconds after noon at which a rule fires within eleven minutes. */
function firings(when: string): number[] {
  const text = `- { id: rule, when: '${when}', then: light.hall.turn_on }`;
  const { policies } = parsePolicies([{ name: 'p.yaml', text }]);
  const engine = createRuleEngine({
    house: testHouse(),
    tools: [],
    timezone: 'UTC',
    policies,
    state: new TestState(),
  });
  engine.prime(at(0));
  const fired: number[] = [];
  for (let due = engine.nextDue(); due !== undefined && due - 1000 <= 660_000; due = engine.nextDue())
    for (let n = engine.due(at(due - 1000)).length; n > 0; n--) fired.push((due - 1000) / 1000);
  return fired;
}

it.each([
  // 12:05 is both a fifth minute and one of those that are excluded.
  ['cron("*/5 * * * *") && !(now.minute % 4 == 1)', [600]],
  ['cron("*/5 * * * *") && now.minute == 5', [300]],
  ['cron("*/5 * * * *") && now.minute < 5', []],
  ['cron("*/5 * * * *") && now.minute >= 5', [300, 600]],
])('a schedule and the clock are looked at together: %s', (when, expected) => {
  expect(firings(when)).toEqual(expected);
});
