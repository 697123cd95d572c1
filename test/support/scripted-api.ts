import type { Action, Feedback, Outcome } from '../../runtime/contract/action.ts';
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
} from '../../runtime/contract/api.ts';
import type { Decision } from '../../runtime/contract/decision.ts';
import type { ChatAnswer, ChatRequest } from '../../runtime/contract/engine.ts';
import type { Area, Entity, House } from '../../runtime/contract/house.ts';
import { entityOf, propertyOf, type EntityId, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { PropertyState, StateView } from '../../runtime/contract/state.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { ScriptedShelf } from './scripted-shelf.ts';
import { newId } from '../../runtime/lib/id.ts';

export function chatAnswer(text: string): ChatAnswer {
  return {
    text,
    finish: 'stop',
    tokens: { cached: 40, prompt: 7, generated: 3 },
    timings: { waitedMs: 1, promptMs: 20, predictedMs: 30 },
  };
}

export const NOW = Date.UTC(2026, 0, 5, 21, 30);

/** A RuntimeApi that answers from a script and records what it was told. For tests of what stands on the API. */
export class ScriptedApi implements RuntimeApi {
  readonly node = 'hub';
  readonly house: House;
  readonly state: StateView;
  readonly shelf = new ScriptedShelf();
  readonly listeners = new Set<(event: RuntimeEvent) => void>();
  readonly asked: { text: string; options: AskOptions }[] = [];
  readonly told: FeedbackInput[] = [];
  readonly queries: (HistoryQuery | DecisionQuery)[] = [];
  records: DecisionRecord[] = [decisionRecord('0001'), decisionRecord('0002', { rung: 'llm' })];
  waiting: ActionRecord[] = [
    {
      action: action('wait1', { decision: newId(NOW), entity: 'lock.door', command: 'unlock', args: {} }),
      stage: 'awaiting-approval',
      code: '042137',
    },
  ];
  status: Health['status'] = 'ok';
  counters: Record<string, number> = { 'sense.messages': 12, 'act.outcomes-confirmed': 3 };
  /** What `ask` does; replace to script slow or failing answers. */
  answer: (text: string, options: AskOptions) => Promise<AskResult> = (text) =>
    Promise.resolve(askResult(text));

  listing: ModelListing[] = [{ name: 'tiny', state: 'ready' }];
  chats: ChatRequest[] = [];
  /** What `chat` does; replace to script slow or failing answers. */
  write: (
    request: ChatRequest,
    onText: (piece: string) => void,
    signal?: AbortSignal,
  ) => Promise<ChatAnswer> = (request, onText) => {
    for (const piece of ['It is ', 'on.']) onText(piece);
    return Promise.resolve(chatAnswer(`It is on.${request.stop.join('')}`));
  };

  constructor(entities: readonly Entity[] = [ENTITIES.light, ENTITIES.lock, ENTITIES.sensor]) {
    this.house = scriptedHouse(entities);
    this.state = scriptedState({
      'light.hall.state': 'on',
      'light.hall.brightness': 20,
      'sensor.hall.temperature': 21.437,
    });
  }

  models(): readonly ModelListing[] {
    return this.listing;
  }

  async chat(
    _model: string,
    request: ChatRequest,
    options: ChatOptions,
    onText: (piece: string) => void = () => {},
  ): Promise<ChatAnswer> {
    this.chats.push(request);
    options.onQueue?.(2);
    return this.write(request, onText, options.signal);
  }

  emit(event: RuntimeEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  health(): Health {
    return {
      status: this.status,
      node: this.node,
      version: '0.1.0',
      uptimeS: 75,
      parts: [{ name: 'mqtt', status: 'ok', detail: 'connected to 127.0.0.1:1883' }],
    };
  }

  history(query: HistoryQuery): Promise<readonly HistoryPoint[]> {
    this.queries.push(query);
    return Promise.resolve([
      { at: NOW - 60_000, value: 21.4 },
      { at: NOW, value: 21.5 },
    ]);
  }

  decisions(query: DecisionQuery): readonly DecisionRecord[] {
    this.queries.push(query);
    return this.records.slice(0, query.limit);
  }

  decision(id: string): DecisionRecord | undefined {
    return this.records.find((record) => record.decision.id.startsWith(id));
  }

  actions(query: DecisionQuery): readonly ActionRecord[] {
    this.queries.push(query);
    return this.records.flatMap((record) => record.actions).slice(0, query.limit);
  }

  policies(): readonly PolicyInfo[] {
    return [
      {
        id: 'hall-night-light',
        type: 'rule',
        file: 'policies/evening.yaml',
        mode: 'auto',
        summary: 'When motion in the hall, turn on the light',
        fired: 3,
        lastFired: NOW,
        when: false,
      },
    ];
  }

  ask(text: string, options: AskOptions): Promise<AskResult> {
    this.asked.push({ text, options });
    return this.answer(text, options);
  }

  feedback(input: FeedbackInput): Feedback {
    if (this.decision(input.decision) === undefined) {
      throw new GanglionError('ACTION_UNKNOWN', { id: input.decision });
    }
    this.told.push(input);
    return { id: 'f1', at: NOW as WallMs, source: 'explicit', ...input };
  }

  approvals(): readonly ActionRecord[] {
    return this.waiting;
  }

  approve(id: string, verdict: 'approve' | 'deny'): ActionRecord {
    const record = this.waiting.find((candidate) => candidate.action.id.startsWith(id));
    if (record === undefined)
      throw new GanglionError('APPROVAL_INVALID', { id, reason: 'nothing with that id waits' });
    this.waiting = this.waiting.filter((candidate) => candidate !== record);
    return verdict === 'approve'
      ? { action: record.action, stage: 'pending' }
      : { action: record.action, stage: 'done', outcome: outcome(record.action, 'refused') };
  }

  subscribe(listener: (event: RuntimeEvent) => void, types?: readonly RuntimeEvent['type'][]): () => void {
    const filtered = (event: RuntimeEvent): void => {
      if (types === undefined || types.includes(event.type)) listener(event);
    };
    this.listeners.add(filtered);
    return () => this.listeners.delete(filtered);
  }

  stats(): Stats {
    return {
      stages: [
        { stage: 'decode', count: 400, p50Ms: 0.02, p99Ms: 0.09, cpuMs: 8 },
        { stage: 'rules', count: 400, p50Ms: 0.01, p99Ms: 0.05, cpuMs: 3 },
        { stage: 'model', count: 4, p50Ms: 310, p99Ms: 540, cpuMs: 1300 },
      ],
      counters: this.counters,
      gauges: { 'state.properties': 3 },
    };
  }
}

export const ENTITIES = {
  light: entity('light.hall', { name: 'Hall light', area: 'hall', commands: ['turn_on', 'turn_off'] }),
  lock: entity('lock.door', {
    name: 'Front door',
    area: 'hall',
    critical: true,
    commands: ['lock', 'unlock'],
  }),
  sensor: entity('sensor.hall', { name: 'Hall sensor', area: 'hall', commands: [] }),
};

export function entity(id: EntityId, more: Partial<Entity> = {}): Entity {
  return {
    id,
    kind: id.slice(0, id.indexOf('.')) as Entity['kind'],
    name: id,
    aliases: [],
    device: `zigbee2mqtt/${id.slice(id.indexOf('.') + 1)}`,
    critical: false,
    properties: {},
    commands: [],
    ...more,
  };
}

export function action(id: string, more: Partial<Action> = {}): Action {
  return {
    id,
    decision: '0001',
    entity: 'light.hall',
    command: 'turn_on',
    args: { brightness: 20 },
    idempotencyKey: id,
    deadline: (NOW + 10_000) as WallMs,
    repeat: 'safe',
    critical: false,
    before: {},
    ...more,
  };
}

export function outcome(of: Action, status: Outcome['status'] = 'confirmed'): Outcome {
  return { action: of.id, status, at: NOW as WallMs, latencyMs: 41 };
}

export function decision(id: string, more: Partial<Decision> = {}): Decision {
  return {
    id,
    at: NOW as WallMs,
    rung: 'rule',
    policy: 'hall-night-light',
    trigger: { kind: 'time' },
    actions: [action(`a${id}`, { decision: id })],
    refused: [],
    confidence: 1,
    explanation: 'Motion in the hall and it is dark',
    latencyMs: 0.21,
    skipped: [],
    durable: true,
    inputs: { 'sensor.hall.temperature': 21.4 },
    ...more,
  };
}

export function decisionRecord(id: string, more: Partial<Decision> = {}): DecisionRecord {
  const made = decision(id, more);
  return {
    decision: made,
    actions: made.actions.map((action) => ({ action, stage: 'done', outcome: outcome(action) })),
    feedback: [],
  };
}

export function askResult(request: string, more: Partial<AskResult['decision']> = {}): AskResult {
  const { id, rung, actions, refused, confidence, explanation, latencyMs, skipped } = decision('0003', {
    rung: 'link',
  });
  return {
    request,
    decision: { id, rung, actions, refused, confidence, explanation, latencyMs, skipped, ...more },
    outcomes: actions.map((action) => outcome(action)),
    state: { 'light.hall': { state: 'on', brightness: 20 } },
  };
}

export function reading(key: PropertyKey, value: Value): RuntimeEvent {
  return {
    type: 'reading',
    reading: { key, value, at: NOW as WallMs, received: 0 as MonoMs, retained: false },
  };
}

function scriptedHouse(entities: readonly Entity[]): House {
  const areas: Area[] = [{ id: 'hall', name: 'Hall', floor: 'ground', aliases: [] }];
  return {
    version: 1,
    entity: (id) => entities.find((candidate) => candidate.id === id),
    entities: () => entities,
    area: (id) => areas.find((area) => area.id === id),
    areas: () => areas,
    ofDevice: (device) => entities.filter((candidate) => candidate.device === device),
  };
}

function scriptedState(values: Readonly<Record<PropertyKey, Value>>): StateView {
  const keys = Object.keys(values) as PropertyKey[];
  const get = (key: PropertyKey): PropertyState => {
    const value = values[key];
    return { value, standing: value === undefined ? 'unknown' : 'known', at: NOW as WallMs };
  };
  return {
    version: 7,
    slot: (key) => keys.indexOf(key),
    key: (slot) => keys[slot]!,
    current: (slot) => values[keys[slot]!],
    standing: (slot) => get(keys[slot]!).standing,
    get,
    entity: (id) =>
      Object.fromEntries(
        keys.filter((key) => entityOf(key) === id).map((key) => [propertyOf(key), get(key)]),
      ),
    entities: () => new Set(keys.map(entityOf)),
  };
}
