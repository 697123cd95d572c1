import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import { collectWatches, type Expr } from '../../../policies/rules/expression.ts';
import type { WatchSpec } from '../../../policies/rules/watch/watch.ts';
import { UNKNOWN, type Unknown } from './reference.ts';

type Result = Value | Unknown;
type Read = (key: PropertyKey) => Value | undefined;

/** One look at everything: when, whether what changed is a baseline only, and whether time alone brought it about. */
export interface Look {
  readonly mono: number;
  readonly wall: number;
  readonly silent: boolean;
  readonly tick: boolean;
}

/** A value a property had, until the next one. */
interface Sample {
  readonly from: number;
  readonly value: Value | undefined;
}

/** When a step of a sequence, or what is counted, turned true, and at which look. */
interface Edge {
  readonly at: number;
  readonly look: number;
}

/**
 * What docs/rules.md says of the past, worked out anew at every look from everything that ever was: no ring, nothing
 * forgotten, nothing due.
 */
export class ReferenceWatches {
  readonly #watches = new Map<string, ReferenceWatch>();
  readonly #read: Read;
  readonly #evaluate: (expr: Expr) => Result;

  constructor(read: Read, evaluate: (expr: Expr) => Result) {
    this.#read = read;
    this.#evaluate = evaluate;
  }

  add(expr: Expr): void {
    collectWatches(expr, (watch) => {
      for (const step of watch.kind === 'sequence' ? watch.steps : watch.kind === 'count' ? [watch.of] : [])
        this.add(step);
      const name = nameOf(watch);
      if (!this.#watches.has(name))
        this.#watches.set(name, new ReferenceWatch(watch, this.#read, this.#evaluate));
    });
  }

  value(watch: WatchSpec): Result {
    return this.#watches.get(nameOf(watch))!.value;
  }

  look(look: Look): void {
    for (const watch of this.#watches.values()) watch.look(look);
  }

  rest(look: Look): void {
    for (const watch of this.#watches.values()) watch.rest(look);
  }
}

class ReferenceWatch {
  value: Result = UNKNOWN;
  readonly #spec: WatchSpec;
  readonly #read: Read;
  readonly #evaluate: (expr: Expr) => Result;
  readonly #samples: Sample[] = [];
  /** The last known value. */
  #before: Value | undefined;
  #truths: (Result | undefined)[] = [];
  #edges: Edge[][] = [];
  #looks = 0;

  constructor(spec: WatchSpec, read: Read, evaluate: (expr: Expr) => Result) {
    this.#spec = spec;
    this.#read = read;
    this.#evaluate = evaluate;
  }

  look(look: Look): void {
    this.#looks++;
    const spec = this.#spec;
    switch (spec.kind) {
      case 'changed':
        this.value = this.#change(look, () => true);
        return;
      case 'rose':
      case 'fell': {
        const sign = spec.kind === 'rose' ? 1 : -1;
        if (spec.ms === undefined) {
          this.value = this.#change(look, (a, b) => sign * (Number(b) - Number(a)) >= spec.by);
          return;
        }
        const values = this.#window(spec.key, spec.ms, look.mono);
        const now = this.#read(spec.key);
        this.value =
          typeof now === 'number'
            ? Math.max(...values.map((value) => sign * (now - value))) >= spec.by
            : UNKNOWN;
        return;
      }
      case 'min':
      case 'max': {
        const values = this.#window(spec.key, spec.ms, look.mono);
        const now = this.#read(spec.key);
        this.value = typeof now === 'number' ? Math[spec.kind](...values) : UNKNOWN;
        return;
      }
      case 'count': {
        this.#turn([spec.of], look);
        this.value = this.#edges[0]!.filter(({ at }) => at > look.mono - spec.ms).length;
        return;
      }
      case 'sequence':
        this.#turn(spec.steps, look);
        this.value = this.#completed(spec.steps.length, look.mono - spec.ms);
        return;
      case 'cron': {
        const date = new Date(look.wall);
        const every = Number(/^\*\/(\d+) \* \* \* \*$/.exec(spec.text)![1]);
        this.value = look.tick && date.getUTCSeconds() === 0 && date.getUTCMinutes() % every === 0;
        return;
      }
      case 'mean':
      case 'sunrise':
      case 'sunset':
      case 'elevation':
      case 'azimuth':
        throw new TypeError(`the reference knows no ${spec.kind}`);
    }
  }

  /** The moment is over. */
  rest(look: Look): void {
    const spec = this.#spec;
    if (spec.kind === 'changed' || ((spec.kind === 'rose' || spec.kind === 'fell') && spec.ms === undefined))
      this.value = this.#read(spec.key) === undefined ? UNKNOWN : false;
    else if (spec.kind === 'cron') this.value = false;
    else if (spec.kind === 'sequence') {
      this.#turn(spec.steps, { ...look, silent: true });
      this.value = false;
    } else if (spec.kind === 'count') this.#turn([spec.of], { ...look, silent: true });
  }

  #change({ silent }: Look, counts: (before: Value, after: Value) => boolean): Result {
    const { key } = this.#spec as WatchSpec & { key: PropertyKey };
    const before = this.#before;
    const after = this.#read(key);
    if (after === undefined) return UNKNOWN;
    this.#before = after;
    return !silent && before !== undefined && before !== after && counts(before, after);
  }

  /** All numbers that held at some time of the window. */
  #window(key: PropertyKey, ms: number, now: number): number[] {
    const value = this.#read(key);
    if (this.#samples.length === 0 || this.#samples.at(-1)!.value !== value)
      this.#samples.push({ from: now, value });
    return this.#samples.flatMap((sample, i) => {
      const until = this.#samples[i + 1]?.from ?? Infinity;
      return typeof sample.value === 'number' && until > now - ms ? [sample.value] : [];
    });
  }

  #turn(steps: readonly Expr[], { mono, silent }: Look): void {
    for (const [i, step] of steps.entries()) {
      const before = this.#truths[i];
      const truth = this.#evaluate(step);
      this.#truths[i] = truth;
      this.#edges[i] ??= [];
      if (!silent && before === false && truth === true) this.#edges[i].push({ at: mono, look: this.#looks });
    }
  }

  /** Whether the last step turned true just now, at the end of a run of all steps that began late enough. */
  #completed(steps: number, least: number): boolean {
    const last = this.#edges[steps - 1]!.at(-1);
    if (last?.look !== this.#looks) return false;
    const leads = (step: number, before: Edge): boolean =>
      step < 0
        ? before.at >= least
        : this.#edges[step]!.some((edge) => edge.look < before.look && leads(step - 1, edge));
    if (!leads(steps - 2, last)) return false;
    // A run that was completed is over; what turned true at this very look may begin the next one.
    this.#edges = this.#edges.map((edges, i) =>
      i === 0 ? edges.filter(({ look }) => look === this.#looks) : [],
    );
    return true;
  }
}

const NAMES = new WeakMap<WatchSpec, string>();

function nameOf(spec: WatchSpec): string {
  let name = NAMES.get(spec);
  if (name === undefined) {
    name = JSON.stringify(spec, (key, value: unknown) =>
      key === 'start' || key === 'end' ? undefined : value,
    );
    NAMES.set(spec, name);
  }
  return name;
}
