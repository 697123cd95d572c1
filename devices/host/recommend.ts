import { formatBytes } from '../../runtime/lib/units.ts';
import { estimateSpeed, type SpeedEstimate } from './estimate.ts';
import { memoryNeed, type ContextChoice, type MemoryNeed, type ModelShape } from './model-shape.ts';
import type { BoardSpeed } from './profiles.ts';
import type { Measurement } from './tuner/measurement.ts';

export interface Candidate extends ModelShape {
  readonly name: string;
  readonly quantization: string;
  /** A file that is here, or where to get one: `hf:…`. */
  readonly source: string;
  readonly local: boolean;
  readonly licence?: string;
  readonly accuracy?: { readonly share: number; readonly measuredBy: string };
  /** What `model tune` found on this board, and how it was loaded then. */
  readonly measured?: { readonly measurement: Measurement; readonly choice: ContextChoice };
}

export interface RecommendOptions {
  readonly candidates: readonly Candidate[];
  readonly board: BoardSpeed;
  /** Memory a model may take, bytes. */
  readonly budgetBytes: number;
  /** How a model would be loaded; with a shorter context where it does not fit otherwise, but for `contextFixed`. */
  readonly choice: ContextChoice;
  /** The configuration says the context's length. */
  readonly contextFixed: boolean;
  /** A decision slower than this falls to the next rung, ms. */
  readonly deadlineMs: number;
}

export interface Ranked {
  readonly candidate: Candidate;
  /** From 1; absent for those that do not fit. */
  readonly rank?: number;
  /** Tokens of context it has room for. */
  readonly contextTokens: number;
  readonly memory: MemoryNeed;
  readonly memoryMeasured: boolean;
  /** Absent where nothing is known about the machine. */
  readonly speed?: SpeedEstimate;
  readonly speedSource: string;
  /** Why it does not fit, or what speaks for its place; one sentence without its full stop. */
  readonly why: string;
}

/** Up to here nobody waits; among such models the better one counts, not the faster. */
const PROMPT_MS = 2000;

/**
 * Models from the best to the worst for this board: those that fit before those that do not; those that answer within two
 * seconds before slower ones; then by decision accuracy where both were measured, else by size, since of two small models
 * the larger one decides better as a rule; then by speed.
 */
export function rankModels(options: RecommendOptions): Ranked[] {
  const judged = options.candidates.map((candidate) => judge(candidate, options));
  const fitting = judged.filter(({ fits }) => fits).toSorted(compare);
  const others = judged.filter(({ fits }) => !fits).toSorted((a, b) => need(a) - need(b));
  return [
    ...fitting.map(({ ranked }, i): Ranked => ({ ...ranked, rank: i + 1 })),
    ...others.map(({ ranked }) => ranked),
  ];
}

interface Judged {
  readonly ranked: Ranked;
  readonly fits: boolean;
}

function judge(candidate: Candidate, options: RecommendOptions): Judged {
  const { measured } = candidate;
  const choice = measured?.choice ?? fittingChoice(candidate, options);
  const estimated = memoryNeed(candidate, choice);
  const memory =
    measured === undefined ? estimated : { ...estimated, totalBytes: measured.measurement.memoryBytes };
  const speed = measured?.measurement ?? estimateSpeed(candidate, options.board, choice.batchTokens);
  const base = {
    candidate,
    contextTokens: choice.contextTokens,
    memory,
    memoryMeasured: measured !== undefined,
    ...(speed === undefined ? {} : { speed: only(speed) }),
    speedSource: measured === undefined ? options.board.source : 'measured on this board',
  };
  const against = objection(memory, speed, choice, options);
  return { ranked: { ...base, why: against ?? merit(candidate, speed) }, fits: against === undefined };
}

/** A house and a request do not fit into less. */
const LEAST_CONTEXT = 1024;

/** The longest context that fits, halved as often as it must be. */
function fittingChoice(
  candidate: Candidate,
  { choice, contextFixed, budgetBytes }: RecommendOptions,
): ContextChoice {
  let shorter = choice;
  if (contextFixed) return choice;
  while (
    shorter.contextTokens / 2 >= LEAST_CONTEXT &&
    memoryNeed(candidate, shorter).totalBytes > budgetBytes
  )
    shorter = { ...shorter, contextTokens: shorter.contextTokens / 2 };
  return shorter;
}

function only({ promptTokensPerS, tokenMs, decisionMs }: SpeedEstimate): SpeedEstimate {
  return { promptTokensPerS, tokenMs, decisionMs };
}

function objection(
  memory: MemoryNeed,
  speed: SpeedEstimate | undefined,
  choice: ContextChoice,
  { budgetBytes, deadlineMs }: RecommendOptions,
): string | undefined {
  const { totalBytes, weightsBytes, kvBytes } = memory;
  if (totalBytes > budgetBytes) {
    const parts = `${formatBytes(weightsBytes)} of weights, ${formatBytes(kvBytes)} for contexts of ${choice.contextTokens} tokens`;
    return `needs ${formatBytes(totalBytes)} (${parts}), and ${formatBytes(budgetBytes)} may be taken`;
  }
  if (speed !== undefined && speed.decisionMs > deadlineMs) {
    return `a decision takes about ${seconds(speed.decisionMs)}, longer than the ${seconds(deadlineMs)} it may take`;
  }
  return undefined;
}

function merit(candidate: Candidate, speed: SpeedEstimate | undefined): string {
  const here = candidate.local ? 'is here already' : '';
  const pace =
    speed === undefined ? '' : speed.decisionMs <= PROMPT_MS ? 'answers at once' : 'makes people wait';
  const right =
    candidate.accuracy === undefined
      ? ''
      : `${Math.round(candidate.accuracy.share * 100)} % of decisions right`;
  return [right, pace, here].filter((part) => part !== '').join(', ');
}

function compare({ ranked: a }: Judged, { ranked: b }: Judged): number {
  const slow = (one: Ranked): number => (one.speed !== undefined && one.speed.decisionMs > PROMPT_MS ? 1 : 0);
  if (slow(a) !== slow(b)) return slow(a) - slow(b);
  // Two that make people wait: the one that does so less.
  const time = (a.speed?.decisionMs ?? 0) - (b.speed?.decisionMs ?? 0);
  if (slow(a) === 1 && time !== 0) return time;
  const right = (b.candidate.accuracy?.share ?? NaN) - (a.candidate.accuracy?.share ?? NaN);
  if (Number.isFinite(right) && right !== 0) return right;
  const size = b.candidate.parameters - a.candidate.parameters;
  return size === 0 ? time : size;
}

function need({ ranked }: Judged): number {
  return ranked.memory.totalBytes;
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
