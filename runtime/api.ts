import type { Executor } from './act/executor.ts';
import type { Asking } from './agent/ask.ts';
import type {
  ActionRecord,
  AskOptions,
  AskResult,
  ChatOptions,
  DecisionQuery,
  DecisionRecord,
  FeedbackInput,
  Health,
  HistoryPoint,
  HistoryQuery,
  ModelListing,
  PolicyInfo,
  RuntimeApi,
  RuntimeEvent,
  Stats,
} from './contract/api.ts';
import type { Feedback } from './contract/action.ts';
import type { ChatAnswer, ChatRequest } from './contract/engine.ts';
import type { House } from './contract/house.ts';
import type { PolicyShelf } from './contract/policy-shelf.ts';
import type { StateView } from './contract/state.ts';
import { GanglionError } from './errors.ts';
import type { HealthBoard } from './health.ts';
import type { Journal } from './journal/journal.ts';
import type { EventBus } from './lib/event-bus.ts';
import type { Models } from './models.ts';
import type { RuntimeStats } from './stats.ts';

export interface ApiParts {
  readonly node: string;
  readonly house: House;
  readonly state: StateView;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly asking: Asking;
  readonly health: HealthBoard;
  readonly stats: RuntimeStats;
  readonly events: EventBus<RuntimeEvent>;
  readonly policies: () => readonly PolicyInfo[];
  readonly shelf: PolicyShelf;
  readonly models: Models;
}

const MAX_LIST = 1000;
const MAX_POINTS = 100_000;

/** The daemon's one face, in process. HTTP, MQTT and the command line say the same things through it. */
export class Api implements RuntimeApi {
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  get node(): string {
    return this.#parts.node;
  }

  get house(): House {
    return this.#parts.house;
  }

  get state(): StateView {
    return this.#parts.state;
  }

  health(): Health {
    return this.#parts.health.read();
  }

  async history(query: HistoryQuery): Promise<readonly HistoryPoint[]> {
    return this.#parts.journal.history({ ...query, limit: Math.min(query.limit, MAX_POINTS) });
  }

  decisions(query: DecisionQuery): readonly DecisionRecord[] {
    return this.#parts.journal.decisions.list({ ...query, limit: Math.min(query.limit, MAX_LIST) });
  }

  decision(id: string): DecisionRecord | undefined {
    return id === '' ? undefined : this.#parts.journal.decisions.get(id);
  }

  actions(query: DecisionQuery): readonly ActionRecord[] {
    return this.#parts.journal.decisions.actions({ ...query, limit: Math.min(query.limit, MAX_LIST) });
  }

  policies(): readonly PolicyInfo[] {
    return this.#parts.policies();
  }

  get shelf(): PolicyShelf {
    return this.#parts.shelf;
  }

  async ask(text: string, options: AskOptions): Promise<AskResult> {
    return this.#parts.asking.ask(text, options);
  }

  feedback(input: FeedbackInput): Feedback {
    const { reward, note } = input;
    if (!Number.isFinite(reward) || reward < -1 || reward > 1) {
      throw new GanglionError('FEEDBACK_INVALID', { reason: `the reward was ${String(reward)}` });
    }
    const record = this.decision(input.decision);
    if (record === undefined) throw new GanglionError('ACTION_UNKNOWN', { id: input.decision });
    return this.#parts.executor.addFeedback({
      decision: record.decision.id,
      reward,
      source: 'explicit',
      ...(note === undefined ? {} : { note: note.slice(0, 1000) }),
    });
  }

  approvals(): readonly ActionRecord[] {
    return this.#parts.executor.approvals();
  }

  approve(action: string, verdict: 'approve' | 'deny'): ActionRecord {
    return this.#parts.executor.approve(action, verdict);
  }

  subscribe(listener: (event: RuntimeEvent) => void, types?: readonly RuntimeEvent['type'][]): () => void {
    return this.#parts.events.subscribe(listener, types);
  }

  stats(): Stats {
    return this.#parts.stats.snapshot();
  }

  models(): readonly ModelListing[] {
    return this.#parts.models.list();
  }

  async chat(
    model: string,
    request: ChatRequest,
    options: ChatOptions,
    onText?: (piece: string) => void,
  ): Promise<ChatAnswer> {
    return this.#parts.models.chat(model, request, options, onText);
  }
}
