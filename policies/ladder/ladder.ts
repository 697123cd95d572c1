import type { Call } from '../../runtime/contract/action.ts';
import type { RungName, SkippedRung, TokenCounts } from '../../runtime/contract/decision.ts';
import type { Rung, RungAnswer, RungRequest } from '../../runtime/contract/rung.ts';
import type { Clock } from '../../runtime/contract/time.ts';
import { messageOf } from '../../runtime/errors.ts';

export interface LadderOptions {
  /** Fastest first. A rung that cannot run here is listed with the reason, and shown as skipped. */
  readonly rungs: readonly (Rung | SkippedRung)[];
  /** Answers less certain than this are passed over, 0–1. */
  readonly minConfidence: number;
  /** What all rungs together may take, ms. */
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'mono' | 'schedule'>;
}

/** How a decision came out. `rung: 'abstain'` has no calls and says in `explanation` why nobody answered. */
export interface LadderAnswer {
  readonly rung: RungName;
  /** Of the choice taken; −1 for abstain, and where a request in words was answered with calls. */
  readonly index: number;
  readonly calls: readonly Call[];
  readonly confidence: number;
  readonly explanation: string;
  readonly skipped: readonly SkippedRung[];
  readonly tokens?: TokenCounts;
}

export type LadderRequest = Omit<RungRequest, 'budgetMs' | 'minConfidence'>;

interface Attempt {
  readonly request: LadderRequest;
  readonly skipped: SkippedRung[];
  readonly deadline: number;
  readonly controller: AbortController;
  readonly outer: AbortSignal | undefined;
}

/**
 * Asks the rungs in order until one answers. Synchronous while the rungs are: a value comes back where the answering
 * rung answers at once, a promise only from the first rung that returns one. Never throws, never rejects.
 */
export class Ladder {
  readonly #options: LadderOptions;

  constructor(options: LadderOptions) {
    this.#options = options;
  }

  decide(request: LadderRequest, signal?: AbortSignal): LadderAnswer | Promise<LadderAnswer> {
    const { clock, timeoutMs } = this.#options;
    return this.#from(0, {
      request,
      skipped: [],
      deadline: clock.mono() + timeoutMs,
      controller: new AbortController(),
      outer: signal,
    });
  }

  #from(start: number, attempt: Attempt): LadderAnswer | Promise<LadderAnswer> {
    const { rungs, clock, minConfidence } = this.#options;
    for (let i = start; i < rungs.length; i++) {
      const rung = rungs[i]!;
      if (!('decide' in rung)) {
        attempt.skipped.push(rung);
        continue;
      }
      const budgetMs = attempt.deadline - clock.mono();
      const late = budgetMs <= 0 || attempt.controller.signal.aborted;
      const refusal =
        attempt.outer?.aborted === true ? 'the request was cancelled' : late ? 'no time was left' : '';
      if (refusal !== '') {
        attempt.skipped.push({ rung: rung.name, reason: refusal });
        continue;
      }
      const request: RungRequest = { ...attempt.request, budgetMs, minConfidence };
      try {
        const answer: unknown = rung.decide(request, attempt.controller.signal);
        if (isThenable(answer)) return this.#await(answer, i, request, attempt);
        const taken = this.#take(answer, i, request, attempt);
        if (taken !== undefined) return taken;
      } catch (error) {
        attempt.skipped.push({ rung: rung.name, reason: cut(messageOf(error)) });
      }
    }
    return abstained(attempt.skipped);
  }

  async #await(
    answer: PromiseLike<unknown>,
    i: number,
    request: RungRequest,
    attempt: Attempt,
  ): Promise<LadderAnswer> {
    const rung = this.#options.rungs[i] as Rung;
    try {
      const settled = await this.#within(answer, request.budgetMs, attempt);
      const taken = this.#take(settled, i, request, attempt);
      if (taken !== undefined) return taken;
    } catch (error) {
      attempt.skipped.push({ rung: rung.name, reason: cut(messageOf(error)) });
    }
    return this.#from(i + 1, attempt);
  }

  /** The answer, or an abstention once time is up or the request cancelled; the rung is told by its signal. */
  #within(answer: PromiseLike<unknown>, budgetMs: number, attempt: Attempt): Promise<unknown> {
    const { clock } = this.#options;
    const { promise, resolve, reject } = settler();
    const giveUp = (reason: string): void => {
      resolve({ kind: 'abstain', reason });
      attempt.controller.abort();
    };
    const timer = clock.schedule(budgetMs, () => giveUp(`no answer within ${Math.round(budgetMs)} ms`));
    const cancel = (): void => giveUp('the request was cancelled');
    if (attempt.outer?.aborted === true) cancel();
    else attempt.outer?.addEventListener('abort', cancel, { once: true });
    answer.then(resolve, reject);
    return promise.finally(() => {
      timer.cancel();
      attempt.outer?.removeEventListener('abort', cancel);
    });
  }

  /** The final answer, or undefined and a line in `skipped`. Faster rungs are told of it. */
  #take(answer: unknown, i: number, request: RungRequest, attempt: Attempt): LadderAnswer | undefined {
    const rung = this.#options.rungs[i] as Rung;
    const wrong = problemOf(answer, request, this.#options.minConfidence);
    if (wrong !== undefined) {
      attempt.skipped.push({ rung: rung.name, reason: cut(wrong) });
      return undefined;
    }
    const given = answer as Exclude<RungAnswer, { kind: 'abstain' }>;
    // What is learned is which choice to make; calls are a person's words, and said once.
    if (given.kind === 'choice') this.#teach(given, i, request, attempt);
    return {
      rung: rung.name,
      index: given.kind === 'choice' ? given.index : -1,
      calls: given.kind === 'choice' ? request.choices[given.index]!.calls : given.calls,
      confidence: given.confidence,
      explanation: given.explanation,
      skipped: attempt.skipped,
      ...(given.tokens === undefined ? {} : { tokens: given.tokens }),
    };
  }

  #teach(choice: RungAnswer & { kind: 'choice' }, i: number, request: RungRequest, attempt: Attempt): void {
    const { rungs } = this.#options;
    for (const faster of rungs.slice(0, i)) {
      if (!('decide' in faster)) continue;
      try {
        faster.learn?.(request, choice, (rungs[i] as Rung).name);
      } catch (error) {
        attempt.skipped.push({ rung: faster.name, reason: cut(`could not learn: ${messageOf(error)}`) });
      }
    }
  }
}

