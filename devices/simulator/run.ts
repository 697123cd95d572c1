import type { Clock, Timer } from '../../runtime/contract/time.ts';
import type { SimulatedHouse } from './house.ts';

/** As much of an MQTT client as the simulator needs. */
export interface SimulatorClient {
  publish(topic: string, payload: string, options: { readonly retain: boolean }): void;
  /** Subscribes; messages then come to whoever `onMessage` named. */
  subscribe(filter: string): void;
  onMessage(listener: (topic: string, payload: Uint8Array) => void): void;
}

export interface SimulatorOptions {
  readonly house: SimulatedHouse;
  readonly client: SimulatorClient;
  readonly clock: Clock;
  /** Time between steps, ms. Default 100. */
  readonly tickMs?: number;
}

/** Connects a simulated house to a broker and keeps it going until `stop`. */
export interface RunningSimulator {
  /** Publishes that the bridge is offline and ends the ticking. A second call does nothing. */
  stop(): void;
}

const TICK_MS = 100;
/** After a pause of the process (a suspended laptop, say) the house goes on as if no more than this had passed, ms. */
const MAX_GAP_MS = 5000;

export function runSimulator({ house, client, clock, tickMs = TICK_MS }: SimulatorOptions): RunningSimulator {
  let stopped = false;
  let last = clock.mono();
  let timer: Timer;

  function tick(): void {
    if (stopped) return;
    const now = clock.mono();
    const messages = house.step(Math.min(now - last, MAX_GAP_MS));
    last = now;
    for (const { topic, payload, retain } of messages) client.publish(topic, payload, { retain });
    timer = clock.schedule(tickMs, tick);
  }

  client.onMessage((topic, payload) => {
    if (!stopped) house.handle(topic, payload);
  });
  for (const path of ['+/set', '+/set/+', '+/get']) client.subscribe(`${house.baseTopic}/${path}`);
  for (const { topic, payload, retain } of house.start()) client.publish(topic, payload, { retain });
  timer = clock.schedule(tickMs, tick);

  return {
    stop() {
      if (stopped) return;
      stopped = true;
      timer.cancel();
      for (const { topic, payload, retain } of house.stop()) client.publish(topic, payload, { retain });
    },
  };
}
