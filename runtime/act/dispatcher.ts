import type { Action } from '../contract/action.ts';
import type { ActuatorResult, Encoder } from '../contract/actuator.ts';
import type { Target } from '../contract/house.ts';
import type { EntityId } from '../contract/ids.ts';
import type { Clock } from '../contract/time.ts';
import { messageOf } from '../errors.ts';
import type { Pools } from './pools.ts';
import { TOOL_DIALECT } from './interlocks.ts';

export interface Job {
  readonly action: Action;
  readonly target: Target;
}

export interface DispatcherOptions {
  readonly pools: Pools;
  readonly clock: Clock;
  readonly encoderFor: (dialect: string) => Encoder | undefined;
  /** Module and export of tools, custom actuators and handlers, by dialect. */
  readonly handlerFor: (job: Job) => { module: string; name: string | undefined; batch: boolean } | undefined;
  /** Called before a batch goes out, with all of it: the moment to mark what must not repeat. False holds the job back. */
  readonly beforeSend: (jobs: readonly Job[]) => Promise<readonly Job[]> | readonly Job[];
  readonly onResult: (job: Job, result: ActuatorResult) => void;
  readonly queueLimit: number;
}

/** A task carries at most so many actions: a wake of the pool costs more than an action. */
const BATCH = 64;

/**
 * Sends actions through the pools. Per entity one at a time and in order, across entities in parallel; whatever
 * became ready in one turn of the event loop travels together.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** Waiting jobs by entity; an entity that is in the map has one under way. */
  readonly #lanes = new Map<EntityId, Job[]>();
  /** Ids of the jobs accepted and not yet answered. */
  readonly #underWay = new Set<string>();
  #ready: Job[] = [];
  #scheduled = false;
  #size = 0;
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Jobs accepted and not yet answered. */
  get size(): number {
    return this.#size;
  }

  /** @returns false if the queue is full; the job was not taken then */
  submit(job: Job): boolean {
    if (this.#size >= this.#options.queueLimit) return false;
    this.#size++;
    this.#underWay.add(job.action.id);
    const lane = this.#lanes.get(job.action.entity);
    if (lane === undefined) {
      this.#lanes.set(job.action.entity, []);
      this.#enqueue(job);
    } else {
      lane.push(job);
    }
    return true;
  }

  /** Sends nothing more. What is under way is left to end without anybody listening. */
  stop(): void {
    this.#stopped = true;
    this.#ready = [];
    this.#lanes.clear();
  }

  #enqueue(job: Job): void {
    if (this.#stopped) return;
    this.#ready.push(job);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const jobs = this.#ready;
      this.#ready = [];
      // Critical ones wait for the disk; the others must not wait with them.
      for (const group of [
        jobs.filter((job) => !job.action.critical),
        jobs.filter((job) => job.action.critical),
      ]) {
        for (let i = 0; i < group.length; i += BATCH) void this.#send(group.slice(i, i + BATCH));
      }
    });
  }

  async #send(batch: readonly Job[]): Promise<void> {
    try {
      await this.#sendLive(batch);
    } catch (error) {
      // Nothing waits for this promise: what goes wrong must end the actions, not the daemon.
      const detail = messageOf(error);
      for (const job of batch)
        if (this.#underWay.has(job.action.id)) this.#finish(job, { status: 'failed', detail });
    }
  }

  async #sendLive(batch: readonly Job[]): Promise<void> {
    const now = this.#options.clock.wall();
    const live = batch.filter((job) => {
      if (job.action.deadline > now) return true;
      this.#finish(job, { status: 'failed', detail: 'expired' });
      return false;
    });
    const cleared = await this.#options.beforeSend(live);
    if (this.#stopped) return;
    const held = live.filter((job) => !cleared.includes(job));
    for (const job of held) this.#release(job);
    const groups = new Map<string, Job[]>();
    for (const job of cleared) {
      const group = this.#groupOf(job);
      groups.set(group, [...(groups.get(group) ?? []), job]);
    }
    await Promise.all([...groups.values()].map(async (jobs) => this.#perform(jobs)));
  }

  /** Jobs of one group go to the pool as one task. User handlers get a task each unless they promise to be quick. */
  #groupOf(job: Job): string {
    const { dialect } = job.target;
    if (this.#options.encoderFor(dialect) !== undefined) return 'publish';
    const handler = this.#options.handlerFor(job);
    return handler?.batch === true ? `${handler.module} ${handler.name ?? ''}` : job.action.id;
  }

  async #perform(jobs: readonly Job[]): Promise<void> {
    const first = jobs[0];
    if (first === undefined) return;
    const encoder = this.#options.encoderFor(first.target.dialect);
    if (encoder !== undefined) {
      await this.#publish(jobs);
      return;
    }
    const timeoutMs = Math.min(this.#options.pools.handlerTimeoutMs, this.#timeLeft(first));
    const tasks = jobs.map(({ action, target }) => ({ action, target }));
    let results: readonly ActuatorResult[];
    if (first.target.dialect === 'webhook') {
      results = await this.#options.pools.handle({ kind: 'webhook', tasks, timeoutMs });
    } else {
      const handler = this.#options.handlerFor(first);
      results =
        handler === undefined
          ? tasks.map(() => ({
              status: 'failed',
              detail: `nothing speaks the dialect ${first.target.dialect}`,
            }))
          : await this.#options.pools.handle(
              first.target.dialect === TOOL_DIALECT
                ? { kind: 'tool', module: handler.module, name: handler.name ?? '', tasks, timeoutMs }
                : { kind: 'actuator', module: handler.module, name: handler.name, tasks, timeoutMs },
            );
    }
    for (const [i, job] of jobs.entries())
      this.#finish(job, results[i] ?? { status: 'failed', detail: 'the pool gave no result' });
  }

  async #publish(jobs: readonly Job[]): Promise<void> {
    const sendable: Job[] = [];
    const tasks = [];
    for (const job of jobs) {
      try {
        const commands = this.#options.encoderFor(job.target.dialect)?.encode(job.action, job.target) ?? [];
        tasks.push({ commands, once: job.action.repeat === 'never', timeoutMs: this.#timeLeft(job) });
        sendable.push(job);
      } catch (error) {
        this.#finish(job, { status: 'failed', detail: messageOf(error) });
      }
    }
    if (tasks.length === 0) return;
    const results = await this.#options.pools.publish(tasks);
    for (const [i, job] of sendable.entries())
      this.#finish(job, results[i] ?? { status: 'failed', detail: 'the pool gave no result' });
  }

  #timeLeft(job: Job): number {
    return Math.max(0, job.action.deadline - this.#options.clock.wall());
  }

  #finish(job: Job, result: ActuatorResult): void {
    this.#release(job);
    this.#options.onResult(job, result);
  }

  #release(job: Job): void {
    if (!this.#underWay.delete(job.action.id)) return;
    this.#size--;
    const lane = this.#lanes.get(job.action.entity);
    const next = lane?.shift();
    if (next === undefined) this.#lanes.delete(job.action.entity);
    else this.#enqueue(next);
  }
}
