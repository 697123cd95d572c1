import { describe, expect, test } from 'vitest';
import { COLD, HOT, sensorMessage, rulesOf } from '../../bench/support/workload.ts';

describe('the workload of the benches', () => {
  test('asks for a command exactly where a rule goes from false to true', () => {
    for (let sensor = 0; sensor < 60; sensor++) {
      let hot: boolean | undefined;
      let cold: boolean | undefined;
      let commands = 0;
      for (let step = 0; step < 1000; step++) {
        const { payload, expect: expected } = sensorMessage(sensor, step);
        const { temperature } = JSON.parse(payload) as { temperature: number };
        const isHot = temperature > HOT;
        const isCold = temperature < COLD;
        const fires = isHot && hot === false ? 'ON' : isCold && cold === false ? 'OFF' : undefined;
        expect(expected).toBe(fires);
        if (fires !== undefined) commands++;
        [hot, cold] = [isHot, isCold];
      }
      expect(commands).toBeGreaterThanOrEqual(19);
      expect(commands).toBeLessThanOrEqual(21);
    }
  });

  test('has two rules for each pair of sensor and plug', () => {
    const rules = rulesOf({ pairs: 50, qos: 1 });
    expect(rules).toHaveLength(100);
    expect(new Set(rules.map((rule) => rule.plug)).size).toBe(50);
    expect(rules.filter((rule) => rule.above)).toHaveLength(50);
  });
});
