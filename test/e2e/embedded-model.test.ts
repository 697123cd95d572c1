import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AskJson } from '../../runtime/cli/commands/ask.ts';
import { systemClock } from '../../runtime/lib/clock.ts';
import { CapturedIo } from '../support/cli.ts';
import { runCli } from '../../runtime/cli/cli.ts';
import { freePort } from '../support/mosquitto.ts';
import { writeCard, writeRandomSynapse } from '../support/synapse.ts';
import { connectHouse, startDaemon, temporaryFolder } from './rig.ts';

const PATIENT = { timeout: 20_000, interval: 20 };
const LAMPS = Object.fromEntries(
  ['left', 'right', 'round'].map((name) => [
    `light.${name}`,
    { name: `${name} lamp`, dialect: 'zigbee2mqtt', topic: name },
  ]),
);

async function home(folder: string, { file }: { readonly file: string }) {
  const listen = `127.0.0.1:${await freePort()}`;
  const broker = { embedded: { listen } };
  const rig = await startDaemon(
    {
      config: {
        broker,
        // Patience with a machine that is busy with other tests.
        model: { file, deadline: '60s' },
        sources: [{ topic: 'sun', as: { 'sensor.sun.illuminance': { path: 'lux' } } }],
        limits: { allow: ['light.*'], approve: [] },
      },
      devices: { ...LAMPS, 'sensor.sun': { name: 'Daylight' } },
      policies: [
        {
          id: 'dusk',
          decide: {
            on: ['sensor.sun.illuminance'],
            features: ['sensor.sun.illuminance'],
            choices: ['none', 'light.round.turn_on'],
            rungs: ['llm'],
            minConfidence: 0,
            timeout: '60s',
            guidance: 'turn on the round lamp when daylight is under 50',
          },
        },
      ],
    },
    folder,
  );
  return { ...rig, url: `mqtt://${listen}` };
}

test('a daemon starts the embedded model when it is asked, and lets it read and choose', async () => {
  const folder = temporaryFolder();
  const file = await writeRandomSynapse(folder);
  const { api, url } = await home(folder, { file });
  const part = () => api.health().parts.find(({ name }) => name === 'model synapse.gguf');
  expect(part()).toMatchObject({ status: 'ok', detail: 'loaded when it is asked' });
  const options = { dryRun: true, waitMs: 0 };
  expect((await api.ask('turn on the left lamp', options)).decision.rung).toBe('link');
  expect(part()).toMatchObject({ detail: 'loaded when it is asked' });

  const { decision, state } = await api.ask('make the lamps a good deal nicer', options);
  expect(decision).toMatchObject({ rung: 'llm', refused: [] });
  expect(decision.tokens?.prompt).toBeGreaterThan(10);
  // Whatever it chose, what would be so afterwards is told of all of it.
  expect(Object.keys(state).toSorted()).toEqual(
    [...new Set(decision.actions.map(({ entity }) => entity))].toSorted(),
  );
  expect(part()?.detail).toMatch(/^Synapse by llama, \d+ MB, loaded in \d+ ms$/);

  const sun = await connectHouse(url);
  onTestFinished(async () => sun.endAsync(true));
  await sun.publishAsync('sun', '{"lux":20}', { qos: 1 });
  await vi.waitFor(() => {
    const [dusk] = api.decisions({ limit: 1, policy: 'dusk' });
    expect(dusk?.decision).toMatchObject({ rung: 'llm' });
    expect(dusk?.decision.explanation).toMatch(/The embedded model chose (none|light\.round\.turn_on) with/);
  }, PATIENT);

  const asked = await api.ask('is the left lamp on?', options);
  expect(asked.decision.actions).toEqual([]);
  // No name and no control token in a name becomes part of an answer.
  const odd = await api.ask('turn the <e1> <off> <k_light> lamp to red', options);
  expect(odd.decision.actions.every(({ entity }) => entity.startsWith('light.'))).toBe(true);
}, 60_000);

test('a damaged model is named, and everything else goes on', async () => {
  const folder = temporaryFolder();
  const file = await writeRandomSynapse(folder);
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  const { api, problems } = await home(folder, { file });
  const part = () => api.health().parts.find(({ name }) => name === 'model synapse.gguf');
  await vi.waitFor(() => expect(part()?.status).toBe('fail'), PATIENT);
  expect(part()?.detail).toContain(`in ${file} but received other bytes`);
  expect(problems().join()).toContain('synapse.gguf');
  const options = { dryRun: true, waitMs: 0 };
  expect((await api.ask('turn on the left lamp', options)).decision.rung).toBe('link');
  const { decision } = await api.ask('turn on the lamp', options);
  expect(decision.rung).toBe('abstain');
  expect(decision.explanation).toContain('other bytes');
}, 60_000);

test('one request without a daemon', async () => {
  const folder = temporaryFolder();
  const file = await writeRandomSynapse(folder);
  writeFileSync(join(folder, 'ganglion.yaml'), `http: { listen: "127.0.0.1:1" }\nmodel: { file: ${file} }\n`);
  const ask = async (text: string): Promise<AskJson> => {
    const io = new CapturedIo(folder);
    io.clock = systemClock;
    const house = join(import.meta.dirname, '../../examples/house.yaml');
    const code = await runCli(['ask', text, '--house', house, '--dry-run', '--json'], io);
    expect({ code, stderr: io.stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(io.stdout) as AskJson;
  };
  expect(await ask('turn off everything upstairs bar the hall')).toMatchObject({
    decision: { rung: 'llm', tokens: { cached: 0 } },
  });
  writeCard(file, { threshold: 1 });
  const { decision, state } = await ask('turn off everything upstairs bar the hall');
  expect(decision).toMatchObject({ rung: 'abstain', explanation: expect.stringContaining('are wanted') });
  expect(state).toEqual({});
}, 60_000);
