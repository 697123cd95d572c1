const LENGTH = 256;

/** Who made the last decisions. A ring of bytes, 1 where the tree did. */
export class Recent {
  readonly #ring = new Uint8Array(LENGTH);
  #size = 0;
  #next = 0;

  /** @param text as `text` gave it; other characters than `1` count as 0 */
  constructor(text = '') {
    for (const one of text.slice(-LENGTH)) this.add(one === '1');
  }

  add(byTree: boolean): void {
    this.#ring[this.#next] = byTree ? 1 : 0;
    this.#next = (this.#next + 1) % LENGTH;
    this.#size = Math.min(LENGTH, this.#size + 1);
  }

  get size(): number {
    return this.#size;
  }

  /** Of the last decisions, 0–1; 0 before the first. */
  get share(): number {
    let sum = 0;
    for (let i = 0; i < this.#size; i++) sum += this.#ring[i]!;
    return this.#size === 0 ? 0 : sum / this.#size;
  }

  /** Oldest first. */
  get text(): string {
    const start = this.#size < LENGTH ? 0 : this.#next;
    return Array.from({ length: this.#size }, (_, i) => this.#ring[(start + i) % LENGTH]).join('');
  }
}
