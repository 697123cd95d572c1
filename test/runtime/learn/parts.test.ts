import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Journal } from '../../../runtime/journal/journal.ts';
import { frozen } from '../../../runtime/learn/frozen-state.ts';
import { choiceOfFeedback, choiceOfVerdict } from '../../../runtime/learn/human.ts';
import { minuteOfDay } from '../../../runtime/learn/minute-of-day.ts';
import { Recent } from '../../../runtime/learn/recent.ts';
import { LearningStore, subjectOf } from '../../../runtime/learn/store.ts';
import { Trainer } from '../../../runtime/learn/trainer.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import type { Feedback } from '../../../runtime/contract/action.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { rungConformance } from '../../conformance/rung.ts';
import { TestState } from '../../policies/support.ts';
import { MemoryLog } from '../../support/log.ts';
import { decision } from '../../support/samples.ts';
import { policy, School } from './school.ts';

rungConformance('tree, learned', async () => {
  const school = new School(policy());
  await school.run(900);
  const request = school.asked.at(-1)!;
  const rung = school.learning.rungFor(school.spec, []);
  if (!('decide' in rung)) throw new TypeError(rung.reason);
  const frame = { ...request.frame, values: Float64Array.of(500, 20) };
  return {
    rung,
    answerable: { ...request, frame, budgetMs: 1000 },
    foreign: { ...request, policy: 'another', budgetMs: 1000 },
  };
});

describe('the state, frozen', () => {
  it('stays as it was while the house goes on', () => {
    const state = new TestState();
    state.set('sensor.a.x', 1);
    const kept = frozen(state);
    state.set('sensor.a.x', 2);
    state.set('sensor.b.y', 3);
    expect(kept.get('sensor.a.x')).toMatchObject({ value: 1, standing: 'known' });
    expect(kept.current(kept.slot('sensor.a.x'))).toBe(1);
    expect(kept.standing(kept.slot('sensor.b.y'))).toBe('unknown');
    expect(kept.current(kept.slot('sensor.b.y'))).toBeUndefined();
    expect([...kept.entities()]).toEqual(['sensor.a']);
    expect(kept.entity('sensor.b')).toEqual({});
    expect(kept.version).toBeLessThan(state.version);
    expect(kept.key(kept.slot('sensor.a.x'))).toBe('sensor.a.x');
  });
});

describe('the share of the last decisions', () => {
  it('is that of the last 256, also after it was written down', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 600 }), (made) => {
        const recent = new Recent();
        for (const one of made) recent.add(one);
        const last = made.slice(-256);
        const share = last.length === 0 ? 0 : last.filter(Boolean).length / last.length;
        for (const ring of [recent, new Recent(recent.text)]) {
          expect(ring.share).toBeCloseTo(share);
          expect(ring.size).toBe(last.length);
        }
      }),
    );
  });
});

describe('the minute of the day', () => {
  it('is local, through the change to summer time, and unknown while the clock is not set', () => {
    const zone = 'Europe/Berlin';
    expect(minuteOfDay(Date.UTC(2026, 0, 1, 23, 30), zone)).toBe(30);
    expect(minuteOfDay(Date.UTC(2026, 2, 29, 0, 59), zone)).toBe(119);
    expect(minuteOfDay(Date.UTC(2026, 2, 29, 1, 0), zone)).toBe(180);
    expect(minuteOfDay(0, zone)).toBeUndefined();
    expect(minuteOfDay(Number.NaN, zone)).toBeUndefined();
  });
});

describe('what people say', () => {
  const said = (more: Partial<Feedback>): Feedback => ({
    id: 'f',
    decision: 'd',
    at: 0 as WallMs,
    reward: -1,
    source: 'explicit',
    ...more,
  });
  const made = (choice?: string) =>
    decision('d', { sample: { features: [1], ...(choice === undefined ? {} : { choice }) } });
  const three = ['none', 'a', 'b'];

  it.each([
    ['it was good', said({ reward: 1 }), made('a'), three, 'a'],
    ['it was bad, of two', said({}), made('a'), ['none', 'a'], 'none'],
    ['it was bad, of three', said({}), made('a'), three, undefined],
    ['what would have been right', said({ choice: 'b' }), made('a'), three, 'b'],
    ['what would have been right, where nobody answered', said({ choice: 'b' }), made(), three, 'b'],
    ['something the policy does not list', said({ choice: 'x' }), made('a'), three, undefined],
    ['neither good nor bad', said({ reward: 0 }), made('a'), three, undefined],
    ['nothing, nobody signed it', said({ source: 'unsigned', choice: 'b' }), made('a'), three, undefined],
    ['nothing, it was only undone', said({ source: 'implied', choice: 'b' }), made('a'), three, undefined],
  ])('%s', (_, feedback, about, choices, right) => {
    expect(choiceOfFeedback(feedback, about, choices)).toBe(right);
  });

  it.each([
    ['approve', 'a', three, 'a'],
    ['deny', 'a', three, 'none'],
    ['deny', 'a', ['a', 'b'], 'b'],
    ['deny', 'a', ['a', 'b', 'c'], undefined],
    ['deny', undefined, three, undefined],
  ] as const)('%s of %s', (verdict, choice, choices, right) => {
    expect(choiceOfVerdict(verdict, made(choice), choices)).toBe(right);
  });
});

