import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';

export const ALL = 0;
export const ANY = 1;
const ONE_UNKNOWN = 0x10000;
const DECIDED = 0xffff;

/**
 * The logic of all conditions as one network of counting gates. A gate knows how many of its inputs decide it by
 * themselves (false ones for ALL, true ones for ANY) and how many are unknown; its value follows from both. An input that
 * changes costs one addition, and what lies above hears of it only if the gate changes.
 *
 *     gate g   2g      unknown inputs · 65536 + deciding inputs
 *              2g + 1  2 · up + kind       up: the gate it feeds, or −1 − condition; kind: ALL | ANY
 *
 * One gate is 8 bytes of one array: a flip among many gates costs one line of memory, not one per field.
 */
export class Gates {
  readonly #gates: Int32Array;
  /** Conditions whose gate changed since `forget`, each once. */
  readonly #news: Int32Array;
  readonly #isNews: Uint8Array;
  /** The truth of each condition, so that whoever hears of one need not look for its gate. */
  readonly #truths: Int8Array;
  #count = 0;

  /** Every input is unknown at first. */
  constructor(plan: GatePlan, conditions: number) {
    this.#gates = plan.seal();
    this.#news = new Int32Array(conditions);
    this.#isNews = new Uint8Array(conditions);
    this.#truths = new Int8Array(conditions).fill(UNKNOWN);
  }

  truth(condition: number): Tri {
    return this.#truths[condition] as Tri;
  }

  /** One input of a gate turned true from false, or false from true. Allocates nothing. */
  flip(gate: number, toTrue: boolean): void {
    const gates = this.#gates;
    const at = 2 * gate;
    const counts = gates[at]!;
    const decides = toTrue === ((gates[at + 1]! & 1) === ANY);
    const after = decides ? counts + 1 : counts - 1;
    gates[at] = after;
    // Only the first input to decide, and the last to stop, change the gate.
    if (((decides ? counts : after) & DECIDED) === 0) this.#rise(gate, counts, after);
  }

  /** One input of a gate went from `before` to `after`, which differ. Allocates nothing. */
  move(gate: number, before: Tri, after: Tri): void {
    const at = 2 * gate;
    const decisive = (this.#gates[at + 1]! & 1) === ANY ? TRUE : FALSE;
    const counts = this.#gates[at]!;
    let moved = counts;
    if (before === UNKNOWN) moved -= ONE_UNKNOWN;
    else if (before === decisive) moved--;
    if (after === UNKNOWN) moved += ONE_UNKNOWN;
    else if (after === decisive) moved++;
    this.#gates[at] = moved;
    this.#rise(gate, counts, moved);
  }

  /** Tells what lies above a gate whose counts changed. */
  #rise(gate: number, before: number, after: number): void {
    const above = this.#gates[2 * gate + 1]!;
    const old = valueOf(before, above & 1);
    const value = valueOf(after, above & 1);
    if (value === old) return;
    const up = above >> 1;
    if (up >= 0) this.move(up, old, value);
    else {
      this.#truths[-1 - up] = value;
      this.note(-1 - up);
    }
  }

  /** Adds a condition to the news. */
  note(condition: number): void {
    if (this.#isNews[condition] === 1) return;
    this.#isNews[condition] = 1;
    this.#news[this.#count++] = condition;
  }

  /** How many conditions are news; `at` names them, `forget` ends it. */
  get news(): number {
    return this.#count;
  }

  at(i: number): number {
    return this.#news[i]!;
  }

  forget(): void {
    for (let i = 0; i < this.#count; i++) this.#isNews[this.#news[i]!] = 0;
    this.#count = 0;
  }

  get bytes(): number {
    return this.#gates.byteLength + this.#news.length * 6;
  }
}

function valueOf(counts: number, kind: number): Tri {
  if ((counts & DECIDED) !== 0) return kind === ANY ? TRUE : FALSE;
  return counts !== 0 ? UNKNOWN : kind === ANY ? FALSE : TRUE;
}

/** Gates while the network is being laid out. */
export class GatePlan {
  #words = new Int32Array(1024);
  #size = 0;

  /** @param up the gate this one feeds, or −1 − condition */
  add(kind: typeof ALL | typeof ANY, up: number): number {
    const at = 2 * this.#size;
    if (at === this.#words.length) {
      const grown = new Int32Array(2 * at);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[at + 1] = 2 * up + kind;
    return this.#size++;
  }

  /** A gate has one more input. */
  feed(gate: number): void {
    this.#words[2 * gate]! += ONE_UNKNOWN;
  }

  seal(): Int32Array {
    return this.#words.slice(0, 2 * this.#size);
  }
}
