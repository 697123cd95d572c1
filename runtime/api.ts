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
import type { Authoring } from './contract/authoring.ts';
import type { ChatAnswer, ChatRequest } from './contract/engine.ts';
import type { LearningApi } from './contract/learning.ts';
import type { House } from './contract/house.ts';
import type { PolicyShelf } from './contract/policy-shelf.ts';
import type { StateView } from './contract/state.ts';
import { GanglionError } from './errors.ts';
import type { HealthBoard } from './health.ts';
import { MAX_FEEDBACK } from './journal/decisions.ts';
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
  readonly authoring: Authoring;
  readonly models: Models;
  /** What policies learn, and the choices of one that does. */
  readonly learning: LearningApi & { choicesOf(policy: string): readonly string[] | undefined };
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

  get authoring(): Authoring {
    return this.#parts.authoring;
  }

  get shelf(): PolicyShelf {
    return this.#parts.shelf;
  }

  async ask(text: string, options: AskOptions): Promise<AskResult> {
    return this.#parts.asking.ask(text, options);
  }

  feedback(input: FeedbackInput): Feedback {
    const { reward, note, choice } = input;
    if (!Number.isFinite(reward) || reward < -1 || reward > 1) {
      throw new GanglionError('FEEDBACK_INVALID', { reason: `the reward was ${String(reward)}` });
    }
    const { decisions } = this.#parts.journal;
    const decision = input.decision === '' ? undefined : decisions.find(input.decision);
    if (decision === undefined) throw new GanglionError('ACTION_UNKNOWN', { id: input.decision });
    // Whoever floods the broker leaves room for a person's word.
    const most = input.unsigned === true ? MAX_FEEDBACK / 2 : MAX_FEEDBACK;
    if (decisions.feedbackCount(decision.id) >= most)
      throw new GanglionError('FEEDBACK_INVALID', {
        reason: `the decision has been judged ${most} times`,
      });
    if (choice !== undefined) this.#checkChoice(choice, decision.policy);
    return this.#parts.executor.addFeedback({
      decision: decision.id,
      reward,
      source: input.unsigned === true ? 'unsigned' : 'explicit',
      ...(note === undefined ? {} : { note: note.slice(0, 1000) }),
      ...(choice === undefined ? {} : { choice: choice.slice(0, 1000) }),
    });
  }

  #checkChoice(choice: string, policy: string | undefined): void {
    const choices = policy === undefined ? undefined : this.#parts.learning.choicesOf(policy);
    if (choices?.includes(choice) === true) return;
    const reason =
      choices === undefined
        ? 'a choice was given and the decision is of no policy that learns'
        : `the choice was ${choice.slice(0, 100)}; the policy lists ${choices.join(', ')}`;
    throw new GanglionError('FEEDBACK_INVALID', { reason });
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

  get learning(): LearningApi {
    return this.#parts.learning;
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
