import type { Action, ActionStage, Feedback, Outcome } from './action.ts';
import type { Authoring } from './authoring.ts';
import type { Decision } from './decision.ts';
import type { ChatAnswer, ChatRequest, ModelInfo } from './engine.ts';
import type { House } from './house.ts';
import type { EntityId, PropertyKey } from './ids.ts';
import type { LearningApi, LearningEvent, LearningSummary } from './learning.ts';
import type { PolicyShelf } from './policy-shelf.ts';
import type { Reading, Value } from './reading.ts';
import type { StateView } from './state.ts';

/** What the daemon can be asked and told: the one face that HTTP, MQTT, CLI and library users share. */
export interface RuntimeApi {
  readonly node: string;
  readonly house: House;
  readonly state: StateView;
  health(): Health;
  history(query: HistoryQuery): Promise<readonly HistoryPoint[]>;
  decisions(query: DecisionQuery): readonly DecisionRecord[];
  /** By id or an unambiguous start of it. */
  decision(id: string): DecisionRecord | undefined;
  actions(query: DecisionQuery): readonly ActionRecord[];
  policies(): readonly PolicyInfo[];
  /** The policies as files, with their versions: where they are changed while they run. */
  readonly shelf: PolicyShelf;
  /** Rules from sentences. */
  readonly authoring: Authoring;
  /** Throws GanglionError ASK_… if the request cannot even be tried. */
  ask(text: string, options: AskOptions): Promise<AskResult>;
  /** Throws ACTION_UNKNOWN or FEEDBACK_INVALID. */
  feedback(input: FeedbackInput): Feedback;
  /** What waits for a person. */
  approvals(): readonly ActionRecord[];
  /** Throws APPROVAL_INVALID. */
  approve(action: string, verdict: 'approve' | 'deny'): ActionRecord;
  /**
   * Calls back for what happens from now on; returns what ends it. A listener that throws is dropped.
   * @param types only events of these types; readings come by the hundred a second
   */
  subscribe(listener: (event: RuntimeEvent) => void, types?: readonly RuntimeEvent['type'][]): () => void;
  stats(): Stats;
  /** What `decide` policies learn. */
  readonly learning: LearningApi;
  /** The language models of the configuration, the main one first. */
  models(): readonly ModelListing[];
  /** Has a model write an answer freely, in the background lane; `onText` gets it in pieces. Throws MODEL_…, QUEUE_FULL. */
  chat(
    model: string,
    request: ChatRequest,
    options: ChatOptions,
    onText?: (piece: string) => void,
  ): Promise<ChatAnswer>;
}

export interface ChatOptions {
  readonly signal?: AbortSignal;
  /** Told how many questions come first, while it waits and whenever that changes. */
  readonly onQueue?: (ahead: number) => void;
}

export interface ModelListing {
  readonly name: string;
  /** `unloaded` is loaded when it is first asked. */
  readonly state: 'unloaded' | 'loading' | 'ready' | 'failed';
  readonly info?: ModelInfo;
  readonly problem?: string;
}

export interface HealthPart {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail' | 'starting';
  readonly detail: string;
}

export interface Health {
  /** `starting` until sources are connected, rules are primed and the model, if any, is loaded. */
  readonly status: 'ok' | 'degraded' | 'starting' | 'stopping';
  readonly node: string;
  readonly version: string;
  readonly uptimeS: number;
  readonly parts: readonly HealthPart[];
}

export interface HistoryQuery {
  readonly key: PropertyKey;
  /** Wall clock, ms; inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The newest so many, at most 100 000. */
  readonly limit: number;
}

export interface HistoryPoint {
  readonly at: number;
  readonly value: Value;
}

export interface DecisionQuery {
  /** Newest first, at most 1000. */
  readonly limit: number;
  /** Only those with ids before this one (ids sort by time). */
  readonly before?: string;
  readonly policy?: string;
  readonly entity?: EntityId;
}

export interface ActionRecord {
  readonly action: Action;
  readonly stage: ActionStage;
  readonly outcome?: Outcome;
  /** While it waits for approval: what an approval over MQTT must bring. Shown on CLI and HTTP only. */
  readonly code?: string;
}

export interface DecisionRecord {
  readonly decision: Decision;
  readonly actions: readonly ActionRecord[];
  readonly feedback: readonly Feedback[];
}

export interface PolicyInfo {
  readonly id: string;
  readonly type: 'rule' | 'decide' | 'veto';
  readonly file: string;
  readonly mode: 'auto' | 'suggest' | 'approve' | 'off';
  /** The rule in words. */
  readonly summary: string;
  readonly fired: number;
  readonly lastFired?: number;
  /** The present value of `when` and `if`; for others undefined. */
  readonly when?: boolean | 'unknown';
  /** Of `decide` policies that learn. */
  readonly learning?: LearningSummary;
}

export interface AskOptions {
  readonly dryRun: boolean;
  /** Wait for outcomes before answering, at most so long. */
  readonly waitMs: number;
  /** Only these entities may be touched, beyond what the limits say: for requests from places anyone can write to. */
  readonly allow?: readonly string[];
  readonly signal?: AbortSignal;
}

/** What `ganglion ask --json` prints. */
export interface AskResult {
  readonly request: string;
  readonly decision: Pick<
    Decision,
    'id' | 'rung' | 'actions' | 'refused' | 'confidence' | 'explanation' | 'latencyMs' | 'tokens' | 'skipped'
  >;
  readonly outcomes: readonly Outcome[];
  /** The properties the actions change, as simulator or devices report them. */
  readonly state: Readonly<Record<EntityId, Readonly<Record<string, Value>>>>;
}

export interface FeedbackInput {
  /** Decision id, or an unambiguous start of it. */
  readonly decision: string;
  /** −1 … 1 */
  readonly reward: number;
  readonly note?: string;
  /** Which of the policy's choices would have been right, as written there. */
  readonly choice?: string;
  /** Nobody knows who says so: it teaches nothing. */
  readonly unsigned?: boolean;
}

export type RuntimeEvent =
  | { readonly type: 'reading'; readonly reading: Reading }
  | { readonly type: 'decision'; readonly decision: Decision }
  | { readonly type: 'action'; readonly action: Action; readonly stage: ActionStage }
  | { readonly type: 'outcome'; readonly outcome: Outcome; readonly action: Action }
  | { readonly type: 'feedback'; readonly feedback: Feedback }
  | ({ readonly type: 'learning' } & LearningEvent)
  | { readonly type: 'source'; readonly source: string; readonly connected: boolean; readonly detail: string }
  | { readonly type: 'policies'; readonly changed: readonly string[]; readonly removed: readonly string[] }
  | { readonly type: 'problem'; readonly code: string; readonly message: string; readonly remedy: string };

/** Latency of one stage over the last minutes. */
export interface StageStats {
  readonly stage: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
}

export interface Stats {
  readonly stages: readonly StageStats[];
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}
