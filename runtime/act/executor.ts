import type { Action, Call, Feedback, Outcome, OutcomeStatus } from '../contract/action.ts';
import type { ActuatorResult, Encoder } from '../contract/actuator.ts';
import type { ActionRecord, RuntimeEvent } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import type { House } from '../contract/house.ts';
import { kindOf } from '../contract/ids.ts';
import type { PropertyKey } from '../contract/ids.ts';
import { isKind, kindSpec } from '../contract/kinds.ts';
import type { Reading, Value } from '../contract/reading.ts';
import type { Clock, Timer, WallMs } from '../contract/time.ts';
import type { Journal } from '../journal/journal.ts';
import { newId } from '../lib/id.ts';
import { Approvals } from './approvals.ts';
import { Confirmations } from './confirmation.ts';
import { Dispatcher } from './dispatcher.ts';
import { toolTarget } from './interlocks.ts';
import type { DispatcherOptions, Job } from './dispatcher.ts';
import type { Pools } from './pools.ts';
import { resume } from './recovery.ts';
import { ReversalWatch } from './reversal.ts';

export interface ExecutorOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly pools: Pools;
  readonly house: House;
  readonly encoderFor: (dialect: string) => Encoder | undefined;
  readonly handlerFor: DispatcherOptions['handlerFor'];
  readonly queueLimit: number;
  readonly deadlineMs: number;
  readonly approvalExpiresMs: number;
  /**
   * Why a rule forbids a call now. Asked again for what waited, for a person or over a crash: what was allowed when it
   * was decided may not be any more.
   */
  readonly veto?: (call: Call) => string | undefined;
  /** Told what a person said to an action that waited for them. */
  readonly onVerdict?: (action: Action, verdict: 'approve' | 'deny') => void;
  readonly emit: (event: RuntimeEvent) => void;
}

/** A job with what the interlocks said about it. */
export interface Order extends Job {
  readonly needsApproval: boolean;
}

/** A decision and what is to be done for it. */
export interface Plan {
  readonly decision: Decision;
  readonly orders: readonly Order[];
}

/** So many of an entity's newest actions are looked at for one that replaces an interrupted one. */
const NEWER = 20;
/**
 * How long outcomes may wait to be written. A kill in between costs the word of an outcome, not an action: the next start
 * finds the action unfinished and looks at the state again.
 */
const WRITE_MS = 25;
const UNRECORDED = 'the journal cannot store it, and critical actions are never sent unrecorded';
/** The reward an undone action implies. */
const REVERSAL_REWARD = -0.5;

