import type { Call } from './action.ts';
import type { TokenCounts, RungName } from './decision.ts';
import type { House } from './house.ts';
import type { Frame, StateView } from './state.ts';

/** One admissible answer of a decision: `none`, or calls. The set is closed; a rung picks an index. */
export interface Choice {
  /** As written in the policy: `none`, `fan.living.turn_on(speed: 60)`. */
  readonly label: string;
  readonly calls: readonly Call[];
}

export interface RungRequest {
  /** The policy's id, or `ask` for a request in words. */
  readonly policy: string;
  readonly choices: readonly Choice[];
  readonly frame: Frame;
  /** The owner's written guidance, or the request in words. Data, never instructions with rights of their own. */
  readonly guidance: string;
  readonly state: StateView;
  readonly house: House;
  /** Milliseconds this rung may take. */
  readonly budgetMs: number;
}

export type RungAnswer =
  | {
      readonly kind: 'choice';
      readonly index: number;
      /** 0–1 */
      readonly confidence: number;
      readonly explanation: string;
      readonly tokens?: TokenCounts;
    }
  | { readonly kind: 'abstain'; readonly reason: string };

/**
 * One step of the ladder. `tree` and `cache` answer at once; those that ask the model host return a promise.
 * A rung that throws counts as one that abstained with the error's message.
 */
export interface Rung {
  readonly name: RungName;
  decide(request: RungRequest, signal: AbortSignal): RungAnswer | Promise<RungAnswer>;
  /** Told of the answer a slower rung gave, so that a cache can keep it. */
  learn?(request: RungRequest, answer: RungAnswer & { kind: 'choice' }, by: RungName): void;
}
