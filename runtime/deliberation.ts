import type { DecideFiring, DecideSpec, Ladder, LadderAnswer, LadderRequest } from '../policies/index.ts';
import type { House } from './contract/house.ts';
import type { CallSpace, Choice } from './contract/rung.ts';
import type { StateView } from './contract/state.ts';
import type { Clock, MonoMs } from './contract/time.ts';
import type { Proposal } from './decide.ts';
import type { RuntimeStats } from './stats.ts';

export interface DeliberationParts {
  /** A decide policy and the ladder it climbs. */
  readonly policy: (id: string) => { readonly spec: DecideSpec; readonly ladder: Ladder } | undefined;
  /** What requests in words climb where the linker alone is not sure. */
  readonly askLadder: Ladder;
  readonly house: House;
  readonly state: StateView;
  readonly clock: Clock;
  readonly stats: RuntimeStats;
  readonly onProposal: (proposal: Proposal) => void;
  /** A decision that was under way has failed; its policy goes on with the next. */
  readonly onError: (error: unknown) => void;
}

/** What the linker left open of a request. */
export interface OpenRequest {
  /** Its readings, likeliest first. */
  readonly choices: readonly Choice[];
  readonly space: CallSpace;
}

/** What fired while its policy was being decided; only the latest counts, as its state has replaced the earlier ones. */
interface Waiting {
  latest: { readonly firing: DecideFiring; readonly since: MonoMs } | undefined;
}

/** Decisions that need more than a rule: one climb of the ladder per policy at a time. */
export class Deliberation {
  readonly #parts: DeliberationParts;
  readonly #running = new Map<string, Waiting>();
  readonly #abort = new AbortController();

  constructor(parts: DeliberationParts) {
    this.#parts = parts;
  }

  /** A decide policy is due. Its decision comes at once where a quick rung can answer. */
  decide(firing: DecideFiring, since: MonoMs): void {
    const running = this.#running.get(firing.policy);
    if (running !== undefined) {
      running.latest = { firing, since };
      return;
    }
    const policy = this.#parts.policy(firing.policy);
    if (policy === undefined) return;
    const { house, state, clock } = this.#parts;
    const { choices, guidance } = policy.spec;
    const started = clock.mono();
    const request: LadderRequest = {
      policy: firing.policy,
      choices,
      frame: firing.frame,
      guidance,
      state,
      house,
    };
    const answer = policy.ladder.decide(request, this.#abort.signal);
    if (answer instanceof Promise)
      this.#later(firing, since, started, answer, policy.ladder).catch((error: unknown) =>
        this.#parts.onError(error),
      );
    else this.#propose(firing, since, started, answer);
  }

  /** A request in words whose meaning the linker left open: a model says what it calls for, within the space. */
  async ask(text: string, question: OpenRequest, signal: AbortSignal | undefined): Promise<LadderAnswer> {
    const { askLadder, house, state } = this.#parts;
    const frame = { names: [], values: new Float64Array(0), stateVersion: state.version };
    const signals = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
    return askLadder.decide({ policy: 'ask', ...question, frame, guidance: text, state, house }, signals);
  }

  stop(): void {
    this.#abort.abort();
  }

  async #later(
    firing: DecideFiring,
    since: MonoMs,
    started: number,
    pending: Promise<LadderAnswer>,
    ladder: Ladder,
  ): Promise<void> {
    const waiting: Waiting = { latest: undefined };
    this.#running.set(firing.policy, waiting);
    try {
      const answer = await pending;
      // Whoever took the policy away, or has it say something else, wants no answer to the old question.
      const stands = this.#parts.policy(firing.policy)?.ladder === ladder;
      if (stands && !this.#abort.signal.aborted) this.#propose(firing, since, started, answer);
    } finally {
      this.#running.delete(firing.policy);
      const { latest } = waiting;
      if (latest !== undefined && !this.#abort.signal.aborted) this.decide(latest.firing, latest.since);
    }
  }

  #propose(firing: DecideFiring, since: MonoMs, started: number, answer: LadderAnswer): void {
    this.#parts.stats.stage('ladder', this.#parts.clock.mono() - started);
    this.#parts.onProposal({
      ...answer,
      explanation: [firing.explanation, answer.explanation].filter((part) => part !== '').join('; '),
      policy: firing.policy,
      trigger: firing.trigger,
      inputs: firing.inputs,
      mode: firing.mode,
      since,
    });
  }
}
