import { crc32 } from 'node:zlib';
import type { Message } from '../contract/message.ts';

/** A power of two, and more than brokers send without an acknowledgement. */
export const PLACES = 1024;

/**
 * The last messages that were dealt with, by the broker's packet id and a checksum of what they said. A message whose
 * acknowledgement was lost comes again, possibly after newer ones: then it must not set anything off a second time.
 *
 * Brokers count packet ids up, so that the low bits of the id are a place of its own for each of the last ones. Nothing
 * is allocated per message.
 */
export class Deliveries {
  /** (place) packet id, 0 where there is none yet */
  readonly #ids = new Uint16Array(PLACES);
  /** (place) */
  readonly #sums = new Uint32Array(PLACES);

  /** A 32-bit sum of topic and payload. */
  static sum({ topic, payload }: Message): number {
    return crc32(payload, crc32(topic));
  }

  /** @param packetId 1–65535 */
  has(packetId: number, sum: number): boolean {
    const place = packetId % PLACES;
    return this.#ids[place] === packetId && this.#sums[place] === sum;
  }

  add(packetId: number, sum: number): void {
    const place = packetId % PLACES;
    this.#ids[place] = packetId;
    this.#sums[place] = sum;
  }

  remove(packetId: number): void {
    const place = packetId % PLACES;
    if (this.#ids[place] === packetId) this.#ids[place] = 0;
  }

  sumOf(packetId: number): number | undefined {
    const place = packetId % PLACES;
    return this.#ids[place] === packetId ? this.#sums[place] : undefined;
  }

  *entries(): Generator<readonly [packetId: number, sum: number]> {
    for (let place = 0; place < PLACES; place++) {
      if (this.#ids[place] !== 0) yield [this.#ids[place]!, this.#sums[place]!];
    }
  }
}
