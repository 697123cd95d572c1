import type { Aedes } from 'aedes';

type Done = (error?: Error) => void;

/** As much of aedes as publishing passes through; `mq` is not in its types. */
interface Publishing {
  publish(packet: object, ...rest: (object | Done | null | undefined)[]): void;
  readonly mq: { emit(packet: object, done?: Done): unknown };
}

/**
 * Makes aedes pass messages on in the order it took them. It stores retained messages and queues QoS 1 ones before it
 * emits them, which takes a turn, so that plain messages overtake them; each connection then takes an overtaken one,
 * whose number is lower, for a duplicate and drops it.
 *
 * A message waits only until the one before it was emitted, never for a subscriber. Nothing is bounded here: what
 * waits is at most what the connections have handed over, each one message at a time.
 */
export function publishInOrder(aedes: Aedes): void {
  const broker = aedes as unknown as Publishing;
  const publish = broker.publish.bind(broker);
  const emit = broker.mq.emit.bind(broker.mq);
  const waiting: (() => void)[] = [];
  /** The message between being taken and being emitted. */
  let current: object | undefined;
  let pumping = false;
  const idle = (): boolean => current === undefined;

  function pump(): void {
    if (pumping) return;
    pumping = true;
    let start: (() => void) | undefined;
    while (idle() && (start = waiting.shift()) !== undefined) start();
    pumping = false;
  }

  broker.publish = (packet, ...rest) => {
    const client = typeof rest[0] === 'object' ? rest[0] : null;
    const done = rest.find((part) => typeof part === 'function');
    waiting.push(() => {
      current = packet;
      publish(packet, client, (error) => {
        // Where it failed before it was emitted, the next one must not wait for it.
        if (current === packet) {
          current = undefined;
          pump();
        }
        done?.(error);
      });
    });
    pump();
  };
  broker.mq.emit = (packet, done) => {
    const emitter = emit(packet, done);
    current = undefined;
    pump();
    return emitter;
  };
}
