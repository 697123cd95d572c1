import type { AedesPublishPacket, Client } from 'aedes';

/**
 * Forwards a message once to a client with several matching subscriptions, as aedes' own check is meant to. That one
 * remembers the highest number seen and drops every lower one, but aedes numbers messages when they come in and passes
 * them on after storing them: a retained or QoS ≥ 1 message was lost to everybody when a plain one overtook it.
 */
export class Overlap {
  /** Number of the message each client got last: aedes offers one message to all subscriptions in one go. */
  readonly #last = new WeakMap<Client, number>();

  /** Takes aedes' own check out of a new connection. */
  connect(client: Client): void {
    // Neither is in aedes' types.
    const { duplicates, broker } = client as unknown as { duplicates: object; broker: { id: string } };
    Object.defineProperty(duplicates, broker.id, { get: () => 0, set: () => {} });
  }

  /** The message if the client has not just had it, else null. */
  forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    const { brokerId, brokerCounter } = packet;
    // Retained messages for a new subscription belong to no broker: they are sent as they are.
    if (!brokerId) return packet;
    if (this.#last.get(client) === brokerCounter) return null;
    this.#last.set(client, brokerCounter);
    return packet;
  }
}
