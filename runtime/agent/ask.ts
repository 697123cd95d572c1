import { link, simulate, type LinkResult } from '../../devices/index.ts';
import type { Executor } from '../act/executor.ts';
import type { Outcome } from '../contract/action.ts';
import type { AskOptions, AskResult, RuntimeApi } from '../contract/api.ts';
import type { Decision, SkippedRung } from '../contract/decision.ts';
import type { House } from '../contract/house.ts';
import { entityOf, propertyOf } from '../contract/ids.ts';
import type { EntityId, PropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import type { Choice } from '../contract/rung.ts';
import type { StateSnapshot, StateView } from '../contract/state.ts';
import type { Clock } from '../contract/time.ts';
import type { Decider, Proposal } from '../decide.ts';
import type { Deliberation } from '../deliberation.ts';
import { matchesAny } from '../lib/pattern.ts';
import type { Reading, SynapseReader } from '../modelhost/synapse/reader.ts';
import { openRequest } from './open-request.ts';

export interface AskingParts {
  readonly house: House;
  readonly state: StateView;
  readonly decider: Decider;
  readonly deliberation: Deliberation;
  /** The embedded model, where no other is configured: asked before the ladder what the linker leaves open. */
  readonly reader?: Pick<SynapseReader, 'read'>;
  /** Absent: dry runs only. */
  readonly executor: Executor | undefined;
  readonly clock: Clock;
  readonly subscribe: RuntimeApi['subscribe'];
}

/** A question that the linker has an answer for is answered by the model only where it is likelier right than not. */
const LIKELY = 0.5;
const UNKNOWN = 'Nothing is known of that now.';
const EMPTY = 'No device of this house takes commands yet; `ganglion devices` shows what it has.';

/** A rung's part of a proposal. */
type Answer = Pick<Proposal, 'rung' | 'calls' | 'confidence' | 'explanation' | 'skipped' | 'tokens'>;

/** Requests in words: the linker answers what is certain, the ladder's models choose among what it found possible. */
export class Asking {
  readonly #parts: AskingParts;

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  async ask(text: string, options: AskOptions): Promise<AskResult> {
    const { decider, clock, executor } = this.#parts;
    const since = clock.mono();
    const answer = await this.#answer(text, options);
    const proposal: Proposal = {
      ...answer,
      trigger: { kind: 'request', text },
      inputs: {},
      mode: 'auto',
      since,
    };
    const { decision, orders } = decider.decide(restricted(proposal, options.allow));
    const before = this.#known(decision);
    if (options.dryRun || executor === undefined) {
      const after = simulate(before, decision.actions, (id) => this.#parts.house.entity(id)?.kind);
      return result(text, decision, [], changes(decision, before, after));
    }
    const watch = this.#watch(decision, options);
    const committed = executor.commit([{ decision, orders }])[0] ?? decision;
    const outcomes = await watch;
    return result(text, committed, outcomes, changes(committed, before, this.#known(committed)));
  }

  async #answer(text: string, options: AskOptions): Promise<Answer> {
    const { house, state, deliberation } = this.#parts;
    const linked = link(text, house, state);
    if (linked.kind === 'certain')
      return { ...certain(linked.explanation), calls: linked.calls, confidence: linked.confidence };
    if (linked.kind !== 'question' && !takesCommands(house)) return certain(`${linked.explanation} ${EMPTY}`);
    const read = await this.#read(text, linked, options);
    const answer = read === undefined ? undefined : this.#understood(read, linked);
    if (answer !== undefined) return answer;
    const skipped: SkippedRung[] = read?.kind === 'unsure' ? [{ rung: 'llm', reason: read.reason }] : [];
    if (linked.kind === 'question')
      return { ...certain(this.#tell(linked.about ?? [], linked.explanation)), skipped };
    if (linked.kind === 'nothing') return { ...certain(`${linked.explanation}${because(read)}`), skipped };
    const asked = await deliberation.ask(text, openRequest(linked.choices, house), options.signal);
    const alone = read !== undefined && asked.rung === 'abstain' && asked.skipped.length === 0;
    const climbed = {
      ...asked,
      skipped: [...skipped, ...asked.skipped],
      // Where there is nobody else to ask, that is no news.
      ...(alone ? { explanation: '' } : {}),
    };
    return asked.rung === 'abstain'
      ? withReadings(climbed, linked.choices, `${linked.explanation}${because(read)}`)
      : climbed;
  }

  /** What the embedded model makes of it, where there is one. */
  async #read(text: string, linked: LinkResult, options: AskOptions): Promise<Reading | undefined> {
    const { house, state, reader } = this.#parts;
    if (reader === undefined || linked.kind === 'certain') return undefined;
    const signal = options.signal ?? new AbortController().signal;
    return reader.read({ text, house, state, signal });
  }

  #understood(read: Reading, linked: LinkResult): Answer | undefined {
    if (read.kind === 'unsure' || read.kind === 'barred') return undefined;
    const { confidence, explanation, tokens } = read;
    const by = { rung: 'llm', confidence, skipped: [], tokens };
    if (read.kind === 'calls') {
      // Of a question nothing is to be done: what the linker finds for it is the better answer.
      if (linked.kind === 'question') return undefined;
      const skipped: SkippedRung[] = read.left === undefined ? [] : [{ rung: 'llm', reason: read.left }];
      return { ...by, calls: read.calls, explanation, skipped };
    }
    const about = linked.kind === 'question' ? (linked.about ?? []) : [];
    if (about.length > 0 && confidence < LIKELY) return undefined;
    const told = this.#tell(read.keys, '');
    return {
      ...by,
      calls: [],
      explanation: told === '' ? `${explanation} ${UNKNOWN}` : `${told} ${explanation}`,
    };
  }

  /** The answer to a question about the state, in words. */
  #tell(about: readonly PropertyKey[], otherwise: string): string {
    const { house, state } = this.#parts;
    const told = about.flatMap((key) => {
      const { value, standing, unit } = state.get(key);
      if (standing === 'unknown') return [];
      const name = house.entity(entityOf(key))?.name ?? entityOf(key);
      const property = propertyOf(key) === 'state' ? '' : ` ${propertyOf(key).replaceAll('_', ' ')}`;
      const measured = unit === undefined ? String(value) : `${String(value)} ${unit}`;
      return [`${name}${property} is ${measured}${standing === 'known' ? '' : ` (${standing})`}`];
    });
    return told.length === 0 ? otherwise : `${told.join('; ')}.`;
  }

  /** Collects the outcomes of a decision's actions until all are in or the time is up. */
  async #watch(decision: Decision, options: AskOptions): Promise<readonly Outcome[]> {
    const outcomes = new Map<string, Outcome>();
    const wanted = new Set(decision.actions.map((action) => action.id));
    if (wanted.size === 0 || options.waitMs <= 0) return [];
    return new Promise((resolve) => {
      const finish = (): void => {
        unsubscribe();
        timer.cancel();
        options.signal?.removeEventListener('abort', finish);
        resolve([...outcomes.values()]);
      };
      const timer = this.#parts.clock.schedule(options.waitMs, finish);
      const unsubscribe = this.#parts.subscribe(
        (event) => {
          // What waits for a person will not end soon.
          if (event.type === 'action' && event.stage === 'awaiting-approval') wanted.delete(event.action.id);
          if (event.type === 'outcome' && wanted.has(event.outcome.action))
            outcomes.set(event.outcome.action, event.outcome);
          if (outcomes.size >= wanted.size) finish();
        },
        ['action', 'outcome'],
      );
      options.signal?.addEventListener('abort', finish);
    });
  }

  #known(decision: Decision): StateSnapshot {
    const known: Record<EntityId, Record<string, Value>> = {};
    for (const { entity } of decision.actions) {
      const values: Record<string, Value> = {};
      for (const [property, { standing, value }] of Object.entries(this.#parts.state.entity(entity))) {
        if (standing === 'known' && value !== undefined) values[property] = value;
      }
      known[entity] = values;
    }
    return known;
  }
}

