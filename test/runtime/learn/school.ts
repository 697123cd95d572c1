import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parsePolicies, trainTree, type DecideSpec, type LadderAnswer } from '../../../policies/index.ts';
import type { RuntimeEvent } from '../../../runtime/contract/api.ts';
import type { Decision } from '../../../runtime/contract/decision.ts';
import type { Rung, RungRequest } from '../../../runtime/contract/rung.ts';
import type { Proposal } from '../../../runtime/decide.ts';
import { HealthBoard } from '../../../runtime/health.ts';
import { Journal } from '../../../runtime/journal/journal.ts';
import { ladderFor } from '../../../runtime/ladders.ts';
import { Learning } from '../../../runtime/learn/learning.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { newId } from '../../../runtime/lib/id.ts';
import { ProblemDesk } from '../../../runtime/problems.ts';
import { RuntimeStats } from '../../../runtime/stats.ts';
import { seeded } from '../../policies/distil/support.ts';
import { TestState } from '../../policies/support.ts';
import { entity, houseOf } from '../../support/house.ts';
import { MemoryLog } from '../../support/log.ts';

/** The choice a teacher makes for a row, or undefined where it abstains. */
export type Teacher = (row: Float64Array) => number | undefined;

export const FEATURES = ['sensor.living.co2', 'sensor.living.temperature'] as const;
export const CHOICES = ['none', 'fan.living.turn_on', 'cover.window.open'] as const;

/** By CO2, and by temperature where there is much of it. */
export const FIRST: Teacher = (row) => (row[0]! <= 800 ? 0 : row[1]! <= 22 ? 1 : 2);
export const SECOND: Teacher = (row) => (row[1]! <= 20 ? 2 : row[0]! <= 1000 ? 1 : 0);

const MINUTE = 60_000;

export function policy(more: object = {}, id = 'fresh-air'): DecideSpec {
  const decide = { on: [FEATURES[0]], choices: CHOICES, features: FEATURES, rungs: ['tree', 'llm'], ...more };
  const text = JSON.stringify([{ id, decide }]);
  const { policies, problems } = parsePolicies([{ name: 'policies/test.yaml', text }]);
  const spec = policies[0];
  if (spec?.type !== 'decide') throw new TypeError(problems.map(({ message }) => message).join('\n'));
  return spec;
}

/** A policy that learns, with its ladder and a journal on the disk, minute by minute. */
export class School {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly learning: Learning;
  readonly log = new MemoryLog();
  readonly health: HealthBoard;
  readonly events: (RuntimeEvent & { type: 'learning' })[] = [];
  readonly changed: string[] = [];
  readonly random: () => number;
  readonly #parts: Parameters<typeof ladderFor>[1];
  spec: DecideSpec;
  teacher: Teacher = FIRST;
  /** What the teacher was asked. */
  readonly asked: RungRequest[] = [];
  #ladder: ReturnType<typeof ladderFor>;
  /** Trainings under way. */
  #training: Promise<unknown> = Promise.resolve();

