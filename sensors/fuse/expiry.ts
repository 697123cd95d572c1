/**
 * Which slots may have grown too old, soonest first: a binary heap in typed arrays.
 *
 * A slot has one live entry, set when it is queued and not moved by later readings: whoever pops it looks at the real
 * deadline and queues it again if a reading has come meanwhile. So a reading costs nothing here, and a slot is touched
 * once per maximum age, not once per reading. An entry that a nearer deadline has replaced is dropped when it surfaces.
 */
export class ExpiryQueue {
  #deadlines = new Float64Array(64);
  #slots = new Int32Array(64);
  #size = 0;
  /** Deadline of the live entry of each slot; Infinity: not queued. */
  #queued = new Float64Array(64).fill(Infinity);

  /** Queues the slot, unless it is queued for no later than that already. */
  add(slot: number, deadlineMs: number): void {
    if (slot >= this.#queued.length) this.#growSlots(slot);
    if (this.#queued[slot]! <= deadlineMs) return;
    this.#queued[slot] = deadlineMs;
    if (this.#size === this.#slots.length) this.#growHeap();
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#deadlines[parent]! <= deadlineMs) break;
      this.#put(at, this.#deadlines[parent]!, this.#slots[parent]!);
      at = parent;
    }
    this.#put(at, deadlineMs, slot);
  }

  has(slot: number): boolean {
    return slot < this.#queued.length && this.#queued[slot] !== Infinity;
  }

  /** Before this moment nothing is due; Infinity: nothing is queued. */
  get nextMs(): number {
    return this.#size === 0 ? Infinity : this.#deadlines[0]!;
  }

  /** Removes and returns a slot whose entry is due, or −1. */
  takeDue(nowMs: number): number {
    while (this.#size > 0 && this.#deadlines[0]! <= nowMs) {
      const deadline = this.#deadlines[0]!;
      const slot = this.#slots[0]!;
      this.#removeTop();
      if (this.#queued[slot] !== deadline) continue;
      this.#queued[slot] = Infinity;
      return slot;
    }
    return -1;
  }

  #removeTop(): void {
    const last = --this.#size;
    const deadline = this.#deadlines[last]!;
    const slot = this.#slots[last]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#deadlines[child + 1]! < this.#deadlines[child]!) child++;
      if (this.#deadlines[child]! >= deadline) break;
      this.#put(at, this.#deadlines[child]!, this.#slots[child]!);
      at = child;
    }
    this.#put(at, deadline, slot);
  }

  #put(at: number, deadline: number, slot: number): void {
    this.#deadlines[at] = deadline;
    this.#slots[at] = slot;
  }

  #growHeap(): void {
    const deadlines = new Float64Array(this.#deadlines.length * 2);
    deadlines.set(this.#deadlines);
    this.#deadlines = deadlines;
    const slots = new Int32Array(this.#slots.length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
  }

  #growSlots(slot: number): void {
    const queued = new Float64Array(Math.max(slot + 1, this.#queued.length * 2)).fill(Infinity);
    queued.set(this.#queued);
    this.#queued = queued;
  }
}
