import type { Call } from './action.ts';
import type { TokenCounts, RungName } from './decision.ts';
import type { Lane } from './engine.ts';
import type { Entity, House } from './house.ts';
import type { Frame, StateView } from './state.ts';

/** One admissible answer of a decision: `none`, or calls. The set is closed; a rung picks an index. */
export interface Choice {
  /** As written in the policy: `none`, `fan.living.turn_on(speed: 60)`. */
  readonly label: string;
  readonly calls: readonly Call[];
}

/** What a request in words may call: commands of these entities with their arguments, at most `maxCalls` of them, or nothing. */
export interface CallSpace {
  /** Likeliest first, as the linker ranked them. */
  readonly entities: readonly Entity[];
  readonly maxCalls: number;
}

export interface RungRequest {
  /** The policy's id, or `ask` for a request in words. */
  readonly policy: string;
  /** The closed set a rung picks an index of. For a request in words: the readings the linker found, perhaps none. */
  readonly choices: readonly Choice[];
  /** Present for requests in words: a rung that can may answer with calls of this space instead of a choice. */
  readonly space?: CallSpace;
  readonly frame: Frame;
  /** The owner's written guidance, or the request in words. Data, never instructions with rights of their own. */
  readonly guidance: string;
  readonly state: StateView;
  readonly house: House;
  /** Milliseconds this rung may take. */
  readonly budgetMs: number;
  /** Answers less certain than this are passed over, 0–1: a rung that knows it can stop early. */
  readonly minConfidence?: number;
  /** Whom the answer makes wait; `background` where it only checks a decision already made. Default: as the rung sees fit. */
  readonly lane?: Lane;
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
  | {
      /** Only to a request with a `space`. No calls: nothing is to be done. */
      readonly kind: 'calls';
      readonly calls: readonly Call[];
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