  constructor(spec: DecideSpec, from?: School, folder = mkdtempSync(join(tmpdir(), 'ganglion-learn-'))) {
    this.folder = folder;
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    this.spec = spec;
    this.clock = new ManualClock(from === undefined ? Date.UTC(2026, 0, 1) : from.clock.wall());
    this.random = from?.random ?? seeded(7);
    const { clock, log } = this;
    // Its own clock stands still: what it does once a second is not what is tested here.
    const still = new ManualClock();
    this.journal = new Journal({
      folder,
      clock: still,
      log,
      keepMs: 1e12,
      maxBytes: 1e9,
      onHealth: () => {},
    });
    this.journal.open();
    onTestFinished(() => this.journal.close());
    this.health = new HealthBoard('hub', '1', clock);
    const stats = new RuntimeStats();
    const emit = (event: RuntimeEvent): void => {
      if (event.type === 'learning') this.events.push(event);
    };
    this.learning = new Learning({
      journal: this.journal,
      clock,
      random: () => this.random(),
      timezone: 'UTC',
      log,
      health: this.health,
      problems: new ProblemDesk({ log, stats, clock, emit }),
      emit,
      policies: () => [this.spec.id, 'a-rule'],
      onChanged: (id) => this.changed.push(id),
      train: async ({ data, options }) => {
        const training = Promise.resolve().then(() => trainTree(data, options));
        this.#training = training.catch(() => {});
        return training;
      },
    });
    const llm: Rung = {
      name: 'llm',
      decide: (request) => {
        this.asked.push(request);
        const index = this.teacher(request.frame.values);
        if (index === undefined) return { kind: 'abstain', reason: 'it does not know' };
        return { kind: 'choice', index, confidence: 0.9, explanation: 'as it was told' };
      },
    };
    this.#parts = {
      shared: new Map([['llm', llm]]),
      absent: new Map([['remote', 'no model server is configured (remote.url)']]),
      learn: (one, teachers) => this.learning.rungFor(one, teachers),
      explore: (one) => this.learning.exploreFor(one),
      forget: (id) => this.learning.forget(id),
      clock,
      onProblem: () => {},
    };
    this.#ladder = this.#build();
    this.learning.load();
  }

  #build(): ReturnType<typeof ladderFor> {
    const ladder = ladderFor(this.spec, this.#parts);
    this.#parts.explore(this.spec);
    return ladder;
  }

  /** As a file that was edited while the daemon runs. */
  edit(spec: DecideSpec): void {
    this.spec = spec;
    this.#ladder = this.#build();
  }

  row(): Float64Array {
    return Float64Array.of(400 + this.random() * 1000, 15 + this.random() * 12);
  }

  /** One decision, a minute after the last. Audits and trainings it set off are through when it resolves. */
  async decide(row = this.row()): Promise<Decision> {
    this.clock.advance(MINUTE);
    const state = new TestState();
    state.set('sensor.living.co2', row[0]);
    const frame = { names: FEATURES, values: row, stateVersion: 1 };
    const house = houseOf([entity('fan.living'), entity('cover.window'), entity('sensor.living')]);
    const { id: policyId, choices, guidance } = this.spec;
    const request = { policy: policyId, choices, frame, guidance, state, house };
    const answer = await this.#ladder.decide(request);
    const decision = this.#decision(answer, row);
    this.journal.commit([decision], []);
    await this.rest();
    return decision;
  }

  async run(decisions: number, teacher: Teacher = this.teacher): Promise<Decision[]> {
    this.teacher = teacher;
    const made: Decision[] = [];
    for (let i = 0; i < decisions; i++) made.push(await this.decide());
    return made;
  }

  /** Until what is under way has come to rest. */
  async rest(): Promise<void> {
    for (let i = 0; i < 8; i++) {
      await this.#training;
      await Promise.resolve();
    }
  }

  /** What a kill −9 leaves, opened anew. */
  killed(spec = this.spec): School {
    const copy = mkdtempSync(join(tmpdir(), 'ganglion-killed-'));
    cpSync(this.folder, copy, { recursive: true });
    return new School(spec, this, copy);
  }

  kinds(): Set<string> {
    return new Set(this.events.map(({ kind }) => kind));
  }

  #decision(answer: LadderAnswer, row: Float64Array): Decision {
    const choice = this.spec.choices[answer.index]?.label;
    const proposal: Proposal = this.learning.refine({
      ...answer,
      policy: this.spec.id,
      trigger: { kind: 'time' },
      inputs: {},
      mode: 'auto',
      since: this.clock.mono(),
      sample: { features: [...row], ...(choice === undefined ? {} : { choice }) },
    });
    const at = this.clock.wall();
    const { mode: _, since: __, calls: ___, ...rest } = proposal;
    return {
      ...rest,
      id: proposal.id ?? newId(at),
      at,
      actions: [],
      refused: [],
      latencyMs: 1,
      durable: true,
    };
  }
}
