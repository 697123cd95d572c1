import { describe, expect, it } from 'vitest';
import {
  Bandit,
  type BanditOptions,
  doublyRobust,
  GaussianThompson,
  inversePropensity,
  type Learner,
  LinUcb,
  type LoggedChoice,
} from '../../../policies/index.ts';
import type { MonoMs } from '../../../runtime/contract/time.ts';
import { seeded } from '../distil/support.ts';

const ACTIONS = [
  { label: 'low', safe: true },
  { label: 'high', safe: true },
  { label: 'siren', safe: false },
];
const ALL = ACTIONS.map(({ label }) => label);
const NOON = 12 * 60;
const ROW = Float64Array.of(0.5);

function bandit(changes: Partial<BanditOptions> = {}, seed = 1): Bandit {
  const random = seeded(seed);
  return new Bandit({
    actions: ACTIONS,
    learner: new GaussianThompson(3, random),
    random,
    tryShare: 0.3,
    quiet: [{ from: 22 * 60, to: 7 * 60 }],
    patienceMs: 60_000,
    capacity: 2000,
    ...changes,
  });
}

/** Runs decisions; `worth` is the mean reward of an action. Returns how often each was taken. */
function play(
  one: Bandit,
  decisions: number,
  worth: Record<string, number>,
  minuteOfDay = NOON,
  from = 0,
): Record<string, number> {
  const random = seeded(77);
  const taken: Record<string, number> = {};
  for (let i = from; i < from + decisions; i++) {
    const at = (i * 1000) as MonoMs;
    const choice = one.choose(`d${i}`, ROW, ALL, { at, minuteOfDay })!;
    taken[choice.label] = (taken[choice.label] ?? 0) + 1;
    one.reward(`d${i}`, worth[choice.label]! + (random() - 0.5) / 2, 'explicit', at);
  }
  return taken;
}

describe('a bandit', () => {
  it('does what was done before until what it learned is judged good, then the better', () => {
    const one = bandit();
    expect(one.goLive()).toBe(false);
    const before = play(one, 1000, { low: 0, high: 0.5, siren: 0.9 });
    expect(before.low).toBeGreaterThan(700);
    expect(before.siren).toBeUndefined();
    expect(one.judge()).toMatchObject({ good: true });
    expect(one.goLive()).toBe(true);
    const after = play(one, 500, { low: 0, high: 0.5, siren: 0.9 }, NOON, 1000);
    expect(after.high).toBeGreaterThan(400);
    expect(after.siren).toBeUndefined();
    one.goBack();
    expect(one.live).toBe(false);
  });

  it('does not go live for what is no better', () => {
    const one = bandit();
    play(one, 1500, { low: 0.3, high: 0.1, siren: 0 });
    expect(one.judge().good).toBe(false);
    expect(one.judge().text).toContain('would have brought');
    expect(bandit().judge().text).toContain('Too few');
  });

  it('tries nothing in quiet hours, and only what is safe and admissible', () => {
    const one = bandit({ tryShare: 1 });
    expect(play(one, 200, { low: 0, high: 1, siren: 1 }, 23 * 60)).toEqual({ low: 200 });
    expect(play(one, 200, { low: 0, high: 1, siren: 1 }, 6 * 60, 200)).toEqual({ low: 200 });
    expect(one.choose('x', ROW, ['siren', 'high'], { at: 0 as MonoMs, minuteOfDay: NOON })?.label).toBe(
      'high',
    );
    expect(one.choose('x', ROW, ['siren'], { at: 0 as MonoMs, minuteOfDay: NOON })?.label).toBe('siren');
    expect(one.choose('x', ROW, ['unheard of'], { at: 0 as MonoMs, minuteOfDay: NOON })).toBeUndefined();
  });

  it('says with which chance it took what it took', () => {
    const one = bandit();
    const inverse = { low: 0, high: 0 } as Record<string, number>;
    const decisions = 20_000;
    for (let i = 0; i < decisions; i++) {
      const { label, propensity } = one.choose(`d${i}`, ROW, ALL, { at: 0 as MonoMs, minuteOfDay: NOON })!;
      inverse[label]! += 1 / propensity / decisions;
    }
    // The inverse chances of what was taken sum to 1 for every action.
    expect(inverse.low).toBeCloseTo(1, 1);
    expect(inverse.high).toBeCloseTo(1, 1);
  });

  it('takes silence for a reward of 0, late feedback for none, and implied feedback for half', () => {
    const rewards: number[] = [];
    const learner: Learner = {
      explore: (_row, actions) => actions.map(() => 0),
      expect: (_row, actions) => actions.map(() => 0),
      learn: (_row, _action, reward) => void rewards.push(reward),
    };
    const one = bandit({ learner });
    const choose = (id: string, at: number): unknown =>
      one.choose(id, ROW, ALL, { at: at as MonoMs, minuteOfDay: NOON });
    choose('silent', 0);
    choose('implied', 30_000);
    choose('explicit', 59_999);
    expect(one.reward('implied', -0.5, 'implied', 60_000 as MonoMs)).toBe(true);
    expect(one.reward('silent', 1, 'explicit', 60_000 as MonoMs)).toBe(false);
    expect(one.reward('explicit', 7, 'explicit', 60_000 as MonoMs)).toBe(true);
    expect(one.reward('explicit', 1, 'explicit', 60_001 as MonoMs)).toBe(false);
    expect(one.reward('nobody', 1, 'explicit', 60_001 as MonoMs)).toBe(false);
    expect(rewards).toEqual([0, -0.25, 1]);
    expect(one.stats()).toMatchObject({ choices: 3, rewards: 2, late: 3, silent: 1, waiting: 0 });
  });

  it('stands a million messages in bounded memory', () => {
    const one = bandit({ capacity: 100 });
    for (let i = 0; i < 1000; i++) one.choose(`d${i}`, ROW, ALL, { at: 0 as MonoMs, minuteOfDay: NOON });
    for (let i = 0; i < 1_000_000; i++) one.reward(`d${i % 5000}`, 1, 'implied', 0 as MonoMs);
    expect(one.stats()).toMatchObject({ rewards: 100, late: 999_900, waiting: 0, silent: 900 });
  });
});

