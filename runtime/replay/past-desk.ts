import { Worker } from 'node:worker_threads';
import type { RuleEngine, ToolSignature } from '../../policies/index.ts';
import type { Interlocks } from '../act/interlocks.ts';
import type { Config } from '../config/load.ts';
import type { House } from '../contract/house.ts';
import type { Clock } from '../contract/time.ts';
import { CATALOGUE, GanglionError, isGanglionError, type ErrorCode } from '../errors.ts';
import { workerFile } from '../lib/worker-file.ts';
import { callAccounts, type PolicyAccount } from './account.ts';
import { composeAccount } from './explain-past.ts';
import type { PastQuestion, ReplayQuestion } from './past.ts';
import type { PastJob, PastReply } from './past-worker.ts';
import { plainHouse } from './plain-house.ts';
import type { ReplayResult } from './result.ts';

export interface PastDeskOptions {
  readonly config: Config;
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly engine: RuleEngine;
  readonly interlocks: Interlocks;
  readonly clock: Clock;
  /** Hands what was recorded so far to the disk. */
  readonly flush: () => void;
}

/** What a replay may take of memory, MB; a day of 500 entities takes a fifth. */
const MEMORY_MB = 512;

/** Where a running daemon is asked about the past. Answers are made in a thread that ends with its question, one at a time. */
export class PastDesk {
  readonly #options: PastDeskOptions;
  #worker: Worker | undefined;

  constructor(options: PastDeskOptions) {
    this.#options = options;
  }

  /**
   * @param signal ends the thread when it is aborted
   * @throws GanglionError REPLAY_BUSY, POLICY_UNKNOWN, JOURNAL_ABSENT, JOURNAL_UNREADABLE, JOURNAL_CORRUPT; the signal's reason
   */
  async replay(question: Omit<ReplayQuestion, 'op'>, signal?: AbortSignal): Promise<ReplayResult> {
    return (await this.#ask({ op: 'replay', ...question }, signal)) as ReplayResult;
  }

  /**
   * Why a policy does or does not fire: now, as the engine sees it, with since when from history; or at a past moment.
   * @throws GanglionError POLICY_UNKNOWN, REPLAY_BUSY; for a past moment also JOURNAL_ABSENT, JOURNAL_UNREADABLE, JOURNAL_CORRUPT
   */
  async explain(id: string, atMs?: number, signal?: AbortSignal): Promise<PolicyAccount> {
    const { engine, interlocks, clock } = this.#options;
    if (atMs !== undefined) return (await this.#ask({ op: 'explain', id, atMs }, signal)) as PolicyAccount;
    engine.explain(id, { wall: clock.wall(), mono: clock.mono() });
    const past = await this.#pastOf(id, signal);
    const now = { wall: clock.wall(), mono: clock.mono() };
    const spec = engine.policy(id);
    return composeAccount({
      atMs: now.wall,
      from: 'live',
      explanation: engine.explain(id, now),
      calls: spec === undefined ? [] : callAccounts(spec, interlocks),
      fired: past?.fired ?? [],
      held: past?.held ?? [],
      ...(past === undefined ? {} : { past }),
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  /** Without a history, what is now is told all the same. */
  async #pastOf(id: string, signal: AbortSignal | undefined): Promise<PolicyAccount | undefined> {
    try {
      const atMs = this.#options.clock.wall();
      return (await this.#ask({ op: 'explain', id, atMs }, signal)) as PolicyAccount;
    } catch (error) {
      if (isGanglionError(error)) return undefined;
      throw error;
    }
  }

  async #ask(question: PastQuestion, signal: AbortSignal | undefined): Promise<ReplayResult | PolicyAccount> {
    signal?.throwIfAborted();
    if (this.#worker !== undefined) throw new GanglionError('REPLAY_BUSY', {});
    const { config, house, tools, flush } = this.#options;
    flush();
    // A tool is more than what it is checked against; functions cannot be handed over.
    const signatures = tools.map(({ name, parameters }) => ({ name, parameters }));
    const job: PastJob = { config, house: plainHouse(house), tools: signatures, question };
    const worker = new Worker(workerFile(import.meta.url, 'past-worker.js'), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    this.#worker = worker;
    const leave = (): void => void worker.terminate();
    signal?.addEventListener('abort', leave);
    try {
      const reply = await new Promise<PastReply>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', () => reject(failure({ reason: 'it was stopped' }, config)));
      });
      if (reply.type === 'answer') return reply.answer;
      const { code, fields, message } = reply;
      if (code === undefined || !Object.hasOwn(CATALOGUE, code)) throw failure({ reason: message }, config);
      throw new GanglionError(code as ErrorCode, fields);
    } catch (error) {
      signal?.throwIfAborted();
      throw isGanglionError(error) ? error : failure({ reason: String(error), cause: error }, config);
    } finally {
      signal?.removeEventListener('abort', leave);
      await worker.terminate();
      this.#worker = undefined;
    }
  }
}

function failure({ reason, cause }: { reason: string; cause?: unknown }, { data }: Config): GanglionError {
  return new GanglionError('JOURNAL_UNREADABLE', { path: data, reason }, { cause });
}
