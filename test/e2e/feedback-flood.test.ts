import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import type { DecisionRecord } from '../../runtime/contract/api.ts';
import { connectHouse, startDaemon, temporaryFolder } from './rig.ts';

/** `npm run flood` sends a million. */
const MESSAGES = Number(process.env['GANGLION_FLOOD'] ?? 2000);
const DECISIONS = 8;
/** Requests under way at one time. */
const CLIENTS = 32;
const KEPT_PER_DECISION = 100;

const TEACHER = `export default { name: 'oracle', rungs: [{ name: 'oracle', decide: ({ frame }) =>
  ({ kind: 'choice', index: frame.values[0] > 850 ? 1 : 0, confidence: 1, explanation: 'it is so' }) }] };`;

/** Bytes in use once the garbage is gone. */
function liveHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test(`${MESSAGES} messages of feedback harm nobody`, { timeout: 3_600_000 }, async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'oracle.mjs'), TEACHER);
  const { runtime, api, counter } = await startDaemon(
    {
      config: {
        node: 'room',
        broker: {
          embedded: { listen: '127.0.0.1:0', users: { house: { password: 'a-password-of-its-own' } } },
        },
        sources: [{ dialect: 'zigbee2mqtt' }],
        limits: { allow: [], approve: [] },
        extensions: ['./oracle.mjs'],
        mqtt: { feedback: { allow: ['*'] } },
      },
      devices: {
        'light.lamp': { name: 'Lamp', dialect: 'zigbee2mqtt', topic: 'lamp' },
        'sensor.room': { name: 'Room', dialect: 'zigbee2mqtt', topic: 'room' },
      },
      policies: [
        {
          id: 'air',
          decide: {
            on: ['sensor.room.co2'],
            choices: ['none', 'light.lamp.turn_on'],
            rungs: ['tree', 'oracle'],
          },
        },
      ],
    },
    folder,
  );
  const client = await connectHouse(runtime.brokerUrl!, {
    username: 'house',
    password: 'a-password-of-its-own',
  });
  onTestFinished(() => client.endAsync(true));
  const decisions = (): readonly DecisionRecord[] => api.decisions({ limit: 100, policy: 'air' });
  let co2 = 0;
  const heard = async (): Promise<number> => {
    co2 = (co2 + 100) % 900;
    await client.publishAsync('zigbee2mqtt/room', JSON.stringify({ co2: 500 + co2 }), { qos: 1 });
    return decisions().length;
  };
  await expect.poll(heard, { timeout: 15_000, interval: 10 }).toBeGreaterThanOrEqual(DECISIONS);
  const ids = decisions().map(({ decision }) => decision.id);
  const examples = api.learning.report('air').examples;

  const loop = monitorEventLoopDelay({ resolution: 5 });
  const heapBefore = liveHeap();
  loop.enable();
  const answers = { stored: 0, refused: 0 };
  let next = 0;
  const flood = async (): Promise<void> => {
    while (next < MESSAGES) {
      const i = next++;
      const decision = ids[i % ids.length]!;
      const reward = i % 3 === 0 ? 1 : -1;
      if (i % 2 === 0) client.publish('ganglion/room/feedback', JSON.stringify({ decision, reward }));
      const response = await fetch(`${runtime.url}/v1/feedback`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision, reward, choice: 'none' }),
      });
      await response.arrayBuffer();
      if (response.status === 201) answers.stored++;
      else answers.refused++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, flood));
  loop.disable();

  expect(answers.stored + answers.refused).toBe(MESSAGES);
  expect(answers.stored).toBeLessThanOrEqual(ids.length * KEPT_PER_DECISION);
  for (const { feedback } of decisions()) expect(feedback.length).toBeLessThanOrEqual(KEPT_PER_DECISION);
  // However much is said of a decision, it teaches once.
  const after = api.learning.report('air');
  expect(after.examples - examples).toBeLessThanOrEqual(2 * decisions().length - examples);
  expect(after.counts['none']).toBeGreaterThanOrEqual(ids.length - 1);
  await expect
    .poll(() => api.stats().gauges['mqtt_feedback_dropped'], { timeout: 30_000 })
    .toBeGreaterThan(MESSAGES / 4);
  expect(counter('problem_work_failed')).toBe(0);
  const [one] = decisions();
  expect(api.decision(one!.decision.id)?.decision.id).toBe(one!.decision.id);
  if (process.env['GANGLION_FLOOD'] !== undefined) {
    const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;
    const heap = ((liveHeap() - heapBefore) / 1e6).toFixed(1);
    process.stdout.write(
      `event loop (daemon and clients together): p99 ${ms(loop.percentile(99))}, longest ${ms(loop.max)}; heap ${heap} MB more; ${answers.stored} stored, ${answers.refused} refused\n`,
    );
  }
});