describe('the store', () => {
  function open(): { journal: Journal; store: LearningStore } {
    const folder = mkdtempSync(join(tmpdir(), 'ganglion-store-'));
    const clock = new ManualClock();
    const log = new MemoryLog();
    const journal = new Journal({ folder, clock, log, keepMs: 1e12, maxBytes: 1e9, onHealth: () => {} });
    journal.open();
    onTestFinished(async () => {
      await journal.close();
      rmSync(folder, { recursive: true, force: true });
    });
    return { journal, store: new LearningStore(journal) };
  }
  const example = (id: string, subject: string) =>
    ({ id, subject, at: 1, values: [1, null], choice: 'none', source: 'model' }) as const;

  it('keeps so many examples of each subject, the latest, each once', () => {
    const { store } = open();
    for (let i = 0; i < 9000; i++) store.add(example(`a${i}`, 'a'));
    for (let i = 0; i < 10; i++) store.add(example('b0', 'b'));
    const kept = store.examples('a');
    expect(kept.length).toBeLessThanOrEqual(8192);
    expect(kept.at(-1)?.id).toBe('a8999');
    expect(kept[0]?.values).toEqual([1, null]);
    expect(store.examples('b')).toHaveLength(1);
    expect([store.knows('b0'), store.knows('a0'), store.knows('a8999')]).toEqual([true, false, true]);
  });

  it('keeps no more of one subject for another that comes in turn with it', () => {
    const { journal, store } = open();
    for (let i = 0; i < 8800; i++)
      for (const subject of ['a', 'b']) store.add(example(`${subject}${i}`, subject));
    const { examples } = journal.decisions;
    for (const subject of ['a', 'b']) {
      expect(examples.list(subject, 9000).length).toBeLessThanOrEqual(8192 + 256);
      expect(examples.list(subject, 1)[0]?.id).toBe(`${subject}8799`);
    }
  });

  it('drops what a policy has learned that has been gone for ninety days, and nothing else', () => {
    const { journal, store } = open();
    const DAY = 86_400_000;
    for (const policy of ['gone', 'stays', 'back']) {
      store.begin(policy, `${policy}#1`);
      store.add(example(policy, `${policy}#1`));
    }
    store.saveDocument('gone/explore', { live: true });
    const now = Date.UTC(2026, 0, 1);
    const left = () => ['gone', 'stays', 'back'].filter((policy) => store.examples(`${policy}#1`).length > 0);
    store.sweep(new Set(['stays']), now);
    store.sweep(new Set(['stays', 'back']), now + 50 * DAY);
    store.sweep(new Set(['stays']), now + 89 * DAY);
    expect(left()).toEqual(['gone', 'stays', 'back']);
    store.sweep(new Set(['stays']), now + 90 * DAY);
    expect(left()).toEqual(['stays', 'back']);
    expect(journal.decisions.documentsOf('learning/gone')).toEqual([]);
    expect(journal.decisions.documentsOf('learning/stays')).toEqual(['learning/stays']);
  });

  it('keeps what was learned for the last three shapes of a policy', () => {
    const { store } = open();
    const subjects = ['x', 'y', 'z', 'u'].map((name) => subjectOf('p', [name], ['none', 'a']));
    expect(new Set(subjects).size).toBe(4);
    for (const subject of subjects) {
      store.add(example(subject, subject));
      expect(store.begin('p', subject)).toBe(subject !== subjects[0]);
      expect(store.begin('p', subject)).toBe(false);
    }
    expect(subjects.map((subject) => store.examples(subject).length)).toEqual([0, 1, 1, 1]);
  });
});

describe('the training pool', () => {
  it('learns a tree in its thread, says what is wrong with the rows, and takes none once stopped', async () => {
    const trainer = new Trainer();
    onTestFinished(() => trainer.stop());
    const data = (labels: number[]) => ({
      features: ['x'],
      choices: ['a', 'b'],
      values: Float64Array.from({ length: 40 }, (_, i) => i),
      labels: Uint8Array.from(labels),
    });
    const labels = Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1));
    const training = trainer.train({ data: data(labels), options: { folds: 4 } });
    expect(trainer.running).toBe(1);
    const { tree, rows } = await training;
    expect(rows).toBe(40);
    expect(tree.nodes[0]).toMatchObject({ feature: 'x', threshold: 19.5 });
    await expect(trainer.train({ data: data([0]), options: {} })).rejects.toThrow('40');
    expect(trainer.running).toBe(0);
    await trainer.stop();
    await expect(trainer.train({ data: data(labels), options: {} })).rejects.toThrow('stopping');
  });
});
