/**
 * When each of a set of ids is next due: an indexed binary min-heap. An id has at most one due time, setting it
 * again moves it. Equal times come out odd ids after even ones, then by id, so that the order never depends on history.
 *
 *     #heap   ids in heap order            (#size used of capacity)
 *     #place  id → index in #heap, or −1   (capacity)
 *     #due    id → due time                (capacity)
 *
 * The capacity grows with the greatest id.
 */
export class DueHeap {
  #heap: Int32Array;
  #place: Int32Array;
  #due: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#heap = new Int32Array(capacity);
    this.#place = new Int32Array(capacity).fill(-1);
    this.#due = new Float64Array(capacity);
  }

  set(id: number, due: number): void {
    if (id >= this.#place.length) this.#grow(id + 1);
    this.clear(id);
    this.#due[id] = due;
    this.#put(this.#size++, id);
    this.#rise(this.#place[id]!);
  }

  clear(id: number): void {
    const at = this.#place[id] ?? -1;
    if (at < 0) return;
    this.#place[id] = -1;
    const last = this.#heap[--this.#size]!;
    if (last === id) return;
    this.#put(at, last);
    this.#rise(at);
    this.#sink(this.#place[last]!);
  }

  /** The due time of an id; undefined if it has none. */
  at(id: number): number | undefined {
    return (this.#place[id] ?? -1) < 0 ? undefined : this.#due[id];
  }

  /** The earliest due time; undefined if nothing is due. */
  next(): number | undefined {
    return this.#size === 0 ? undefined : this.#due[this.#heap[0]!];
  }

  /** Takes the earliest id that is due by `now`; −1 if there is none. */
  take(now: number): number {
    if (this.#size === 0) return -1;
    const id = this.#heap[0]!;
    if (this.#due[id]! > now) return -1;
    this.clear(id);
    return id;
  }

  #grow(least: number): void {
    const capacity = Math.max(least, 2 * this.#place.length, 16);
    const place = new Int32Array(capacity).fill(-1);
    place.set(this.#place);
    const heap = new Int32Array(capacity);
    heap.set(this.#heap);
    const due = new Float64Array(capacity);
    due.set(this.#due);
    [this.#place, this.#heap, this.#due] = [place, heap, due];
  }

  #put(at: number, id: number): void {
    this.#heap[at] = id;
    this.#place[id] = at;
  }

  #before(a: number, b: number): boolean {
    const difference = this.#due[a]! - this.#due[b]!;
    if (difference !== 0) return difference < 0;
    return (a & 1) === (b & 1) ? a < b : (a & 1) === 0;
  }

  #rise(from: number): void {
    let at = from;
    const id = this.#heap[at]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = this.#heap[parent]!;
      if (!this.#before(id, other)) break;
      this.#put(at, other);
      at = parent;
    }
    this.#put(at, id);
  }

  #sink(from: number): void {
    let at = from;
    const id = this.#heap[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!this.#before(this.#heap[child]!, id)) break;
      this.#put(at, this.#heap[child]!);
      at = child;
    }
    this.#put(at, id);
  }
}

/** The id of a policy's time boundary or deferred decision. */
export function boundaryOf(policy: number): number {
  return 2 * policy + 2;
}

/** The id of a rule's `for`. */
export function holdOf(policy: number): number {
  return 2 * policy + 3;
}
