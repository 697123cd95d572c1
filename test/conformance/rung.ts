import { describe, expect, it } from 'vitest';
import type { Rung, RungAnswer, RungRequest } from '../../runtime/contract/rung.ts';
import { Ladder } from '../../policies/index.ts';

/** What a rung brings to the suite. `answerable` must be answered, `foreign` must be abstained from. */
export interface RungUnderTest {
  readonly rung: Rung;
  readonly answerable: RungRequest;
  readonly foreign?: RungRequest;
}

/** A case a rung cannot run, with the reason that is shown instead. */
export type SkippedCases = Partial<Record<'foreign' | 'repeatable', string>>;

/** What every rung owes the ladder. `make` is called anew for every case. */
export function rungConformance(
  name: string,
  make: () => RungUnderTest | Promise<RungUnderTest>,
  skipped: SkippedCases = {},
): void {
  const signal = new AbortController().signal;
  describe(`rung ${name}`, () => {
    it('has a name', async () => {
      const { rung } = await make();
      expect(rung.name).toMatch(/^[a-z][a-z0-9_-]*$/);
    });

    it('answers with an index of the choices, a confidence and an explanation', async () => {
      const { rung, answerable } = await make();
      const answer = await rung.decide(answerable, signal);
      expect(answer.kind).toBe('choice');
      expect(problemOf(answer, answerable)).toBeUndefined();
    });

    it('gives the same answer to the same request', async ({ skip }) => {
      skip(skipped.repeatable !== undefined, skipped.repeatable);
      const { rung, answerable } = await make();
      const first = await rung.decide(answerable, signal);
      const second = await rung.decide(answerable, signal);
      expect(choiceOf(second)).toBe(choiceOf(first));
    });

    it('leaves the request as it is', async () => {
      const { rung, answerable } = await make();
      const values = Float64Array.from(answerable.frame.values);
      const choices = JSON.stringify(answerable.choices);
      const names = [...answerable.frame.names];
      await rung.decide(answerable, signal);
      expect(answerable.frame.values).toEqual(values);
      expect(answerable.frame.names).toEqual(names);
      expect(JSON.stringify(answerable.choices)).toBe(choices);
    });

    it('abstains with a reason from what it knows nothing about', async ({ skip }) => {
      skip(skipped.foreign !== undefined, skipped.foreign);
      const { rung, foreign } = await make();
      const answer = await rung.decide(foreign!, signal);
      expect(answer.kind).toBe('abstain');
      expect(problemOf(answer, foreign!)).toBeUndefined();
    });

    it('survives features that are all unknown, infinite or huge', async () => {
      const { rung, answerable } = await make();
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -Number.MAX_VALUE]) {
        const frame = { ...answerable.frame, values: answerable.frame.values.map(() => value) };
        expect(problemOf(await rung.decide({ ...answerable, frame }, signal), answerable)).toBeUndefined();
      }
    });

    it('never answers with a choice that is not offered', async () => {
      const { rung, answerable } = await make();
      const choices = answerable.choices.slice(0, 1);
      expect(
        problemOf(await rung.decide({ ...answerable, choices }, signal), { ...answerable, choices }),
      ).toBeUndefined();
    });

    it('settles when its signal is aborted already', async () => {
      const { rung, answerable } = await make();
      const outcome = await Promise.resolve()
        .then(() => rung.decide(answerable, AbortSignal.abort()))
        .then(
          () => 'settled',
          () => 'settled',
        );
      expect(outcome).toBe('settled');
    });

    it('can be told of a slower rung’s answer', async () => {
      const { rung, answerable } = await make();
      const answer = { kind: 'choice', index: 0, confidence: 0.9, explanation: 'told' } as const;
      expect(() => rung.learn?.(answerable, answer, 'llm')).not.toThrow();
      expect(() => rung.learn?.(answerable, { ...answer, index: 9999 }, 'llm')).not.toThrow();
    });

    it('stands on a ladder', async () => {
      const { rung, answerable } = await make();
      const clock = { mono: () => 0 as never, schedule: () => ({ cancel: () => undefined }) };
      const ladder = new Ladder({ rungs: [rung], minConfidence: 0, timeoutMs: 10_000, clock });
      const answer = await ladder.decide(answerable);
      expect(answer.rung).toBe(rung.name);
      expect(answer.calls).toEqual(answerable.choices[answer.index]?.calls);
    });
  });
}

function choiceOf(answer: RungAnswer): number {
  return answer.kind === 'choice' ? answer.index : -1;
}

/** What is wrong with an answer; undefined if nothing is. */
function problemOf(answer: RungAnswer, { choices }: Pick<RungRequest, 'choices'>): string | undefined {
  if (answer.kind === 'abstain') return answer.reason === '' ? 'no reason' : undefined;
  if (answer.kind === 'calls') return 'calls where a choice was asked for';
  if (choices[answer.index] === undefined) return `index ${answer.index} of ${choices.length}`;
  if (!(answer.confidence >= 0 && answer.confidence <= 1)) return `confidence ${answer.confidence}`;
  return typeof answer.explanation === 'string' ? undefined : 'no explanation';
}
