import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { casesNeeded, casesPerRegion, look, planTest } from '../../../policies/distil/test-plan.ts';
import { regionWords, trainTree } from '../../../policies/index.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { FEATURES, FIRST, Home, SECOND } from './support.ts';

const AT = 1_700_000_000_000 as WallMs;
const nameOf = (column: number) => ({ name: FEATURES[column]! });

describe('a test plan', () => {
  it('needs as many cases as trying every number of disagreements says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.8, 0.9, 0.95),
        fc.double({ min: 1e-4, max: 0.05, noNaN: true }),
        fc.double({ min: 0, max: 0.1, noNaN: true }),
        (agreement, error, disagreement) => {
          const plan = planTest(agreement, error);
          const cases = casesNeeded(agreement, error, disagreement);
          if (cases === Infinity) return;
          expect(plan.checkpoints).toContain(cases);
          // Passing with so many disagreements means passing with fewer, and failing with more.
          let allowed = 0;
          while (look(plan, agreement, cases - allowed, cases) !== undefined) allowed++;
          for (const more of [1, 2, 5])
            expect(look(plan, agreement, cases - allowed - more, cases)).toBeUndefined();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('has room for as many regions as the budget allows', () => {
    for (const leaves of [1, 2, 7, 30]) {
      const options = { disagreement: 0.01, leaves, budget: 1500 };
      const cases = casesPerRegion(0.95, 0.045, options)!;
      const fits = Array.from({ length: leaves }, (_, i) => i + 1).filter(
        (regions) => casesNeeded(0.95, 0.045 / regions, 0.01) * regions <= 1500,
      );
      expect(cases).toBe(casesNeeded(0.95, 0.045 / fits.at(-1)!, 0.01));
    }
    expect(casesPerRegion(0.95, 0.045, { disagreement: 0.2, leaves: 5, budget: 1500 })).toBeUndefined();
  });
});

describe('a distiller', () => {
  it('says where it stands with a decision it does not answer', () => {
    const home = new Home(3, { live: false });
    const row = Float64Array.of(0.2, 0.2, 0.2, 0.2);
    expect(home.distiller.stance(row, nameOf)).toBe('it has seen 0 of the 128 decisions it begins with');
    home.run(140, FIRST);
    expect(home.distiller.stance(row, nameOf)).toMatch(
      /^version 1 agreed in \d+ of \d+ decisions where f0 is 0\.2 \(≤ .*; it is looked at again at \d+$/,
    );
    home.run(800, FIRST);
    expect(home.distiller.stance(row, nameOf)).toMatch(
      /^version \d+ would choose a and only watches: f0 is 0\.2/,
    );
    expect(home.distiller.predict(row)).toBe('a');
    expect(home.distiller.path(row, nameOf)).toMatch(/^f0 is 0\.2 \(≤ /);
    const [largest] = regionWords(home.distiller.versions().at(-1)!);
    expect(largest).toMatchObject({ choices: ['a'], outcome: 'certified' });
    expect(largest?.where).toMatch(/^f0 ≤ 0\.\d+ or unknown$/);
  });

  it('puts an offered tree in the place of the one there is, which can be brought back', () => {
    const home = new Home(4);
    home.run(1200, FIRST);
    const before = home.distiller.versions().find(({ status }) => status === 'active')!;
    const rows = Array.from({ length: 400 }, () => home.row());
    const trained = trainTree({
      features: FEATURES,
      choices: ['a', 'b', 'c'],
      values: Float64Array.from(rows.flatMap((row) => [...row])),
      labels: Uint8Array.from(rows, (row) => 'abc'.indexOf(SECOND(row))),
    });
    expect(home.distiller.adopt(trained, AT).map(({ kind }) => kind)).toEqual(['shadow']);
    expect(before.status).toBe('replaced');
    expect(home.distiller.answer(home.row())).toBeUndefined();
    expect(home.distiller.revert(before.id)).toBe(true);
    expect(before.status).toBe('active');
  });
});
