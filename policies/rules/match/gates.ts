import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';

export const ALL = 0;
export const ANY = 1;

/**
 * The logic of all conditions as one network of counting gates. A gate knows how many of its inputs are true and how
 * many are false; an input that changes costs one addition, and what lies above hears of it only if the gate changes.
 *
 *     kind    ALL | ANY                              (gates)
 *     inputs  how many inputs it has                 (gates)
 *     yes no  how many of them are true, false       (gates)
 *     value   1, 0, −1                               (gates)
 *     up      the gate it feeds, or −1 − condition   (gates)
 */
export class Gates {
  readonly #kind: Uint8Array;
  readonly #inputs: Uint16Array;
  readonly #yes: Uint16Array;
  readonly #no: Uint16Array;
  readonly #value: Int8Array;
  readonly #up: Int32Array;
  /** Conditions whose gate changed since `take`, each once. */
  readonly #news: Int32Array;
  readonly #isNews: Uint8Array;
  #count = 0;

  constructor(plan: GatePlan, conditions: number) {
    this.#kind = Uint8Array.from(plan.kind);
    this.#inputs = Uint16Array.from(plan.inputs);
    this.#up = Int32Array.from(plan.up);
    this.#yes = new Uint16Array(plan.kind.length);
    this.#no = new Uint16Array(plan.kind.length);
    this.#value = new Int8Array(plan.kind.length).fill(UNKNOWN);
    this.#news = new Int32Array(conditions);
    this.#isNews = new Uint8Array(conditions);
  }

  value(gate: number): Tri {
    return this.#value[gate] as Tri;
  }

  /** One input of a gate went from `before` to `after`. Allocates nothing. */
  move(gate: number, before: Tri, after: Tri): void {
    for (;;) {
      if (before === TRUE) this.#yes[gate]!--;
      else if (before === FALSE) this.#no[gate]!--;
      if (after === TRUE) this.#yes[gate]!++;
      else if (after === FALSE) this.#no[gate]!++;
      const old = this.#value[gate] as Tri;
      let value: Tri;
      if (this.#kind[gate] === ALL) {
        value = this.#no[gate]! > 0 ? FALSE : this.#yes[gate] === this.#inputs[gate] ? TRUE : UNKNOWN;
      } else {
        value = this.#yes[gate]! > 0 ? TRUE : this.#no[gate] === this.#inputs[gate] ? FALSE : UNKNOWN;
      }
      if (value === old) return;
      this.#value[gate] = value;
      const up = this.#up[gate]!;
      if (up < 0) {
        this.note(-1 - up);
        return;
      }
      gate = up;
      before = old;
      after = value;
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
    return this.#kind.length * 12 + this.#news.length * 5;
  }
}

/** Gates while the network is being laid out. */
export class GatePlan {
  readonly kind: number[] = [];
  readonly inputs: number[] = [];
  readonly up: number[] = [];

  /** @param up the gate this one feeds, or −1 − condition */
  add(kind: typeof ALL | typeof ANY, inputs: number, up: number): number {
    this.kind.push(kind);
    this.inputs.push(inputs);
    this.up.push(up);
    return this.kind.length - 1;
  }
}
