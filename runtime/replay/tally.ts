import { formatCall } from '../../policies/index.ts';
import type { Call } from '../contract/action.ts';
import type { Refusal } from '../contract/decision.ts';
import type { PolicyInfo } from '../contract/api.ts';

import type { CallCount, PolicyReplay, RealDecisions, RefusalCount, ReplayFiring } from './result.ts';

/** Different reasons, calls and refusals kept for one policy; further ones are put together. */
const KINDS = 50;
const OTHER = 'other reasons';

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** Counts what one policy would have done. */
export class Tally {
  readonly times: number[] = [];
  readonly #examples: ReplayFiring[] = [];
  readonly #days = new Map<string, number>();
  readonly #calls = new Map<string, Open<CallCount>>();
  readonly #refusals = new Map<string, Open<RefusalCount>>();
  readonly #held = new Map<string, { reason: string; count: number; lastMs: number }>();

  get examples(): number {
    return this.#examples.length;
  }

  fired(atMs: number, day: string): void {
    this.times.push(atMs);
    this.#days.set(day, (this.#days.get(day) ?? 0) + 1);
  }

  example(firing: ReplayFiring): void {
    this.#examples.push(firing);
  }

  called(call: Call, fate: 'carriedOut' | 'approval' | 'refused'): void {
    const name = `${call.entity}.${call.command}`;
    let count = this.#calls.get(name);
    if (count === undefined) {
      const { entity, command } = call;
      count = { entity, command, count: 0, carriedOut: 0, approval: 0 };
      if (this.#calls.size < KINDS) this.#calls.set(name, count);
    }
    count.count++;
    if (fate !== 'refused') count[fate]++;
  }

  refused({ call, code, reason }: Refusal, atMs: number): void {
    const text = formatCall(call);
    const name = `${code} ${text}`;
    const known = this.#refusals.get(name);
    if (known !== undefined) known.count++;
    else if (this.#refusals.size < KINDS)
      this.#refusals.set(name, { code, call: text, reason, count: 1, firstMs: atMs });
  }

  /** @param reason with what was seen after a colon, and how long in figures: left out, so that like counts with like */
  held(reason: string, atMs: number): void {
    const plain = reason.replace(/:.*$/su, '').replace(/ (?:has|for) \d\S*/u, ' has time');
    const name = this.#held.has(plain) || this.#held.size < KINDS ? plain : OTHER;
    const known = this.#held.get(name);
    if (known === undefined) this.#held.set(name, { reason: name, count: 1, lastMs: atMs });
    else {
      known.count++;
      known.lastMs = atMs;
    }
  }

  result(info: PolicyInfo, real: RealDecisions | undefined): PolicyReplay {
    const often = <T extends { readonly count: number }>(counts: Map<string, T>): T[] =>
      [...counts.values()].toSorted((a, b) => b.count - a.count);
    const first = this.times[0];
    const last = this.times.at(-1);
    return {
      id: info.id,
      type: info.type,
      mode: info.mode,
      summary: info.summary,
      fired: this.times.length,
      ...(first === undefined || last === undefined ? {} : { firstMs: first, lastMs: last }),
      days: [...this.#days].map(([day, fired]) => ({ day, fired })),
      calls: often(this.#calls),
      refusals: often(this.#refusals),
      held: often(this.#held),
      examples: this.#examples,
      ...(real === undefined ? {} : { real }),
    };
  }
}
