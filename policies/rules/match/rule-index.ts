import type { Condition, Reader } from '../compile.ts';
import { compileCondition } from '../compile.ts';
import { collectKeys, collectWatches, type Expr, usesNow } from '../expression.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';
import { Column, ColumnPlan } from './column.ts';
import { ALL, ANY, GatePlan, Gates } from './gates.ts';
import { type Normal, normalise, type Subject } from './normal-form.ts';

/** What the index is built of: a rule's condition, or the slots whose change a `decide` policy wants to hear of. */
export type Indexed = { readonly condition: Expr } | { readonly slots: readonly number[] };

/**
 * Keeps the truth of every condition up to date, touching only what a change really changes.
 *
 *     slot or watch ──► column: sorted limits, texts ──► gates: counts of true and false ──► conditions that changed
 *                              └──────► leaves: what no index helps with ──┘
 *
 * A reading that crosses no limit of any rule costs one look-up, however many rules there are. Nothing is allocated
 * per reading. The algorithm is that of counting-based content matching (Fabret et al., SIGMOD 2001), with Kleene's
 * third value and nested gates in place of flat conjunctions.
 */
export class RuleIndex {
  readonly #reader: Reader;
  readonly #gates: Gates;
  /** By slot; undefined where nothing is compared. */
  readonly #columns: (Column | undefined)[] = [];
  readonly #watches: (Column | undefined)[] = [];
  readonly #roots: Int32Array;
  readonly #leaves: { readonly evaluate: Condition; readonly literal: number }[] = [];
  readonly #leafValues: Int8Array;
  /** Per condition that looks at the clock, the leaves that do. */
  readonly #timed = new Map<number, number[]>();

  constructor(entries: readonly Indexed[], reader: Reader) {
    this.#reader = reader;
    const gates = new GatePlan();
    const slots: (ColumnPlan | undefined)[] = [];
    const watches: (ColumnPlan | undefined)[] = [];
    const planOf = (subject: Subject): ColumnPlan =>
      subject.from === 'watch'
        ? (watches[subject.id] ??= new ColumnPlan())
        : (slots[reader.state.slot(subject.key)] ??= new ColumnPlan());
    this.#roots = new Int32Array(entries.length).fill(-1);
    const lay = (normal: Normal, gate: number, condition: number): void => {
      if (normal.op === 'test') planOf(normal.subject).add(normal.test, 2 * gate + Number(normal.positive));
      else if (normal.op === 'leaf') this.#addLeaf(normal, gate, condition, planOf);
      else {
        const own = gates.add(normal.op === 'all' ? ALL : ANY, normal.parts.length, gate);
        for (const part of normal.parts) lay(part, own, condition);
      }
    };
    for (const [i, entry] of entries.entries()) {
      if ('slots' in entry) {
        for (const slot of entry.slots) (slots[slot] ??= new ColumnPlan()).conditions.push(i);
        continue;
      }
      const normal = normalise(entry.condition, ({ watch }) => reader.watches.id(watch));
      const grouped = normal.op === 'all' || normal.op === 'any';
      const root = gates.add(normal.op === 'any' ? ANY : ALL, grouped ? normal.parts.length : 1, -1 - i);
      this.#roots[i] = root;
      for (const part of grouped ? normal.parts : [normal]) lay(part, root, i);
    }
    this.#gates = new Gates(gates, entries.length);
    this.#leafValues = new Int8Array(this.#leaves.length).fill(UNKNOWN);
    for (const [slot, plan] of slots.entries())
      if (plan !== undefined) this.#columns[slot] = new Column(plan);
    for (const [id, plan] of watches.entries()) if (plan !== undefined) this.#watches[id] = new Column(plan);
    for (const column of [...this.#columns, ...this.#watches]) column?.begin(this.#gates);
  }

  /** The truth of a rule's condition. */
  value(condition: number): Tri {
    return this.#gates.value(this.#roots[condition]!);
  }

  /** Takes everything as it is now; what changed is not news. */
  sync(): void {
    for (const [slot, column] of this.#columns.entries()) {
      column?.take(this.#reader.state.current(slot), this.#gates);
    }
    for (const [id, column] of this.#watches.entries()) {
      column?.take(this.#reader.watches.value(id), this.#gates);
    }
    for (let leaf = 0; leaf < this.#leaves.length; leaf++) this.#evaluate(leaf);
    this.#gates.forget();
  }

  /** A slot of the state has changed. What that changes is added to the news. */
  slotChanged(slot: number): void {
    const column = this.#columns[slot];
    if (column !== undefined) this.#changed(column, this.#reader.state.current(slot));
  }

  /** A watch has another value. */
  watchChanged(id: number): void {
    const column = this.#watches[id];
    if (column !== undefined) this.#changed(column, this.#reader.watches.value(id));
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

  /** Memory of the index itself, bytes, closures not counted. */
  get bytes(): number {
    let sum = this.#gates.bytes;
    for (const column of this.#columns) sum += column?.bytes ?? 0;
    for (const column of this.#watches) sum += column?.bytes ?? 0;
    return sum;
  }

  #changed(column: Column, value: ReturnType<Reader['watches']['value']>): void {
    column.take(value, this.#gates);
    const { leaves, conditions } = column;
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

  #addLeaf(
    { expr, positive }: Normal & { op: 'leaf' },
    gate: number,
    condition: number,
    planOf: (subject: Subject) => ColumnPlan,
  ): void {
    const leaf = this.#leaves.length;
    this.#leaves.push({
      evaluate: compileCondition(expr, this.#reader),
      literal: 2 * gate + Number(positive),
    });
    const keys = new Set<Parameters<Reader['state']['slot']>[0]>();
    collectKeys(expr, keys, 'direct');
    for (const key of keys) planOf({ from: 'state', key }).leaves.push(leaf);
    const watches = new Set<number>();
    collectWatches(expr, (watch) => watches.add(this.#reader.watches.id(watch)));
    for (const id of watches) planOf({ from: 'watch', id }).leaves.push(leaf);
    if (!usesNow(expr)) return;
    const timed = this.#timed.get(condition);
    if (timed === undefined) this.#timed.set(condition, [leaf]);
    else timed.push(leaf);
  }
}