/** Why an answer does not count. Custom rungs are user code, so everything about it is checked. */
function problemOf(answer: unknown, request: RungRequest, minConfidence: number): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('kind' in answer)) return 'it gave no answer';
  const { kind, reason, index, calls, confidence, explanation } = answer as Record<string, unknown>;
  if (kind === 'abstain')
    return typeof reason === 'string' && reason !== '' ? reason : 'it abstained without a reason';
  if (kind !== 'choice' && kind !== 'calls') return 'it gave an answer of no known kind';
  const wrong = kind === 'choice' ? choiceProblem(index, request) : callsProblem(calls, request);
  if (wrong !== undefined) return wrong;
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1)) {
    return 'its confidence is not a number from 0 to 1';
  }
  if (typeof explanation !== 'string') return 'it gave no explanation';
  if (confidence < minConfidence) {
    const what =
      kind === 'choice' ? request.choices[index as number]!.label : namesOf(calls as readonly Call[]);
    const who = request.space === undefined ? 'the policy wants' : 'a request in words wants';
    return `it would choose ${what} but is only ${confidence.toFixed(2)} sure, ${who} ${minConfidence}`;
  }
  return undefined;
}

function choiceProblem(index: unknown, { choices }: RungRequest): string | undefined {
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < choices.length)
    return undefined;
  return `it chose ${typeof index === 'number' ? index : typeof index} of ${choices.length} choices`;
}

/** Calls are an answer to a request in words only, and only on the entities it is about. */
function callsProblem(calls: unknown, { space }: RungRequest): string | undefined {
  if (space === undefined) return 'it answered with calls where a choice was asked for';
  if (!Array.isArray(calls)) return 'it gave no list of calls';
  if (calls.length > space.maxCalls) return `it gave ${calls.length} calls of at most ${space.maxCalls}`;
  for (const call of calls as readonly unknown[]) {
    if (!isCall(call)) return 'it gave a call that is none';
    if (!space.entities.some(({ id }) => id === call.entity))
      return `it called ${call.entity}, which the request is not about`;
  }
  return undefined;
}

function isCall(call: unknown): call is Call {
  if (typeof call !== 'object' || call === null) return false;
  const { entity, command, args } = call as Record<string, unknown>;
  if (typeof entity !== 'string' || typeof command !== 'string') return false;
  if (typeof args !== 'object' || args === null) return false;
  return Object.values(args).every((value) => ['number', 'string', 'boolean'].includes(typeof value));
}

function namesOf(calls: readonly Call[]): string {
  const names = calls.map(({ entity, command }) => `${entity}.${command}`);
  return names.length === 0 ? 'none' : names.join('; ');
}

function abstained(skipped: readonly SkippedRung[]): LadderAnswer {
  const reasons = skipped.map(({ rung, reason }) => `${rung}: ${reason}`).join('; ');
  const explanation = reasons === '' ? 'there is no rung to ask' : `no rung answered (${reasons})`;
  return { rung: 'abstain', index: -1, calls: [], confidence: 0, explanation, skipped };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function settler(): {
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
} {
  let resolve: (value: unknown) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function cut(reason: string): string {
  return reason.length > 300 ? `${reason.slice(0, 299)}…` : reason;
}
