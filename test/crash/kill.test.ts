import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mosquittoPath, NO_MOSQUITTO } from '../support/mosquitto.ts';
import { Lane } from './lane.ts';
import type { Findings } from './lane.ts';

const RUNS = Number(process.env['GANGLION_CRASH_RUNS'] ?? 100);
const SEED = Number(process.env['GANGLION_CRASH_SEED'] ?? 1);
/** Houses that are worked on at the same time: most of a run is waiting. */
const LANES = 3;

const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';

test.skipIf(reason !== '')(`nothing is lost or repeated when the daemon is killed${reason}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-crash-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tally = { undecided: 0, pending: 0, sent: 0, done: 0 };
  let run = 0;
  const work = async (number: number): Promise<void> => {
    const lane = await Lane.open(join(folder, String(number)), SEED * 1000 + number);
    try {
      while (run < RUNS) {
        const mine = ++run;
        const found = await lane.killOnce();
        check(found);
        for (const policy of ['lamp-on', 'alarm']) {
          const stage = found.remains.find((row) => row.policy === policy)?.stage ?? 'undecided';
          tally[stage as keyof typeof tally]++;
        }
        if (mine % 10 !== 0 && mine !== RUNS) continue;
        const counts = Object.entries(tally).map(([stage, count]) => `${stage} ${count}`);
        process.stdout.write(`${mine} kills; actions at the kill: ${counts.join(', ')}\n`);
      }
    } catch (error) {
      run = RUNS;
      throw error;
    } finally {
      await lane.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, RUNS) }, async (_, number) => work(number)));
  expect(run).toBe(RUNS);
});

function check({ story, remains, actions, edges, sirens, missing, lamp, wantedLamp }: Findings): void {
  expect(missing, `readings are missing: ${story}`).toEqual([]);
  expect(lamp, `the lamp is not as the last motion asked: ${story}`).toBe(wantedLamp);
  for (const { outcome } of actions) expect(outcome, `an action has no outcome: ${story}`).toBeDefined();

  const alarms = actions.filter(({ action }) => action.entity === 'siren.siren');
  expect(alarms.length, `a motion was not decided exactly once: ${story}`).toBe(edges);
  expect(sirens, `the siren went off more often than somebody came: ${story}`).toBeLessThanOrEqual(edges);
  const confirmed = alarms.filter(({ outcome }) => outcome?.status === 'confirmed').length;
  expect(confirmed, `a siren was confirmed that nobody heard: ${story}`).toBeLessThanOrEqual(sirens);
  // In doubt at the kill: shown as such, not sent again.
  for (const row of remains.filter(({ policy, stage }) => policy === 'alarm' && stage === 'sent')) {
    const now = alarms.find(({ action }) => action.id === row.id);
    expect(now?.outcome?.status, `a siren in doubt is not shown as such: ${story}`).toBe('unconfirmed');
  }
}
