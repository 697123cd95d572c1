import type { Value } from '../../../runtime/contract/reading.ts';
import { compileCondition, compileNumber, type Reader, type WatchReader } from '../compile.ts';
import { DueHeap } from '../due-heap.ts';
import { collectKeys, collectWatches, type Expr } from '../expression.ts';
import type { Now } from '../firing.ts';
import { ChangeWatch, movedBy } from './change.ts';
import { cronMoments, nowhere, ScheduleWatch, sunMoments, SunWatch } from './schedule.ts';
import { CountWatch, SequenceWatch, type StepParts } from './sequence.ts';
import type { Site } from './sun.ts';
import { isPulse, isSchedule, type Watch, type WatchSpec } from './watch.ts';
import { WindowWatch } from './window.ts';

/**
 * The watches of all conditions, each once. They are looked at in the order of their numbers, so that those inside of
 * others come first; `onChange` hears of every one whose value changed.
 */
export class Watches implements WatchReader {
  readonly #site: Site | undefined;
  readonly #watches: Watch[] = [];
  readonly #specs: (WatchSpec | undefined)[] = [];
  readonly #ids = new Map<string, number>();
  #bySlot: number[][] = [];
  /** By number, the watches it is inside of. */
  #outer: number[][] = [];
  readonly #due = new DueHeap(0);
  /** Numbers to be looked at, due at themselves. */
  readonly #marked = new DueHeap(0);
  #pulsing: number[] = [];
  #reader: Reader | undefined;
  #now: Now | undefined;
  /** Numbers that were asked for since `renew`. */
  #asked: Set<number> | undefined;

  constructor(site: Site | undefined) {
    this.#site = site;
  }

  /** What the watches themselves read; it contains them, hence the second step. */
  attach(reader: Reader): void {
    this.#reader = reader;
  }

