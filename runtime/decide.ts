import { isRefusal } from './act/interlocks.ts';
import type { Interlocks } from './act/interlocks.ts';
import type { Executor, Order, Plan } from './act/executor.ts';
import type { Call } from './contract/action.ts';
import type {
  Decision,
  Refusal,
  RungName,
  Sample,
  SkippedRung,
  TokenCounts,
  Trigger,
} from './contract/decision.ts';
import type { Clock, MonoMs, WallMs } from './contract/time.ts';
import { newId } from './lib/id.ts';

/** What a rung wants done, before the interlocks have seen it. */
export interface Proposal {
  readonly rung: RungName;
  readonly policy?: string;
  readonly calls: readonly Call[];
  /** 0–1 */
  readonly confidence: number;
  readonly explanation: string;
  readonly trigger: Trigger;
  readonly inputs: Decision['inputs'];
  readonly skipped: readonly SkippedRung[];
  readonly tokens?: TokenCounts;
  /** `suggest` and `approve` leave the last word to a person. */
  readonly mode: 'auto' | 'suggest' | 'approve';
  /** When the trigger was received. */
  readonly since: MonoMs;
  /** Where something had to refer to the decision before it was made. */
  readonly id?: string;
  readonly sample?: Sample;
}

export interface DeciderOptions {
  readonly interlocks: Interlocks;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly durable: () => boolean;
}

/** Turns a proposal into a decision: every call cleared or refused by the interlocks, every action with its key. */
export class Decider {
  readonly #options: DeciderOptions;

  constructor(options: DeciderOptions) {
    this.#options = options;
  }

  /** Nothing happens yet. */
  decide(proposal: Proposal): Plan {
    const { interlocks, clock, deadlineMs, durable } = this.#options;
    const at = clock.wall();
    const id = proposal.id ?? newId(at);
    const orders: Order[] = [];
    const refused: Refusal[] = [];
    for (const call of proposal.calls) {
      const cleared = interlocks.check(call);
      if (isRefusal(cleared)) {
        refused.push(cleared);
        continue;
      }
      const number = String(orders.length).padStart(2, '0');
      const action = {
        ...cleared.call,
        id: `${id}${number}`,
        decision: id,
        idempotencyKey: `${id}${number}`,
        deadline: (at + deadlineMs) as WallMs,
        repeat: cleared.repeat,
        critical: cleared.critical,
        before: cleared.before,
      };
      orders.push({
        action,
        target: cleared.target,
        needsApproval: cleared.needsApproval || proposal.mode !== 'auto',
      });
    }
    const decision: Decision = {
      id,
      at,
      rung: proposal.rung,
      ...(proposal.policy === undefined ? {} : { policy: proposal.policy }),
      trigger: proposal.trigger,
      actions: orders.map((order) => order.action),
      refused,
      confidence: proposal.confidence,
      explanation: proposal.explanation,
      latencyMs: Math.max(0, clock.mono() - proposal.since),
      skipped: proposal.skipped,
      ...(proposal.tokens === undefined ? {} : { tokens: proposal.tokens }),
      durable: durable(),
      inputs: proposal.inputs,
      ...(proposal.sample === undefined ? {} : { sample: proposal.sample }),
    };
    return { decision, orders };
  }

  /** Decides what one cause set off, and sets the actions going. */
  carryOut(proposals: readonly Proposal[], executor: Executor): readonly Decision[] {
    return executor.commit(proposals.map((proposal) => this.decide(proposal)));
  }
}