describe.each([
  ['Gaussian', (random: () => number) => new GaussianThompson(2, random)],
  ['LinUCB', () => new LinUcb(2, 1)],
])('%s', (_name, make) => {
  it('comes to take the better action', () => {
    const learner = make(seeded(5));
    const random = seeded(6);
    let better = 0;
    for (let i = 0; i < 1000; i++) {
      const scores = learner.explore(ROW, [0, 1]);
      const action = scores[1]! > scores[0]! ? 1 : 0;
      if (i >= 500) better += action;
      learner.learn(ROW, action, (action === 1 ? 0.4 : 0) + random() - 0.5);
    }
    expect(better).toBeGreaterThan(430);
  });
});

describe('LinUCB', () => {
  it('learns that what is best depends on the features, missing ones included', () => {
    const learner = new LinUcb(2, 2);
    const random = seeded(8);
    for (let i = 0; i < 2000; i++) {
      const row = Float64Array.of(2 * random() - 1, Number.NaN);
      for (const action of [0, 1]) learner.learn(row, action, action === 0 ? row[0]! : -row[0]!);
    }
    const [a, b] = learner.expect(Float64Array.of(0.8, 0), [0, 1]);
    expect(a).toBeCloseTo(0.8, 2);
    expect(b).toBeCloseTo(-0.8, 2);
  });
});

describe('off-policy estimates', () => {
  // Truth: action 1 brings 1 where x > 0, else 0; action 0 brings 0.3. The log takes 1 in a fifth of the cases.
  const random = seeded(9);
  const reward = (x: number, action: number): number => (action === 0 ? 0.3 : x > 0 ? 1 : 0);
  const log = Array.from({ length: 4000 }, (): LoggedChoice => {
    const x = 2 * random() - 1;
    const action = random() < 0.2 ? 1 : 0;
    const propensity = action === 1 ? 0.2 : 0.8;
    return {
      row: Float64Array.of(x),
      action,
      admissible: [0, 1],
      propensity,
      reward: reward(x, action) + random() - 0.5,
    };
  });
  const policy = (row: Float64Array): number[] => (row[0]! > 0 ? [0, 1] : [1, 0]);
  const truth = 0.65;

  it('see what a policy would have brought that was never used', () => {
    const byPropensity = inversePropensity(log, policy);
    const doubly = doublyRobust(log, policy, (row, action) => reward(row[0]!, action));
    for (const { value, standardError } of [byPropensity, doubly])
      expect(Math.abs(value - truth)).toBeLessThan(4 * standardError);
    expect(doubly.standardError).toBeLessThan(byPropensity.standardError);
    expect(byPropensity.effective).toBeGreaterThan(500);
  });

  it('are right with a wrong guess of the rewards, or with wrong propensities', () => {
    const wrongGuess = doublyRobust(log, policy, () => -0.7);
    expect(Math.abs(wrongGuess.value - truth)).toBeLessThan(4 * wrongGuess.standardError);
    const forgotten = log.map((entry) => ({ ...entry, propensity: 0.5 }));
    const wrongChances = doublyRobust(forgotten, policy, (row, action) => reward(row[0]!, action));
    expect(Math.abs(wrongChances.value - truth)).toBeLessThan(0.05);
    expect(Math.abs(inversePropensity(forgotten, policy).value - truth)).toBeGreaterThan(0.05);
  });

  it('say nothing of nothing', () => {
    expect(inversePropensity([], policy)).toEqual({ value: NaN, standardError: NaN, effective: 0 });
  });
});