  id(spec: WatchSpec): number {
    const name = nameOf(spec);
    const known = this.#ids.get(name);
    if (known !== undefined) {
      this.#asked?.add(known);
      return known;
    }
    const watch = this.#create(spec);
    const id = this.#watches.length;
    this.#asked?.add(id);
    this.#ids.set(name, id);
    this.#watches.push(watch);
    this.#specs.push(spec);
    this.#outer.push([]);
    this.#connect(id);
    if (this.#now !== undefined) this.#begin(id, this.#now);
    return id;
  }

  /** Other policies are about to be read: what they ask for from here on is kept by `dropOthers`, with all it has seen. */
  renew(now: Now): void {
    this.#now = now;
    this.#asked = new Set();
  }

  /** Forgets every watch that nobody has asked for since `renew`. Numbers stay as they are: conditions have them. */
  dropOthers(): void {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) return;
    // What is inside has a smaller number than what it is inside of.
    for (let id = this.#watches.length - 1; id >= 0; id--)
      if (asked.has(id)) for (const inner of this.#watches[id]!.inner) asked.add(inner);
    for (const [name, id] of this.#ids) {
      if (asked.has(id)) continue;
      this.#ids.delete(name);
      this.#watches[id] = { ...nowhere };
      this.#specs[id] = undefined;
      this.#due.clear(id);
      this.#marked.clear(id);
    }
    this.#pulsing = this.#pulsing.filter((id) => asked.has(id));
    this.#bySlot = [];
    this.#outer = this.#watches.map(() => []);
    for (let id = 0; id < this.#watches.length; id++) this.#connect(id);
  }

  value(id: number): Value | undefined {
    return this.#watches[id]!.value;
  }

  get size(): number {
    return this.#watches.length;
  }

  /** Whether any of them hangs on the wall clock. */
  get scheduled(): boolean {
    return this.#specs.some((spec) => spec !== undefined && isSchedule(spec));
  }

  /** Memory of one watch, bytes. */
  bytes(id: number): number {
    return this.#watches[id]!.bytes;
  }

  /** Moments a schedule missed since the clock was right. */
  missed(id: number): readonly number[] {
    return this.#watches[id]!.missed ?? [];
  }

  /** Everything as it is now is the baseline. */
  begin(now: Now): void {
    this.#now = now;
    for (let id = 0; id < this.#watches.length; id++) this.#begin(id, now);
  }

  slotChanged(slot: number): void {
    const ids = this.#bySlot[slot];
    if (ids === undefined) return;
    for (let i = 0; i < ids.length; i++) this.#marked.set(ids[i]!, ids[i]!);
  }

  /** Looks at those that were marked, and at those around them. */
  look(now: Now, silent: boolean, onChange: (id: number) => void): void {
    for (let id = this.#marked.take(Infinity); id >= 0; id = this.#marked.take(Infinity)) {
      const watch = this.#watches[id]!;
      const before = watch.value;
      watch.look(now, silent);
      this.#after(id, before, onChange);
    }
  }

  nextDue(): number | undefined {
    return this.#due.next();
  }

  /** Lets those that are due by `until` notice that time has passed. */
  elapse(now: Now, onChange: (id: number) => void): void {
    for (let id = this.#due.take(now.mono); id >= 0; id = this.#due.take(now.mono)) {
      const watch = this.#watches[id]!;
      const before = watch.value;
      watch.elapse(now);
      this.#after(id, before, onChange);
    }
    this.look(now, false, onChange);
  }

  clockSet(now: Now, onChange: (id: number) => void): void {
    for (const [id, watch] of this.#watches.entries()) {
      if (watch.clockSet === undefined) continue;
      const before = watch.value;
      watch.clockSet(now);
      this.#after(id, before, onChange);
    }
  }

  /** The batch is over: what was true for a moment no longer is. */
  rest(now: Now, onChange: (id: number) => void): void {
    if (this.#pulsing.length === 0) return;
    const pulsing = this.#pulsing.toSorted((a, b) => a - b);
    this.#pulsing = [];
    for (const id of pulsing) {
      const watch = this.#watches[id]!;
      const before = watch.value;
      watch.rest?.();
      if (watch.value === before) continue;
      onChange(id);
      for (const outer of this.#outer[id]!) this.#marked.set(outer, outer);
    }
    this.look(now, true, onChange);
  }

  #connect(id: number): void {
    const { slots, inner } = this.#watches[id]!;
    for (const slot of slots) (this.#bySlot[slot] ??= []).push(id);
    for (const one of inner) this.#outer[one]!.push(id);
  }

  #begin(id: number, now: Now): void {
    this.#watches[id]!.begin(now);
    this.#schedule(id);
  }

  #after(id: number, before: Value | undefined, onChange: (id: number) => void): void {
    const { value } = this.#watches[id]!;
    this.#schedule(id);
    if (value === before) return;
    if (value === true && isPulse(this.#specs[id]!)) this.#pulsing.push(id);
    onChange(id);
    const outer = this.#outer[id]!;
    for (let i = 0; i < outer.length; i++) this.#marked.set(outer[i]!, outer[i]!);
  }

  #schedule(id: number): void {
    const { due } = this.#watches[id]!;
    if (due === Infinity) this.#due.clear(id);
    else this.#due.set(id, due);
  }

  #create(spec: WatchSpec): Watch {
    const reader = this.#reader!;
    const { state, time } = reader;
    const { offsetAt } = time;
    const number = (key: Parameters<typeof state.slot>[0]): (() => number) =>
      compileNumber({ op: 'property', key, start: 0, end: 0 }, reader);
    switch (spec.kind) {
      case 'changed': {
        const slot = state.slot(spec.key);
        return new ChangeWatch(
          slot,
          () => state.current(slot),
          () => true,
        );
      }
      case 'rose':
      case 'fell': {
        const slot = state.slot(spec.key);
        const sign = spec.kind === 'rose' ? 1 : -1;
        return spec.ms === undefined
          ? new ChangeWatch(slot, () => state.current(slot), movedBy(sign, spec.by))
          : new WindowWatch({ slot, read: number(spec.key), ms: spec.ms, result: { sign, by: spec.by } });
      }
      case 'mean':
      case 'min':
      case 'max':
        return new WindowWatch({
          slot: state.slot(spec.key),
          read: number(spec.key),
          ms: spec.ms,
          result: spec.kind,
        });
      case 'count':
        return new CountWatch(this.#steps([spec.of], spec.ms));
      case 'sequence':
        return new SequenceWatch(this.#steps(spec.steps, spec.ms));
      case 'cron':
        return new ScheduleWatch(cronMoments(spec.times, offsetAt), spec.times.often);
      case 'sunrise':
      case 'sunset':
        return this.#site === undefined
          ? { ...nowhere }
          : new ScheduleWatch(
              sunMoments(spec.kind === 'sunrise', spec.offsetMs, this.#site, offsetAt),
              false,
            );
      case 'elevation':
      case 'azimuth':
        return this.#site === undefined ? { ...nowhere } : new SunWatch(spec.kind, this.#site);
    }
  }

  #steps(exprs: readonly Expr[], ms: number): StepParts {
    const reader = this.#reader!;
    const keys = new Set<Parameters<Reader['state']['slot']>[0]>();
    const inner = new Set<number>();
    for (const expr of exprs) {
      collectKeys(expr, keys, 'direct');
      collectWatches(expr, (watch) => inner.add(this.id(watch)));
    }
    return {
      slots: [...keys].map((key) => reader.state.slot(key)),
      inner: [...inner],
      steps: exprs.map((expr) => compileCondition(expr, reader)),
      ms,
    };
  }
}

/** Equal watches have equal names, wherever they are written. */
function nameOf(spec: WatchSpec): string {
  return JSON.stringify(spec, (key, value: unknown) =>
    key === 'start' || key === 'end' ? undefined : value,
  );
}
