import { crc32 } from 'node:zlib';
import type { Message } from '../contract/message.ts';

/** More than brokers send without an acknowledgement. */
const LIMIT = 1024;

/**
 * The last messages that were dealt with, by the broker's packet id and a checksum of what they said. A message whose
 * acknowledgement was lost comes again, possibly after newer ones: then it must not set anything off a second time.
 */
export class Deliveries {
  readonly #sums = new Map<number, number>();

  /** A 32-bit sum of topic and payload. */
  static sum({ topic, payload }: Message): number {
    return crc32(payload, crc32(topic));
  }

  has(packetId: number, sum: number): boolean {
    return this.#sums.get(packetId) === sum;
  }

  add(packetId: number, sum: number): void {
    this.#sums.delete(packetId);
    this.#sums.set(packetId, sum);
    if (this.#sums.size <= LIMIT) return;
    for (const oldest of this.#sums.keys()) {
      this.#sums.delete(oldest);
      return;
    }
  }

  /** Oldest first. */
  entries(): Iterable<readonly [packetId: number, sum: number]> {
    return this.#sums;
  }
}
