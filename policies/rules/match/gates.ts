import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';

export const ALL = 0;
export const ANY = 1;
const YES = 0x10000;

/**
 * The logic of all conditions as one network of counting gates. A gate knows how many of its inputs are true and how
 * many are false; an input that changes costs one addition, and what lies above hears of it only if the gate changes.
 *
 *     gate g   4g      kind + 2 · inputs      ALL | ANY, and how many inputs it has
 *              4g + 1  yes · 65536 + no       how many of them are true, false
 *              4g + 2  value                  1, 0, −1
 *              4g + 3  up                     the gate it feeds, or −1 − condition
 *
 * One gate is 16 bytes of one array: a flip among many gates costs one line of memory, not one per field.
 */
export class Gates {
  readonly #gates: Int32Array;
  /** Conditions whose gate changed since `take`, each once. */
  readonly #news: Int32Array;
  readonly #isNews: Uint8Array;
  #count = 0;

  constructor(plan: GatePlan, conditions: number) {
    this.#gates = new Int32Array(4 * plan.kind.length);
    for (let gate = 0; gate < plan.kind.length; gate++) {
      this.#gates[4 * gate] = plan.kind[gate]! + 2 * plan.inputs[gate]!;
      this.#gates[4 * gate + 2] = UNKNOWN;
      this.#gates[4 * gate + 3] = plan.up[gate]!;
    }
    this.#news = new Int32Array(conditions);
    this.#isNews = new Uint8Array(conditions);
  }

  value(gate: number): Tri {
    return this.#gates[4 * gate + 2] as Tri;
  }

  /** One input of a gate went from `before` to `after`. Allocates nothing. */
  move(gate: number, before: Tri, after: Tri): void {
    const gates = this.#gates;
    for (;;) {
      const at = 4 * gate;
      let counts = gates[at + 1]!;
      if (before === TRUE) counts -= YES;
      else if (before === FALSE) counts--;
      if (after === TRUE) counts += YES;
      else if (after === FALSE) counts++;
      gates[at + 1] = counts;
      const shape = gates[at]!;
      const yes = counts >>> 16;
      const no = counts & 0xffff;
      let value: Tri;
      if ((shape & 1) === ALL) value = no > 0 ? FALSE : yes === shape >> 1 ? TRUE : UNKNOWN;
      else value = yes > 0 ? TRUE : no === shape >> 1 ? FALSE : UNKNOWN;
      const old = gates[at + 2] as Tri;
      if (value === old) return;
      gates[at + 2] = value;
      const up = gates[at + 3]!;
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
    return this.#gates.byteLength + this.#news.length * 5;
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
