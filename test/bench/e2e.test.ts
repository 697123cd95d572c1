import { expect, test } from 'vitest';
import { measure } from '../../bench/support/measure.ts';
import { floor } from '../../bench/support/systems.ts';
import { mosquittoPath, NO_MOSQUITTO } from '../support/mosquitto.ts';

const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';

test.skipIf(reason !== '')(`the load generator measures every command of the floor${reason}`, async () => {
  const plan = { pairs: 10, qos: 1 as const, rate: 1000, warmupS: 0.3, seconds: 1, readyS: 10 };
  const context = { args: [], log: () => {}, signal: new AbortController().signal };
  const run = await measure(floor, plan, context);
  expect(run.expected).toBeGreaterThanOrEqual(10);
  expect(run.received).toBe(run.expected);
  expect(run.unexpected).toBe(0);
  expect(run.latenciesMs).toHaveLength(run.received);
  expect(Math.min(...run.latenciesMs)).toBeGreaterThan(0);
  expect(run.messages).toBeGreaterThanOrEqual(200 + run.received * 0.8);
  expect(run.cpuUsPerMessage).toBeGreaterThan(0);
});

test.skipIf(reason !== '')(`a system that never answers is named${reason}`, async () => {
  const plan = { pairs: 2, qos: 0 as const, rate: 100, warmupS: 0.1, seconds: 0.1, readyS: 0.3 };
  const context = { args: [], log: () => {}, signal: new AbortController().signal };
  const idle = {
    ...floor,
    name: 'idle',
    start: () => floor.start({ ...plan, pairs: 0, brokerPort: 1, folder: '' }),
  };
  await expect(measure(idle, plan, context)).rejects.toThrow(
    'Expected idle to run through its measurement but it sent no command within 0.3 s.',
  );
});

test.skipIf(reason !== '')(`a system that ends is named at once, with its exit code${reason}`, async () => {
  const plan = { pairs: 2, qos: 0 as const, rate: 100, warmupS: 0.1, seconds: 0.1, readyS: 60 };
  const lines: string[] = [];
  const context = { args: [], log: (line: string) => lines.push(line), signal: new AbortController().signal };
  const broken = {
    ...floor,
    name: 'broken',
    start: () => floor.start({ ...plan, brokerPort: 65_536, folder: '' }),
  };
  await expect(measure(broken, plan, context)).rejects.toThrow(
    'Expected broken to run through its measurement but it ended with exit code 1.',
  );
  expect(lines.join('')).toContain('Error');
});
