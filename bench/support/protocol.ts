import type { Workload } from './workload.ts';

/** What the bench tells its load generator, a process of its own, and what it hears back. */
export interface LoadPlan extends Workload {
  readonly port: number;
  /** Sensor messages a second. */
  readonly rate: number;
  readonly warmupS: number;
  readonly seconds: number;
  /** How long the system under test has to answer its first message. */
  readonly readyS: number;
}

export interface LoadResult {
  /** Messages to the system in the window: those of sensors and the states plugs answer with. */
  readonly messages: number;
  /** Commands that the window's messages had to set off, and those of them that came. */
  readonly expected: number;
  readonly received: number;
  /** Commands that no message had asked for, repeats among them. */
  readonly unexpected: number;
  /** From the planned publish of a message to the receipt of its command, ms, sorted by time. */
  readonly latenciesMs: readonly number[];
  /** The longest that a publish was behind its plan, ms: the load generator's own share of the latencies. */
  readonly behindMs: number;
}

export type LoadEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'window-start' }
  | { readonly type: 'window-end' }
  | { readonly type: 'result'; readonly result: LoadResult }
  | { readonly type: 'failed'; readonly reason: string };
