import type { RuntimeApi, RuntimeEvent } from './contract/api.ts';
import type { Message } from './contract/message.ts';
import type { Clock, Timer } from './contract/time.ts';
import { isGanglionError, messageOf } from './errors.ts';
import { matchesAny } from './lib/pattern.ts';

/** Where the face publishes; bounded, never throws. */
export interface Publisher {
  publish(topic: string, payload: string, options: { readonly qos: 0 | 1; readonly retain: boolean }): void;
}

export interface MqttFaceOptions {
  readonly api: RuntimeApi;
  /** Approves with the one-time code; separate from the API, whose callers are trusted. */
  readonly approveWithCode: (id: string, verdict: 'approve' | 'deny', code: string) => void;
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** Entities that requests may touch; policies whose decisions may be rated, and those that learn from it. */
  readonly askAllow: readonly string[];
  readonly feedbackAllow: readonly string[];
  readonly feedbackTeach: readonly string[];
  readonly approve: boolean;
  readonly announce: boolean;
  readonly onProblem: (code: string, topic: string, message: string) => void;
}

const STATS_MS = 60_000;
const REPORT_MS = 100;
/** Decisions and outcomes that wait to be published. */
const MAX_REPORTS = 1000;
const TEXT_LENGTH = 1000;
const PAYLOAD_BYTES = 16_384;
/** Requests answered at one time: each may wait seconds for its outcome. */
const MAX_ASKS = 16;
/** Ratings taken within one second: each is written to the journal. */
const FEEDBACK_PER_SECOND = 10;

export function baseTopic(node: string): string {
  return `ganglion/${node}`;
}

/** Topics the face answers on. */
export function faceTopics(node: string): string[] {
  return ['ask', 'feedback', 'approve'].map((name) => `${baseTopic(node)}/${name}`);
}

/**
 * The daemon as MQTT users see it: `ganglion/<node>/…`. Anyone on the broker can publish there, so what comes in is
 * limited to what the configuration allows, and approvals need their code.
 */
export class MqttFace {
  readonly #options: MqttFaceOptions;
  readonly #base: string;
  #unsubscribe: (() => void) | undefined;
  #timer: Timer | undefined;
  #reports: RuntimeEvent[] = [];
  #reporting: Timer | undefined;
  #droppedReports = 0;
  #asking = 0;
  #refusedAsks = 0;
  /** The second that ratings are counted in, and how many it has had. */
  #feedbackSecond = -1;
  #feedbackTaken = 0;
  #droppedFeedback = 0;

  constructor(options: MqttFaceOptions) {
    this.#options = options;
    this.#base = baseTopic(options.api.node);
  }

  start(): void {
    this.#unsubscribe = this.#options.api.subscribe((event) => this.#onEvent(event), ['decision', 'outcome']);
    if (this.#options.announce) this.#announce();
    this.#statsLater();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#timer?.cancel();
    this.#reporting?.cancel();
  }

  get gauges(): Record<string, number> {
    return {
      mqtt_reports_dropped: this.#droppedReports,
      mqtt_asks_refused: this.#refusedAsks,
      mqtt_feedback_dropped: this.#droppedFeedback,
    };
  }

  /** @returns true if the message was for the agent itself, not about the house */
  handle(message: Message): boolean {
    if (!message.topic.startsWith(`${this.#base}/`)) return false;
    // A retained command would be carried out again at every start.
    if (message.retained || message.payload.length > PAYLOAD_BYTES) return true;
    const name = message.topic.slice(this.#base.length + 1);
    const text = Buffer.from(message.payload).toString('utf8');
    if (name === 'ask') void this.#ask(text);
    else if (name === 'feedback' && this.#feedbackFits())
      this.#try(message.topic, () => this.#feedback(text));
    else if (name === 'approve') this.#try(message.topic, () => this.#approve(text));
    return true;
  }

  async #ask(payload: string): Promise<void> {
    const { api, askAllow } = this.#options;
    const asked = fields(payload);
    const id = plain(asked['id']) ?? 'last';
    const request = (plain(asked['text']) ?? payload).slice(0, TEXT_LENGTH);
    if (this.#asking >= MAX_ASKS) {
      this.#refusedAsks++;
      this.#reply(id, { error: `${MAX_ASKS} requests are being answered already; ask again in a moment.` });
      return;
    }
    this.#asking++;
    try {
      if (askAllow.length === 0) {
        this.#reply(id, {
          error: 'Requests over MQTT are off; mqtt.ask.allow in ganglion.yaml names what they may touch.',
        });
        return;
      }
      this.#reply(id, await api.ask(request, { dryRun: false, waitMs: 5000, allow: askAllow }));
    } catch (error) {
      this.#reply(id, { error: messageOf(error) });
    } finally {
      this.#asking--;
    }
  }