function takesCommands(house: House): boolean {
  for (const { target, commands } of house.entities())
    if (target !== undefined && commands.length > 0) return true;
  return false;
}

function certain(explanation: string): Answer {
  return { rung: 'link', calls: [], confidence: 1, explanation, skipped: [] };
}

function because(read: Reading | undefined): string {
  return read?.kind === 'unsure' ? ` ${read.reason.replace(/^./, (first) => first.toUpperCase())}.` : '';
}

/** Requests from places anyone can write to may touch only what the owner lists for them. */
function restricted(proposal: Proposal, allow: readonly string[] | undefined): Proposal {
  if (allow === undefined) return proposal;
  const calls = proposal.calls.filter((call) => matchesAny(allow, call.entity));
  const left = proposal.calls.length - calls.length;
  if (left === 0) return proposal;
  return {
    ...proposal,
    calls,
    explanation: `${proposal.explanation} ${left} of its actions may not be asked for from here.`,
  };
}

/** Where no rung could choose, the possible readings are named, so that a person can say it more plainly. */
function withReadings(answer: Answer, choices: readonly Choice[], explanation: string): Answer {
  const named = choices.filter((choice) => choice.calls.length > 0).map((choice) => choice.label);
  const readings =
    named.length === 0 ? 'Nothing in this house fits.' : `Possible: ${named.slice(0, 5).join(' | ')}.`;
  return { ...answer, explanation: `${explanation} ${readings} ${answer.explanation}`.trim() };
}

/** The properties that the actions are about: `state`, and whatever differs. */
function changes(decision: Decision, before: StateSnapshot, after: StateSnapshot): AskResult['state'] {
  const shown: Record<EntityId, Record<string, Value>> = {};
  for (const { entity } of decision.actions) {
    const old = before[entity] ?? {};
    const values = Object.entries(after[entity] ?? {});
    shown[entity] = Object.fromEntries(
      values.filter(([property, value]) => property === 'state' || old[property] !== value),
    );
  }
  return shown;
}

function result(
  request: string,
  decision: Decision,
  outcomes: readonly Outcome[],
  state: AskResult['state'],
): AskResult {
  const { id, rung, actions, refused, confidence, explanation, latencyMs, tokens, skipped } = decision;
  const answer = { id, rung, actions, refused, confidence, explanation, latencyMs, skipped };
  return { request, decision: tokens === undefined ? answer : { ...answer, tokens }, outcomes, state };
}
