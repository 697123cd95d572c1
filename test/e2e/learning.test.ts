import type { MqttClient } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import type { RuntimeEvent } from '../../runtime/contract/api.ts';
import type { Decision } from '../../runtime/contract/decision.ts';
import type { LearningReport } from '../../runtime/contract/learning.ts';
import { seeded } from '../policies/distil/support.ts';
import { cli } from '../support/cli.ts';
import { DaemonProcess, writeDaemonFiles } from '../support/daemon.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import { RemoteServer, whole, type ChatBody } from '../support/remote-server.ts';
import { echoDevices, temporaryFolder } from './rig.ts';

/** A policy may decide so often that this lets half of its decisions through. Milliseconds. */
const STEP_MS = 4000;

/** The room, and a daemon that can be killed. */
class Room {
  readonly #client: MqttClient;
  readonly #configFile: string;
  readonly #random = seeded(3);
  daemon!: DaemonProcess;
  /** Questions of the teacher. */
  asked = 0;

  constructor(client: MqttClient, configFile: string) {
    this.#client = client;
    this.#configFile = configFile;
  }

  async start(): Promise<void> {
    this.daemon = await new DaemonProcess(this.#configFile).start();
    const { daemon } = this;
    onTestFinished(() => daemon.kill());
    const well = async (part: string): Promise<void> => {
      const status = async () =>
        (await daemon.call('health')).parts.find(({ name }) => name === part)?.status;
      await expect.poll(status, { timeout: 15_000, interval: 20 }).toBe('ok');
    };
    await well('mqtt');
    // Known, so that the next one is a change.
    await this.#publish(400);
    await well('policies');
  }

  async killed(): Promise<void> {
    await this.daemon.kill('SIGKILL');
    await this.start();
  }

  /** A reading, and the decision it leads to. */
  async decide(): Promise<Decision> {
    await this.daemon.pass(STEP_MS);
    const decided = this.#next();
    await this.#publish(400 + this.#random() * 1000);
    return decided;
  }

  async report(): Promise<LearningReport> {
    const response = await fetch(`${this.daemon.url}/v1/policies/air/learning`);
    return (await response.json()) as LearningReport;
  }

  happened(kind: string): boolean {
    return this.daemon.events.some((event) => event.type === 'learning' && event.kind === kind);
  }

  async #publish(co2: number): Promise<void> {
    const payload = {
      co2: Math.round(co2 * 100) / 100,
      temperature: Math.round(150 + this.#random() * 100) / 10,
    };
    await this.#client.publishAsync('zigbee2mqtt/room', JSON.stringify(payload), { qos: 1 });
  }

  #next(): Promise<Decision> {
    const { child, log } = this.daemon;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`nothing was decided: ${log.slice(-5).join('\n')}`)),
        15_000,
      );
      const listen = (said: { readonly type: string; readonly event?: RuntimeEvent }): void => {
        if (said.event?.type !== 'decision' || said.event.decision.policy !== 'air') return;
        clearTimeout(late);
        child.off('message', listen);
        resolve(said.event.decision);
      };
      child.on('message', listen);
    });
  }
}

/** The answer of the schema whose letter stands for a choice: `B: light.lamp.turn_on …`. */
function answerOf(body: ChatBody, choice: string): string {
  const text = body.messages.map(({ content }) => content).join('\n');
  const letter = new RegExp(`^- (\\w+): ${choice.replaceAll('.', '\\.')}`, 'm').exec(text)?.[1];
  return JSON.stringify({ answer: letter ?? choice });
}

test.skipIf(mosquittoPath === undefined)(
  `a tree takes over from a model, is given back when the model changes, and a kill costs nothing${mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : ''}`,
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    const broker = await startMosquitto();
    const { client } = await echoDevices(broker.url);
    const teacher = await RemoteServer.start();
    onTestFinished(async () => {
      await client.endAsync(true);
      await broker.stop();
    });
    const configFile = await writeDaemonFiles(folder, {
      config: {
        node: 'room',
        broker: broker.url,
        sources: [{ dialect: 'zigbee2mqtt' }],
        limits: { allow: ['light.*'], approve: [] },
        remote: { url: teacher.url, model: 'big' },
      },
      devices: { 'light.lamp': { name: 'Lamp', dialect: 'zigbee2mqtt', topic: 'lamp' } },
      policies: [
        {
          id: 'air',
          decide: {
            on: ['sensor.room.co2'],
            choices: ['none', 'light.lamp.turn_on'],
            features: ['sensor.room.co2', 'sensor.room.temperature'],
            rungs: ['tree', 'remote'],
            guidance: 'Show bad air.',
            certify: { agreement: 0.9, confidence: 0.9 },
          },
        },
      ],
    });
    const room = new Room(client, configFile);
    let isBad = (co2: number): boolean => co2 > 850;
    teacher.answer = (body, response) => {
      room.asked++;
      const text = body.messages.map(({ content }) => content).join('\n');
      const co2 = Number(/co2: ([\d.]+)/.exec(text)?.[1]);
      whole(response, answerOf(body, isBad(co2) ? 'light.lamp.turn_on' : 'none'));
    };
    await room.start();

    for (let i = 0; i < 140; i++) expect((await room.decide()).rung).toBe('remote');
    await expect.poll(() => room.happened('shadow'), { timeout: 10_000 }).toBe(true);
    const before = await room.report();
    expect(before.examples).toBeGreaterThanOrEqual(140);
    await room.killed();
    // The reading after the start leads to one more.
    await expect.poll(async () => (await room.report()).examples).toBe(before.examples + 1);
    const after = await room.report();
    expect(after.versions.map(({ rules, status }) => ({ rules, status }))).toEqual(
      before.versions.map(({ rules, status }) => ({ rules, status })),
    );

    const byTree: Decision[] = [];
    for (let i = 0; i < 600 && byTree.length < 30; i++) {
      const made = await room.decide();
      if (made.rung === 'tree') byTree.push(made);
    }
    expect(room.happened('certified')).toBe(true);
    expect(byTree).toHaveLength(30);
    for (const { sample } of byTree)
      expect(sample?.choice).toBe(isBad(sample!.features[0]!) ? 'light.lamp.turn_on' : 'none');
    const explained = await cli(folder, 'explain', byTree[0]!.id);
    expect(explained.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /because .*co2 is [\d.]+ \((≤|>) 8\d\d.*\) \(version \d+ agrees with its teacher in at least 9\d(\.\d)? %/,
    );
    expect((await room.daemon.call('policies'))[0]?.learning?.text).toMatch(/^Version \d+ makes/);
    expect((await room.daemon.call('stats')).gauges['learning_off_model_share']).toBeGreaterThan(0);

    await room.killed();
    const rungs = [];
    for (let i = 0; i < 20; i++) rungs.push((await room.decide()).rung);
    expect(rungs.filter((rung) => rung === 'tree').length).toBeGreaterThan(10);

    // The model was replaced by one that thinks otherwise.
    isBad = (co2) => co2 <= 850;
    room.asked = 0;
    for (let i = 0; i < 4000 && !room.happened('withdrawn'); i++) await room.decide();
    expect(room.happened('withdrawn')).toBe(true);
    expect(room.asked).toBeLessThan(300);
    expect((await room.decide()).rung).toBe('remote');

    await room.killed();
    expect((await room.decide()).rung).toBe('remote');
    const { versions } = await room.report();
    expect(versions.at(-1)?.status).toBe('withdrawn');
    const shown = await cli(folder, 'policy', 'distil', 'air', '--versions');
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain('its certificates are withdrawn');
  },
);
