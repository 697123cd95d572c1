/** Ways in which simulated devices misbehave on request, by friendly name. */
export class Faults {
  readonly #silent = new Map<string, number>();
  readonly #delays = new Map<string, number>();
  readonly #offline = new Set<string>();
  readonly #changed = new Set<string>();

  /** The device ignores its next `count` commands. */
  dropAnswers(device: string, count = 1): void {
    this.#silent.set(device, count);
  }

  /** The device takes so much longer to answer, real ms. */
  delayAnswers(device: string, extraMs: number): void {
    this.#delays.set(device, Math.max(0, extraMs));
  }

  /** The device goes away or comes back; its availability is published with the next step. */
  setOffline(device: string, offline: boolean): void {
    if (offline === this.#offline.has(device)) return;
    if (offline) this.#offline.add(device);
    else this.#offline.delete(device);
    this.#changed.add(device);
  }

  isOffline(device: string): boolean {
    return this.#offline.has(device);
  }

  extraDelay(device: string): number {
    return this.#delays.get(device) ?? 0;
  }

  /** True once for each command that is to be lost. */
  swallows(device: string): boolean {
    const left = this.#silent.get(device) ?? 0;
    if (left <= 0) return false;
    this.#silent.set(device, left - 1);
    return true;
  }

  /** True once after the device went away or came back. */
  takeAvailabilityChange(device: string): boolean {
    return this.#changed.delete(device);
  }
}
