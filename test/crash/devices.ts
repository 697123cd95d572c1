import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { MqttClient } from 'mqtt';

/** The house on the other side of the broker, as Zigbee2MQTT shows it. It outlives the daemon. */
export class Devices {
  readonly #client: MqttClient;
  readonly #random: () => number;
  /** What the lamp shows. */
  lamp = 'OFF';
  /** Commands the siren has taken, ever. */
  sirens = 0;
  /** The last counter reading the broker took. */
  counter = 0;
  readonly #answers = new Map<string, Promise<void>>();

  private constructor(client: MqttClient, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  static async connect(url: string, random: () => number): Promise<Devices> {
    const client = await connectAsync(url, { clientId: 'house', clean: true });
    const devices = new Devices(client, random);
    client.on('message', (topic, payload) => devices.#command(topic, payload.toString()));
    await client.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
    return devices;
  }

  /** Resolves when the broker has taken responsibility. */
  async motion(occupancy: boolean): Promise<void> {
    await this.#publish('hall', { occupancy });
  }

  /** Publishes the next number. */
  async count(): Promise<void> {
    await this.#publish('counter', { count: ++this.counter });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#answers.values());
    await this.#client.endAsync(true);
  }

  #command(topic: string, payload: string): void {
    const { state } = JSON.parse(payload) as { state: string };
    const name = topic.split('/')[1] ?? '';
    if (name === 'siren') this.sirens++;
    else this.lamp = state;
    // Radio takes its time, but answers of one device keep their order.
    this.#answers.set(name, this.#answer(name, state, this.#answers.get(name)));
  }

  async #answer(name: string, state: string, before: Promise<void> | undefined): Promise<void> {
    await before;
    await delay(this.#random() * 25);
    await this.#publish(name, { state });
    // The siren falls silent by itself.
    if (name === 'siren') await this.#publish(name, { state: 'OFF' });
  }

  async #publish(name: string, body: object): Promise<void> {
    await this.#client.publishAsync(`zigbee2mqtt/${name}`, JSON.stringify(body), { qos: 1 });
  }
}
