import { describe, expect, it } from 'vitest';
import { checkTree, trainTree } from '../../../policies/index.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { isGanglionError } from '../../../runtime/errors.ts';
import { FIRST, Home, noisy, SECOND } from './support.ts';

const AT = 1_700_000_000_000 as WallMs;

describe('a distiller', () => {
  it('takes most decisions off its teacher, and agrees where it answers', () => {
    const home = new Home(1);
    home.run(2000, noisy(FIRST, 0.01, home.random));
    home.run(1000, FIRST);
    expect(home.count.tree).toBeGreaterThan(950);
    let wrong = 0;
    for (let i = 0; i < 2000; i++) {
      const row = home.row();
      const answer = home.distiller.answer(row);
      if (answer !== undefined && answer.choice !== FIRST(row)) wrong++;
    }
    expect(wrong).toBeLessThan(20);
    const file = home.distiller.tree()!;
    const leaves = checkTree('t', file).leaves.filter((leaf) => leaf?.certified !== undefined);
    expect(leaves.length).toBeGreaterThan(1);
    for (const leaf of leaves) expect(leaf!.certified!.agreement).toBeGreaterThanOrEqual(0.95);
  });

  it('answers nothing that was not tested on later decisions', () => {
    const home = new Home(2);
    for (let i = 0; i < 2000 && !home.kinds().has('certified'); i++) {
      home.decide(FIRST);
    }
    expect(home.count.tree).toBe(0);
    const record = home.distiller.versions().find(({ status }) => status === 'active')!;
    expect(record.regions.every(({ outcome, cases }) => outcome !== 'certified' || cases > 50)).toBe(true);
    expect(home.count.checked).toBeGreaterThan(record.rows + 50);
  });

  it('stays in the shadow until it is let', () => {
    const home = new Home(3, { live: false });
    home.run(1500, FIRST);
    expect(home.kinds().has('certified')).toBe(true);
    expect(home.count).toMatchObject({ tree: 0, checked: 1500 });
    home.distiller.setLive(true);
    home.run(200, FIRST);
    expect(home.count.tree).toBeGreaterThan(150);
  });

  it('certifies nothing of a teacher that has no rule', () => {
    const home = new Home(4);
    home.run(1500, (row) => ['a', 'b', 'c'][Math.floor(row[3]! * 3000) % 3]!);
    expect(home.count.tree).toBe(0);
    expect(home.kinds()).toEqual(new Set(['not-ready']));
  });

  it('withdraws its certificates when the teacher changes, and learns the new ways', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const home = new Home(seed);
      home.run(1500, FIRST);
      expect(home.distiller.tree()).toBeDefined();
      home.count.checked = 0;
      for (let i = 0; i < 40_000 && !home.kinds().has('withdrawn'); i++) home.decide(SECOND);
      expect(home.count.checked).toBeLessThan(300);
      expect(home.distiller.tree()).toBeUndefined();
      home.run(2000, SECOND);
      home.run(500, SECOND);
      expect(home.count.tree).toBeGreaterThan(400);
    }
  });

  it('learns one choice from a teacher that makes one', () => {
    const home = new Home(5);
    home.run(400, () => 'b');
    expect(home.distiller.answer(home.row())?.choice).toBe('b');
    expect(home.distiller.tree()?.nodes).toHaveLength(1);
  });

  it('takes what people say as worth more, and lets it certify nothing', () => {
    const home = new Home(6);
    for (let i = 0; i < 2000; i++) {
      const values = home.row();
      const at = (AT + i * 60_000) as WallMs;
      expect(home.distiller.observe({ values, choice: FIRST(values), at, source: 'human' })).toEqual([]);
      home.train();
    }
    expect(home.kinds()).not.toContain('certified');
    expect(
      home.distiller
        .versions()
        .at(-1)
        ?.regions.every(({ cases }) => cases === 0),
    ).toBe(true);
  });

  it('hears people on a certified region: their corrections count as disagreement', () => {
    const home = new Home(7);
    home.run(1500, FIRST);
    let said = 0;
    for (; said < 300 && home.distiller.tree() !== undefined; said++) {
      const values = home.row();
      home.distiller.observe({ values, choice: SECOND(values), at: home.now as WallMs, source: 'human' });
    }
    expect(said).toBeLessThan(40);
  });

  it('does not count a situation that repeats itself within the spacing', () => {
    const home = new Home(8, { spacingMs: 3_600_000 });
    home.run(600, FIRST);
    const cases = home.distiller.versions().flatMap(({ regions }) => regions.map((region) => region.cases));
    expect(Math.max(...cases)).toBeLessThanOrEqual(11);
  });

  it('goes on after a restart as if there had been none', () => {
    const one = new Home(9);
    const other = new Home(9);
    one.run(700, FIRST);
    other.run(700, FIRST);
    const state: unknown = JSON.parse(JSON.stringify(other.distiller.snapshot()));
    const again = new Home(9, { random: other.random }, state);
    Object.assign(again, { random: other.random, now: other.now });
    one.run(1200, FIRST);
    again.run(1200, FIRST);
    expect(again.distiller.snapshot()).toEqual(one.distiller.snapshot());
    expect(again.count).toEqual(one.count);
  });

  it.each([
    ['other features', (s: Record<string, unknown>) => ({ ...s, features: ['x'] }), 'features'],
    ['other choices', (s: Record<string, unknown>) => ({ ...s, choices: ['x'] }), 'choices'],
    ['no state', () => ({ format: 'x' }), 'format'],
    [
      'half of its examples',
      (s: Record<string, unknown>) => ({ ...s, examples: { values: [1], labels: [0], weights: [1] } }),
      'incomplete',
    ],
  ])('refuses a state of %s', (_name, change, reason) => {
    const home = new Home(1);
    const state = change(home.distiller.snapshot() as unknown as Record<string, unknown>);
    const error = caught(() => {
      void new Home(1, {}, state).distiller;
    });
    expect(isGanglionError(error) && error.code).toBe('LEARNING_STATE');
    expect(String(error)).toContain(reason);
  });

  it('goes back to a version that was replaced or withdrawn, and tells what differs', () => {
    const home = new Home(10);
    home.run(1500, FIRST);
    const old = home.distiller.versions().find(({ status }) => status === 'active')!;
    home.run(3000, SECOND);
    const now = home.distiller.versions().find(({ status }) => status === 'active')!;
    expect(now.id).not.toBe(old.id);
    const diff = home.distiller.diff(old.id, now.id)!;
    expect(diff.length).toBeGreaterThan(0);
    expect(diff[0]).toMatch(/: [abc] instead of [abc] \(.* % of \d+ recent decisions\)$/);
    expect(home.distiller.revert(old.id)).toBe(true);
    expect(old.status).toBe('shadow'); // it was withdrawn: it has to show anew what it can
    expect(home.distiller.answer(home.row())).toBeUndefined();
    expect(home.distiller.revert(now.id)).toBe(true);
    expect(now.status).toBe('active');
    expect(home.distiller.revert(999)).toBe(false);
    expect(home.distiller.diff(1, 999)).toBeUndefined();
  });

  it('takes no tree that was trained before a drift', () => {
    const home = new Home(11);
    home.run(1500, FIRST);
    for (let i = 0; i < 2000 && home.distiller.tree() !== undefined; i++) home.decide(SECOND);
    const { distiller } = home;
    const job = {
      id: 99,
      data: { features: ['f0'], choices: ['a'], values: new Float64Array(5), labels: new Uint8Array(5) },
    };
    expect(distiller.trained(job.id, trainTree(job.data), AT)).toEqual([]);
  });

  it('stands a million messages in bounded memory', () => {
    const home = new Home(12, { capacity: 1000 });
    const values = home.row();
    for (let i = 0; i < 1_000_000; i++) {
      const source = i % 2 === 0 ? 'implied' : 'model';
      home.distiller.observe({ values, choice: i % 3 === 0 ? 'nonsense' : 'a', at: AT, source });
    }
    expect(home.distiller.stats()).toMatchObject({ examples: 1000, ignored: 666_667 });
  });
});

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