  #feedbackFits(): boolean {
    const second = Math.floor(this.#options.clock.mono() / 1000);
    if (second !== this.#feedbackSecond) {
      this.#feedbackSecond = second;
      this.#feedbackTaken = 0;
    }
    if (this.#feedbackTaken++ < FEEDBACK_PER_SECOND) return true;
    this.#droppedFeedback++;
    return false;
  }

  #feedback(payload: string): void {
    const { api, feedbackAllow, feedbackTeach } = this.#options;
    const asked = fields(payload);
    const decision = plain(asked['decision']) ?? '';
    const policy = api.decision(decision)?.decision.policy ?? 'ask';
    if (!matchesAny(feedbackAllow, policy)) return;
    const note = plain(asked['note']);
    api.feedback({
      decision,
      reward: Number(asked['reward']),
      ...(note === undefined ? {} : { note }),
      ...(matchesAny(feedbackTeach, policy) ? {} : { unsigned: true }),
    });
  }

  #approve(payload: string): void {
    if (!this.#options.approve) return;
    const asked = fields(payload);
    this.#options.approveWithCode(
      plain(asked['id']) ?? '',
      asked['verdict'] === 'deny' ? 'deny' : 'approve',
      plain(asked['code']) ?? '',
    );
  }

  /** Reports wait a moment for others: what is published in one turn of the event loop costs one system call. */
  #onEvent(event: RuntimeEvent): void {
    if (this.#reports.length >= MAX_REPORTS) {
      this.#droppedReports++;
      return;
    }
    this.#reports.push(event);
    this.#reporting ??= this.#options.clock.schedule(REPORT_MS, () => {
      this.#reporting = undefined;
      const reports = this.#reports;
      this.#reports = [];
      for (const one of reports) this.#try('report', () => this.#report(one));
    });
  }

  #report(event: RuntimeEvent): void {
    if (event.type === 'decision') this.#publish('decision', JSON.stringify(event.decision));
    if (event.type === 'outcome') {
      const { entity, command } = event.action;
      this.#publish('outcome', JSON.stringify({ ...event.outcome, entity, command }));
    }
  }

  /** Home Assistant discovery: the agent as one device with what it did last. */
  #announce(): void {
    const node = this.#options.api.node;
    const device = {
      identifiers: [`ganglion_${node}`],
      name: `Ganglion ${node}`,
      manufacturer: 'Ganglion',
      model: 'agent runtime',
    };
    const availability_topic = `${this.#base}/status`;
    const sensors = {
      last_decision: {
        name: 'Last decision',
        state_topic: `${this.#base}/decision`,
        value_template: '{{ value_json.explanation[:250] }}',
        icon: 'mdi:brain',
      },
      last_outcome: {
        name: 'Last outcome',
        state_topic: `${this.#base}/outcome`,
        value_template: '{{ value_json.status }}',
        icon: 'mdi:check-circle',
      },
    };
    for (const [name, sensor] of Object.entries(sensors)) {
      const config = {
        ...sensor,
        unique_id: `ganglion_${node}_${name}`,
        availability_topic,
        device,
        origin: { name: 'ganglion' },
      };
      this.#options.publisher.publish(
        `homeassistant/sensor/ganglion_${node}/${name}/config`,
        JSON.stringify(config),
        { qos: 1, retain: true },
      );
    }
  }

  #statsLater(): void {
    this.#timer = this.#options.clock.schedule(STATS_MS, () => {
      this.#statsLater();
      this.#try('stats', () => this.#publish('stats', JSON.stringify(this.#options.api.stats())));
    });
  }

  #reply(id: string, answer: object): void {
    // The id becomes part of a topic.
    this.#publish(`reply/${id.replaceAll(/[^\w-]/g, '').slice(0, 64)}`, JSON.stringify(answer));
  }

  #publish(name: string, payload: string): void {
    this.#options.publisher.publish(`${this.#base}/${name}`, payload, { qos: 0, retain: false });
  }

  #try(topic: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onProblem(
        isGanglionError(error) ? error.code : 'REQUEST_FAILED',
        topic,
        messageOf(error),
      );
    }
  }
}

/** A JSON object's fields; none for anything else. */
function fields(payload: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function plain(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