/**
 * Carries decisions out: journals them, sends their actions, waits for the devices to show the effect, and ends each
 * with exactly one outcome, across crashes.
 *
 *     commit ─► awaiting-approval ─► pending ─► sent ─► confirmed | unconfirmed
 *                      └─ refused, expired  └─ expired, failed
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #dispatcher: Dispatcher;
  readonly #approvals: Approvals;
  readonly #confirmations = new Confirmations();
  readonly #reversals = new ReversalWatch((entity) => this.#confirmations.waitsFor(entity));
  readonly #timers = new Map<string, Timer>();
  /** Live actions: when the decision was made, and whether a crash would find it. */
  readonly #started = new Map<string, { readonly atMs: number; readonly durable: boolean }>();
  #ended: Outcome[] = [];
  #sent: string[] = [];
  #writing: Timer | undefined;
  #stopped = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    const { clock, pools, encoderFor, handlerFor, queueLimit } = options;
    this.#dispatcher = new Dispatcher({
      pools,
      clock,
      encoderFor,
      handlerFor,
      queueLimit,
      beforeSend: async (jobs) => this.#beforeSend(jobs),
      onResult: (job, result) => this.#onResult(job, result),
    });
    this.#approvals = new Approvals({
      clock,
      expiresMs: options.approvalExpiresMs,
      onExpired: (job) => this.#end(job.action, 'expired', 'nobody approved it in time'),
    });
  }

  /**
   * Stores decisions of one cause with their actions, all or none, and sets the actions going.
   * @returns the decisions, with `durable` as it turned out
   */
  commit(plans: readonly Plan[]): readonly Decision[] {
    const waiting = plans.flatMap(({ orders }) =>
      orders.filter((order) => order.needsApproval).map(({ action }) => action.id),
    );
    const durable = this.#options.journal.commit(
      plans.map(({ decision }) => decision),
      waiting,
    );
    return plans.map((plan) => this.#begin(plan, durable));
  }

  #begin({ decision, orders }: Plan, durable: boolean): Decision {
    const final = durable === decision.durable ? decision : { ...decision, durable };
    this.#options.emit({ type: 'decision', decision: final });
    for (const order of orders) {
      if (order.needsApproval) {
        this.#await(order);
      } else if (!durable && order.action.critical) {
        this.#end(order.action, 'refused', UNRECORDED);
      } else {
        this.#start(order, durable);
      }
    }
    return final;
  }

  #await(order: Job, ageMs = 0): void {
    if (this.#approvals.add(order, ageMs)) {
      this.#options.emit({ type: 'action', action: order.action, stage: 'awaiting-approval' });
    } else {
      this.#end(order.action, 'refused', 'too many actions wait for approval');
    }
  }

  /** Called for every reading: looks for proof of what was sent and for signs that it was undone. */
  observe(reading: Reading): void {
    for (const action of this.#confirmations.observe(reading)) this.#end(action, 'confirmed');
    const undone = this.#reversals.observe(reading);
    if (undone !== undefined) {
      this.addFeedback({
        decision: undone.decision,
        reward: REVERSAL_REWARD,
        source: 'implied',
        note: `${reading.key} became ${String(reading.value)}`,
      });
    }
  }

  addFeedback(input: Omit<Feedback, 'id' | 'at'>): Feedback {
    const at = this.#options.clock.wall();
    const feedback: Feedback = { id: newId(at), at, ...input };
    this.#options.journal.addFeedback(feedback);
    this.#options.emit({ type: 'feedback', feedback });
    return feedback;
  }

  approvals(): readonly ActionRecord[] {
    return this.#approvals
      .list()
      .map(({ job, code }) => ({ action: job.action, stage: 'awaiting-approval', code }));
  }

  /** @throws GanglionError APPROVAL_INVALID */
  approve(id: string, verdict: 'approve' | 'deny', code?: string): ActionRecord {
    const job = this.#approvals.take(id, code);
    this.#options.onVerdict?.(job.action, verdict);
    if (verdict === 'deny') {
      this.#end(job.action, 'refused', 'denied');
      return { action: job.action, stage: 'done' };
    }
    const veto = this.#options.veto?.(job.action);
    if (veto !== undefined) {
      this.#end(job.action, 'refused', veto);
      return { action: job.action, stage: 'done' };
    }
    // The time spent waiting for a person does not count.
    const action = {
      ...job.action,
      deadline: (this.#options.clock.wall() + this.#options.deadlineMs) as WallMs,
    };
    const durable = this.#options.journal.approve(action.id, action.deadline);
    if (!durable && action.critical) {
      this.#end(action, 'refused', UNRECORDED);
      return { action, stage: 'done' };
    }
    this.#start({ ...job, action }, durable);
    return { action, stage: 'pending' };
  }

  /**
   * Goes on with what a crash interrupted. Call when the sources have delivered what they had waiting.
   * Never-repeat actions that were marked sent stay sent; safe ones go out again only if the state differs and nothing
   * newer was decided since.
   */
  recover(unfinished: readonly ActionRecord[], current: (key: PropertyKey) => Value | undefined): void {
    const { clock, house, journal } = this.#options;
    const now = clock.wall();
    const present = {
      now,
      current,
      target: ({ entity }: Action) =>
        entity.startsWith('tool.') ? toolTarget(entity) : house.entity(entity)?.target,
      ofEntity: ({ entity }: Action) => journal.decisions.actions({ entity, limit: NEWER }),
    };
    for (const record of unfinished) {
      const { action } = record;
      const next = resume(record, present);
      if (next.do === 'end') this.#end(action, next.status, next.detail);
      else if (next.do === 'send') {
        const veto = this.#options.veto?.(action);
        if (veto === undefined) this.#start({ action, target: next.target }, true);
        else this.#end(action, 'refused', veto);
      } else this.#await({ action, target: next.target }, now - this.#madeAt(action));
    }
  }

  get gauges(): Record<string, number> {
    return {
      actions_in_flight: this.#dispatcher.size,
      actions_awaiting_confirmation: this.#timers.size,
      approvals_waiting: this.#approvals.list().length,
    };
  }

  /** Stores what has ended; whatever is still under way is found by the next start. */
  stop(): void {
    this.#stopped = true;
    this.#dispatcher.stop();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#approvals.stop();
    this.#writing?.cancel();
    this.#flush();
  }

  /** @param durable whether the next start would find it */
  #start(job: Job, durable: boolean): void {
    this.#started.set(job.action.id, { atMs: this.#madeAt(job.action), durable });
    if (!this.#dispatcher.submit(job))
      this.#end(job.action, 'refused', `the action queue is full (${this.#options.queueLimit})`);
  }

  async #beforeSend(jobs: readonly Job[]): Promise<readonly Job[]> {
    const { journal, clock } = this.#options;
    const once = jobs.filter(({ action }) => action.repeat === 'never').map(({ action }) => action.id);
    let cleared = jobs;
    const refuse = (unfit: (job: Job) => boolean, detail: string): void => {
      const refused = new Set(cleared.filter(unfit));
      cleared = cleared.filter((job) => !refused.has(job));
      for (const { action } of refused) this.#end(action, 'refused', detail);
    };
    // Marked before it is published: after a crash in between it counts as sent, and is not sent again. One that is
    // stored as pending and cannot be marked must not go out: the next start would send it a second time.
    if (once.length > 0 && !journal.setStage(once, 'sent')) {
      refuse(
        ({ action }) => action.repeat === 'never' && this.#started.get(action.id)?.durable === true,
        'the journal cannot mark it as sent, and it must not be sent twice',
      );
    }
    if (cleared.some(({ action }) => action.critical)) {
      try {
        await journal.syncToDisk();
      } catch {
        refuse(({ action }) => action.critical, UNRECORDED);
      }
    }
    const now = clock.mono();
    for (const { action } of cleared) this.#confirmations.expect(action, now);
    return cleared;
  }

  #onResult(job: Job, result: ActuatorResult): void {
    const { action } = job;
    // A quick device may have shown the effect before the broker's acknowledgement came back. What a stop interrupts
    // stays unfinished: the next start goes on with it.
    if (this.#stopped || !this.#started.has(action.id)) return;
    if (result.status === 'failed') {
      const late = this.#options.clock.wall() >= action.deadline;
      this.#end(
        action,
        late ? 'expired' : 'failed',
        late ? 'it could not be sent before its deadline' : result.detail,
      );
      return;
    }
    this.#options.emit({ type: 'action', action, stage: 'sent' });
    if (action.repeat === 'safe') {
      this.#sent.push(action.id);
      this.#writeSoon();
    }
    const kind = kindOf(action.entity);
    const confirmMs = isKind(kind) ? kindSpec(kind).confirmMs : 0;
    if (confirmMs === 0 || this.#confirmations.missing(action) === '') {
      this.#end(action, 'unconfirmed', 'it has no state to confirm it by', result.result);
      return;
    }
    const timer = this.#options.clock.schedule(confirmMs, () => {
      this.#end(
        action,
        'unconfirmed',
        `the device did not show ${this.#confirmations.missing(action)} within ${confirmMs / 1000} s`,
      );
    });
    this.#timers.set(action.id, timer);
  }

  #end(action: Action, status: OutcomeStatus, detail?: string, result?: string): void {
    const { clock, emit } = this.#options;
    this.#timers.get(action.id)?.cancel();
    this.#timers.delete(action.id);
    this.#started.delete(action.id);
    this.#confirmations.forget(action);
    const at = clock.wall();
    const outcome: Outcome = {
      action: action.id,
      status,
      at,
      latencyMs: Math.max(0, at - this.#madeAt(action)),
      ...(detail === undefined ? {} : { detail }),
      ...(result === undefined ? {} : { result }),
    };
    if (status === 'confirmed') this.#reversals.confirmed(action, clock.mono());
    this.#ended.push(outcome);
    this.#writeSoon();
    emit({ type: 'outcome', outcome, action });
  }

  /** Stages and outcomes of a moment are written together: a commit costs far more than a row. */
  #writeSoon(): void {
    this.#writing ??= this.#options.clock.schedule(WRITE_MS, () => {
      this.#writing = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    const [sent, ended] = [this.#sent, this.#ended];
    this.#sent = [];
    this.#ended = [];
    // Most are sent and confirmed within one moment: their `sent` need not be written.
    const underWay = sent.filter((id) => this.#started.has(id));
    if (underWay.length > 0) this.#options.journal.setStage(underWay, 'sent');
    if (ended.length > 0) this.#options.journal.finish(ended);
  }

  /** An action's deadline was set from the time of its decision. */
  #madeAt(action: Action): number {
    return action.deadline - this.#options.deadlineMs;
  }
}
