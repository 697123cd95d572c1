import type { Value } from '../../../runtime/contract/reading.ts';
import type { Reader } from '../compile.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';
import { Columns } from './columns.ts';
import { Gates } from './gates.ts';
import type { IndexPlan, Leaf } from './index-plan.ts';

/**
 * Keeps the truth of every condition up to date, touching only what a change really changes.
 *
 *     slot or watch ──► columns: sorted limits, texts ──► gates: counts of what decides ──► conditions that changed
 *                              └──────► leaves: what no index helps with ──┘
 *
 * A reading that crosses no limit of any rule costs two comparisons, however many rules there are. Nothing is allocated
 * per reading. The algorithm is that of counting-based content matching (Fabret et al., SIGMOD 2001), with Kleene's
 * third value and nested gates in place of flat conjunctions.
 */
export class RuleIndex {
  readonly #reader: Reader;
  readonly #gates: Gates;
  /** By slot, and by watch. */
  readonly #slots: Columns;
  readonly #watches: Columns;
  readonly #leaves: readonly Leaf[];
  readonly #leafValues: Int8Array;
  readonly #timed: ReadonlyMap<number, readonly number[]>;

  constructor(plan: IndexPlan) {
    this.#reader = plan.reader;
    this.#leaves = plan.leaves;
    this.#timed = plan.timed;
    this.#gates = new Gates(plan.gates, plan.size);
    this.#leafValues = new Int8Array(plan.leaves.length).fill(UNKNOWN);
    this.#slots = new Columns(plan.slots, this.#gates);
    this.#watches = new Columns(plan.watches, this.#gates);
    this.#slots.begin();
    this.#watches.begin();
  }

  /** The truth of a rule's condition. */
  value(condition: number): Tri {
    return this.#gates.truth(condition);
  }

  /** Takes everything as it is now; what changed is not news. */
  sync(): void {
    for (let slot = 0; slot < this.#slots.count; slot++) {
      if (this.#slots.has(slot)) this.#slots.take(slot, this.#reader.state.current(slot));
    }
    for (let id = 0; id < this.#watches.count; id++) {
      if (this.#watches.has(id)) this.#watches.take(id, this.#reader.watches.value(id));
    }
    for (let leaf = 0; leaf < this.#leaves.length; leaf++) this.#evaluate(leaf);
    this.#gates.forget();
  }

  /** A slot of the state has changed. What that changes is added to the news. */
  slotChanged(slot: number): void {
    if (this.#slots.has(slot)) this.#changed(this.#slots, slot, this.#reader.state.current(slot));
  }

  /** A watch has another value. */
  watchChanged(id: number): void {
    if (this.#watches.has(id)) this.#changed(this.#watches, id, this.#reader.watches.value(id));
  }

  /** Time has passed for a condition that looks at the clock. */
  timeChanged(condition: number): void {
    const leaves = this.#timed.get(condition);
    if (leaves !== undefined) for (const leaf of leaves) this.#evaluate(leaf);
  }

  /** Conditions whose truth, or whose slots, changed since `forget`: how many, and which. */
  get news(): number {
    return this.#gates.news;
  }

  newsAt(i: number): number {
    return this.#gates.at(i);
  }

  forget(): void {
    this.#gates.forget();
  }

  #changed(columns: Columns, column: number, value: Value | undefined): void {
    columns.take(column, value);
    const listeners = columns.listeners(column);
    if (listeners === undefined) return;
    const { leaves, conditions } = listeners;
    for (let i = 0; i < leaves.length; i++) this.#evaluate(leaves[i]!);
    for (let i = 0; i < conditions.length; i++) this.#gates.note(conditions[i]!);
  }

  #evaluate(leaf: number): void {
    const { evaluate, literal } = this.#leaves[leaf]!;
    let value = evaluate();
    if ((literal & 1) === 0 && value !== UNKNOWN) value = value === TRUE ? FALSE : TRUE;
    const before = this.#leafValues[leaf] as Tri;
    if (value === before) return;
    this.#leafValues[leaf] = value;
    this.#gates.move(literal >> 1, before, value);
  }
}
