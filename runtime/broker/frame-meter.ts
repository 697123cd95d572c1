/**
 * Watches the bytes of an MQTT connection go by and says when a packet announces more than it may have, before any of
 * it is collected. Only lengths are read (MQTT 3.1.1 §2.2.3): one byte of type, 1–4 bytes of length, the body.
 */
export class FrameMeter {
  readonly #maxBytes: number;
  /** Of the present body that are still to come. */
  #body = 0;
  /** Bytes of the length seen; −1: the next byte is a packet's first. */
  #digits = -1;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False once a packet is larger than allowed, or its length is none. */
  accept(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, bytes.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      const byte = bytes[at++]!;
      if (this.#digits === -1) {
        this.#digits = 0;
        this.#length = 0;
        continue;
      }
      this.#length += (byte & 127) * 128 ** this.#digits++;
      if (this.#length > this.#maxBytes) return false;
      if ((byte & 128) === 0) {
        this.#body = this.#length;
        this.#digits = -1;
      } else if (this.#digits === 4) return false;
    }
    return true;
  }
}
