import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../runtime/contract/decision.ts';
import { caught } from '../../support/caught.ts';
import { policy, School } from './school.ts';

const FAN = 'fan.living.turn_on';
const WINDOW = 'cover.window.open';
const EQUAL = { among: [FAN, WINDOW], safe: [WINDOW], share: 0.3, patience: '10m' };
const teach = (): number => 1;

/** What people say of a decision: they like the window. */
function judge(school: School, { id, sample }: Decision, source: 'explicit' | 'implied' = 'explicit'): void {
  const reward = sample?.choice === WINDOW ? 0.8 : -0.2;
  school.learning.feedback({ id: `f${id}`, decision: id, at: school.clock.wall(), reward, source });
  school.journal.addFeedback({ id: `f${id}`, decision: id, at: school.clock.wall(), reward, source });
}

describe('choices that are equally good', () => {
  it('are left alone where the policy lists none', async () => {
    const school = new School(policy());
    const made = await school.run(50, teach);
    expect(made.every(({ sample }) => sample?.choice === FAN && sample.propensity === undefined)).toBe(true);
    expect(caught(() => school.learning.explore('fresh-air', true))).toMatchObject({
      code: 'LEARNING_ABSENT',
    });
  });

  it('are tried where that is safe, with a known chance, and nothing else is', async () => {
    const school = new School(policy({ explore: EQUAL, learn: 'shadow' }));
    const made = await school.run(300, teach);
    const tried = made.filter(({ sample }) => sample?.choice === WINDOW);
    expect(tried.length).toBeGreaterThan(40);
    expect(tried.length).toBeLessThan(150);
    for (const { sample, explanation } of tried) {
      expect(sample?.propensity).toBeGreaterThan(0);
      expect(sample?.propensity).toBeLessThanOrEqual(0.3);
      expect(sample?.admissible).toEqual([FAN, WINDOW]);
      expect(explanation).toContain(`of equally good choices ${WINDOW} instead of ${FAN}: tried to find out`);
    }
    // What the teacher said is what the tree learns.
    expect(school.learning.report('fresh-air').counts).toMatchObject({ [FAN]: 300, [WINDOW]: 0 });
    const none = await school.run(100, () => 0);
    expect(none.every(({ sample }) => sample?.choice === 'none')).toBe(true);
    const unsafe = await school.run(100, () => 2);
    expect(unsafe.every(({ sample }) => sample?.choice === WINDOW)).toBe(true);
  });

  it('are not tried in quiet hours, nor while the clock is not set', async () => {
    const school = new School(policy({ explore: { ...EQUAL, quiet: '22:00-07:00' } }));
    // Begins at midnight: the first seven hours are quiet, the next fifteen are not.
    const made = await school.run(24 * 60 - 1, teach);
    const tried = made
      .filter(({ sample }) => sample?.choice === WINDOW)
      .map(({ at }) => new Date(at).getUTCHours());
    expect(Math.min(...tried)).toBe(7);
    expect(Math.max(...tried)).toBe(21);
    school.clock.setWall(1000);
    const unset = await school.run(100, teach);
    expect(unset.every(({ sample }) => sample?.choice === FAN)).toBe(true);
  });

  it('are taken by their worth only once that is shown and somebody says so, and after a kill as before', async () => {
    const school = new School(policy({ explore: EQUAL }));
    for (const one of await school.run(60, teach)) judge(school, one);
    expect(caught(() => school.learning.explore('fresh-air', true))).toMatchObject({
      code: 'EXPLORE_UNPROVEN',
      message: expect.stringContaining('Too few of') as string,
    });
    for (let i = 0; i < 500; i++) judge(school, await school.decide());
    const { exploring } = school.learning.report('fresh-air');
    expect(exploring?.judgement).toMatchObject({
      good: true,
      text: expect.stringContaining('would have brought 0.') as string,
    });
    expect(exploring!.judgement.doublyRobust).toBeGreaterThan(0.5);
    expect(Math.abs(exploring!.judgement.inversePropensity! - 0.8)).toBeLessThan(0.4);
    expect(exploring!.live).toBe(false);
    school.learning.explore('fresh-air', true);
    expect(school.events.at(-1)).toMatchObject({ kind: 'explore' });
    const live = await school.run(100);
    expect(live.filter(({ sample }) => sample?.choice === WINDOW).length).toBeGreaterThan(95);

    const again = school.killed();
    const after = again.learning.report('fresh-air').exploring!;
    expect(after.live).toBe(true);
    const [fan, window] = after.actions;
    expect(window!.worth).toBeGreaterThan(fan!.worth);
    again.learning.explore('fresh-air', false);
    expect((await again.run(50)).some(({ sample }) => sample?.choice === FAN)).toBe(true);
    expect(again.killed().learning.report('fresh-air').exploring!.live).toBe(false);
  });

  it('wait for a word over a kill, and count half of what is only implied', async () => {
    const school = new School(policy({ explore: { ...EQUAL, patience: '1h' } }));
    const made = await school.run(20, teach);
    const again = school.killed();
    expect(again.learning.report('fresh-air').exploring).toMatchObject({ waiting: 20, rewards: 0 });
    for (const one of made) judge(again, one, 'implied');
    const report = again.learning.report('fresh-air');
    expect(report.exploring).toMatchObject({ waiting: 0, rewards: 20 });
    // To like one of two equals is no word on what the teacher should have said.
    expect(report.counts).toMatchObject({ [FAN]: 20, [WINDOW]: 0 });
    again.clock.advance(2 * 3_600_000);
    await again.run(1);
    again.clock.advance(2 * 3_600_000);
    expect(again.learning.report('fresh-air').exploring).toMatchObject({ silent: 1, waiting: 0 });
  });

  it('teach the tree where none of them was right, and nothing where another of them was', async () => {
    const school = new School(policy({ explore: EQUAL }));
    const [a, b, c] = await school.run(3, teach);
    const say = (decision: string, choice: string): void =>
      school.learning.feedback({
        id: `f${decision}`,
        decision,
        at: school.clock.wall(),
        reward: -1,
        source: 'explicit',
        choice,
      });
    const equal = a!.sample?.choice === FAN ? WINDOW : FAN;
    say(a!.id, equal);
    expect(school.learning.report('fresh-air').counts).toEqual({ none: 0, [FAN]: 3, [WINDOW]: 0 });
    say(b!.id, 'none');
    school.learning.verdict(c!.id, 'deny');
    expect(school.learning.report('fresh-air').counts).toEqual({ none: 2, [FAN]: 3, [WINDOW]: 0 });
  });

  it.each([
    ['no tree', { rungs: ['llm'] }, 'no tree that learns is among its rungs'],
    ['learn: off', { learn: 'off' }, 'learning is off for this policy'],
  ])('are seen, and go live, with %s', async (_, more, reason) => {
    const school = new School(policy({ explore: EQUAL, ...more }));
    for (let i = 0; i < 560; i++) {
      school.teacher = teach;
      judge(school, await school.decide());
    }
    expect(school.learning.report('fresh-air')).toMatchObject({
      mode: 'off',
      text: expect.stringContaining(reason) as string,
      exploring: { judgement: { good: true } },
    });
    expect(school.learning.list().map((one) => one.policy)).toEqual(['fresh-air']);
    expect(school.learning.explore('fresh-air', true).exploring?.live).toBe(true);
    expect(school.killed().learning.report('fresh-air').exploring?.live).toBe(true);
    school.learning.forget('fresh-air');
    expect(school.learning.list()).toEqual([]);
    expect(caught(() => school.learning.report('fresh-air'))).toMatchObject({ code: 'LEARNING_ABSENT' });
  });

  it('say so at a start where they no longer show what they went live for, and heed nothing unsigned', async () => {
    const school = new School(policy({ explore: EQUAL }));
    const made = await school.run(30, teach);
    for (const { id } of made) {
      const about = { id: `f${id}`, decision: id, at: school.clock.wall(), reward: 1 };
      school.learning.feedback({ ...about, source: 'unsigned' });
      school.journal.addFeedback({ ...about, source: 'unsigned' });
    }
    const { exploring } = school.learning.report('fresh-air');
    expect(exploring).toMatchObject({ rewards: 0 });
    school.journal.saveDocuments({ 'learning/fresh-air/explore': { live: true } });
    const again = school.killed();
    expect(again.events).toMatchObject([
      {
        kind: 'explore',
        text: expect.stringMatching(
          /^What is known of .* is taken again\. Too few of .* --live`\.$/,
        ) as string,
      },
    ]);
    const after = again.learning.report('fresh-air').exploring!;
    expect(after.live).toBe(false);
    expect(after.actions.every(({ worth }) => worth === 0)).toBe(true);
    expect(again.killed().events).toEqual([]);
  });

  it('may be worth something only in some situations', async () => {
    const school = new School(policy({ explore: { ...EQUAL, share: 0.5, by: 'features' } }));
    for (const one of await school.run(50, teach)) judge(school, one);
    expect(school.learning.report('fresh-air').exploring?.actions.map(({ label }) => label)).toEqual([
      FAN,
      WINDOW,
    ]);
  });
});
