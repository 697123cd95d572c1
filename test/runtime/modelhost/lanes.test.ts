import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LANES, type Lane } from '../../../runtime/contract/engine.ts';
import type { GanglionError } from '../../../runtime/errors.ts';
import { Lanes, type LaneTurn } from '../../../runtime/modelhost/lanes.ts';

const never = new AbortController().signal;
const place = (lane: Lane, signal = never) => ({ lane, signal, file: 'm.gguf' });

/** A job that can be led step by step: each step is one decode call. */
function job(lanes: Lanes, lane: Lane, name: string, said: string[], signal = never) {
  const steps: (() => void)[] = [];
  let turn: LaneTurn | undefined;
  const done = lanes.run(place(lane, signal), async (given) => {
    turn = given;
    for (;;) {
      await given.pass();
      said.push(name);
      const more = await new Promise<boolean>((resolve) => {
        steps.push(() => resolve(true));
        ends.push(() => resolve(false));
      });
      if (!more) return;
    }
  });
  const ends: (() => void)[] = [];
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    done,
    step: async (): Promise<void> => {
      steps.at(-1)!();
      await settle();
    },
    end: async (): Promise<void> => {
      ends.at(-1)!();
      await settle();
    },
    settle,
    waitedMs: () => turn!.waitedMs,
  };
}

describe('lanes', () => {
  test('a higher lane takes the place between two decode calls, and the lower one goes on where it was', async () => {
    const said: string[] = [];
    const lanes = new Lanes(() => 0);
    const low = job(lanes, 'background', 'low', said);
    await low.settle();
    const high = job(lanes, 'interactive', 'high', said);
    await high.settle();
    expect(said).toEqual(['low']);
    await low.step();
    expect(said).toEqual(['low', 'high']);
    await high.step();
    await high.end();
    expect(said).toEqual(['low', 'high', 'high', 'low']);
    await low.end();
    await Promise.all([low.done, high.done]);
  });

  test('one that stood back comes before younger jobs of its lane', async () => {
    const said: string[] = [];
    const lanes = new Lanes(() => 0);
    const first = job(lanes, 'event', 'first', said);
    await first.settle();
    const second = job(lanes, 'event', 'second', said);
    const person = job(lanes, 'interactive', 'person', said);
    await person.settle();
    await first.step();
    await person.end();
    expect(said).toEqual(['first', 'person', 'first']);
    await first.end();
    expect(said.at(-1)).toBe('second');
    await second.end();
    await Promise.all([first.done, second.done, person.done]);
  });

  test('a job that is withdrawn while it waits or stands back leaves the others alone', async () => {
    const said: string[] = [];
    const lanes = new Lanes(() => 0);
    const abort = new AbortController();
    const low = job(lanes, 'background', 'low', said, abort.signal);
    await low.settle();
    const high = job(lanes, 'interactive', 'high', said);
    const late = new AbortController();
    const waiting = lanes.run(place('event', late.signal), async () => said.push('never'));
    await low.step();
    abort.abort();
    late.abort();
    await expect(low.done).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    await expect(waiting).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    const next = job(lanes, 'interactive', 'next', said);
    await next.settle();
    expect(said).toEqual(['low', 'high']);
    await high.end();
    expect(said).toEqual(['low', 'high', 'next']);
    await next.end();
    await Promise.all([high.done, next.done]);
  });

  test('a job whose signal is aborted already is refused', async () => {
    const lanes = new Lanes(() => 0);
    await expect(lanes.run(place('event', AbortSignal.abort()), async () => 1)).rejects.toMatchObject({
      code: 'MODEL_ABORTED',
    });
    await expect(lanes.run(place('event'), async () => 2)).resolves.toBe(2);
  });

  test('lanes that are held back stand still, running jobs at their next decode call', async () => {
    const said: string[] = [];
    const lanes = new Lanes(() => 0);
    const low = job(lanes, 'background', 'low', said);
    await low.settle();
    lanes.hold(['background', 'event']);
    await low.step();
    const event = job(lanes, 'event', 'event', said);
    const person = job(lanes, 'interactive', 'person', said);
    await person.settle();
    expect(said).toEqual(['low', 'person']);
    await person.end();
    expect(said).toEqual(['low', 'person']);
    lanes.hold([]);
    await event.settle();
    expect(said).toEqual(['low', 'person', 'event']);
    await event.end();
    await low.end();
    await Promise.all([low.done, event.done, person.done]);
  });

  test('waiting is counted, before the first turn and while standing back', async () => {
    let now = 0;
    const said: string[] = [];
    const lanes = new Lanes(() => now);
    const low = job(lanes, 'background', 'low', said);
    await low.settle();
    const high = job(lanes, 'interactive', 'high', said);
    now = 7;
    await low.step();
    expect(high.waitedMs()).toBe(7);
    now = 20;
    await high.end();
    expect(low.waitedMs()).toBe(13);
    await low.end();
    await Promise.all([low.done, high.done]);
  });

  test('never two at a time, and everybody ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            lane: fc.constantFrom(...LANES),
            calls: fc.integer({ min: 1, max: 5 }),
            at: fc.integer({ min: 0, max: 30 }),
            abortAt: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (plans) => {
          const lanes = new Lanes(() => 0);
          const events: (() => void)[][] = Array.from({ length: 60 }, () => []);
          let computing = 0;
          let most = 0;
          const jobs = plans.map(async ({ lane, calls, at, abortAt }) => {
            const abort = new AbortController();
            if (abortAt !== undefined) events[abortAt]!.push(() => abort.abort());
            await new Promise<void>((resolve) => {
              events[at]!.push(resolve);
            });
            return lanes
              .run(place(lane, abort.signal), async (turn) => {
                for (let call = 0; call < calls; call++) {
                  await turn.pass();
                  most = Math.max(most, ++computing);
                  await Promise.resolve();
                  computing--;
                }
                return 'done';
              })
              .catch((error: unknown) => (error as GanglionError).code);
          });
          for (const due of events) {
            for (const go of due) go();
            for (let i = 0; i < 5; i++) await Promise.resolve();
          }
          const ends = await Promise.all(jobs);
          expect(most).toBeLessThan(2);
          expect(ends).toEqual(
            plans.map(({ abortAt }, id) =>
              abortAt === undefined || ends[id] === 'done' ? 'done' : 'MODEL_ABORTED',
            ),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});
