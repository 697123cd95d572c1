import { describe, expect, it } from 'vitest';
import { Ladder, type LadderAnswer } from '../../../policies/index.ts';
import type { Rung, RungAnswer, RungRequest } from '../../../runtime/contract/rung.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { rungConformance } from '../../conformance/rung.ts';
import { entity } from '../../support/house.ts';
import { request } from '../support.ts';

type Answering = (request: RungRequest, signal: AbortSignal) => unknown;

function choose(index: unknown, confidence: unknown = 0.9): RungAnswer {
  return { kind: 'choice', index, confidence, explanation: 'because' } as RungAnswer;
}
function scripted(name: string, answer: Answering): Rung & { learned: unknown[] } {
  const learned: unknown[] = [];
  return {
    name,
    learned,
    decide: (req, signal) => answer(req, signal) as RungAnswer,
    learn: (_req, given, by) => void learned.push([given.index, by]),
  };
}
const abstaining = scripted('tree', () => ({ kind: 'abstain', reason: 'not certified' }));

function ladder(rungs: ConstructorParameters<typeof Ladder>[0]['rungs'], minConfidence = 0) {
  const clock = new ManualClock();
  return { clock, ladder: new Ladder({ rungs, minConfidence, timeoutMs: 1000, clock }) };
}

rungConformance('scripted', () => ({
  rung: scripted('scripted', async (req) =>
    req.policy === 'fresh-air' ? choose(0) : { kind: 'abstain', reason: 'not mine' },
  ),
  answerable: request([1, 2]),
  foreign: request([1, 2], { policy: 'another' }),
}));

describe('the ladder', () => {
  it('answers at once, without a promise, while the rungs do', () => {
    const fast = scripted('cache', () => choose(1));
    const slow = scripted('llm', () => Promise.reject(new TypeError('must not be asked')));
    const answer = ladder([abstaining, fast, slow]).ladder.decide(request([1, 2])) as LadderAnswer;
    expect(answer).toMatchObject({
      rung: 'cache',
      index: 1,
      confidence: 0.9,
      skipped: [{ rung: 'tree', reason: 'not certified' }],
    });
    expect(answer.calls).toEqual([{ entity: 'fan.living', command: 'turn_on', args: { speed: 60 } }]);
  });

  it('tells faster rungs what a slower one answered, and nobody else', async () => {
    const cache = scripted('cache', () => ({ kind: 'abstain', reason: 'nothing remembered' }));
    const llm = scripted('llm', async () => choose(2));
    const remote = scripted('remote', () => choose(0));
    const answer = await ladder([cache, llm, remote]).ladder.decide(request([1, 2]));
    expect(answer.rung).toBe('llm');
    expect([cache.learned, llm.learned, remote.learned]).toEqual([[[2, 'llm']], [], []]);
  });

  it.each<[string, Answering, string]>([
    [
      'throws',
      () => {
        throw new TypeError('boom');
      },
      'boom',
    ],
    ['rejects', () => Promise.reject(new TypeError('later boom')), 'later boom'],
    ['chooses out of range', () => choose(3), 'it chose 3 of 3'],
    ['chooses −1', async () => choose(-1), 'it chose -1 of 3'],
    ['chooses 1.5', () => choose(1.5), '1.5'],
    ['chooses a bigint', () => choose(1n), 'bigint'],
    ['is sure by NaN', () => choose(1, Number.NaN), 'confidence'],
    ['returns nothing', () => undefined, 'no answer'],
    ['returns another kind', () => ({ kind: 'maybe' }), 'no known kind'],
    [
      'hides behind a getter',
      () => ({
        get kind() {
          throw new TypeError('trap');
        },
      }),
      'trap',
    ],
  ])('counts a rung that %s as one that abstained', async (_name, answer, reason) => {
    const last = scripted('last', () => choose(0));
    const result = await ladder([scripted('bad', answer), last]).ladder.decide(request([1, 2]));
    expect(result.rung).toBe('last');
    expect(result.skipped).toHaveLength(1);
    expect(result.skipped[0]!.reason).toContain(reason);
  });

  it('tells rungs how sure they have to be', () => {
    let told: unknown;
    const curious = scripted('llm', (req) => ((told = req.minConfidence), choose(0)));
    void ladder([curious], 0.6).ladder.decide(request([1, 2]));
    expect(told).toBe(0.6);
  });

  it('passes over an answer that is not sure enough', () => {
    const unsure = scripted('onnx', () => choose(1, 0.4));
    const answer = ladder([unsure], 0.6).ladder.decide(request([1, 2])) as LadderAnswer;
    expect(answer).toMatchObject({ rung: 'abstain', index: -1, calls: [], confidence: 0 });
    expect(answer.explanation).toContain('only 0.40 sure, the policy wants 0.6');
  });

  it('gives up when time is up, tells the rung, and skips the rest', async () => {
    let seen: AbortSignal | undefined;
    const hanging = scripted('llm', (_req, signal) => {
      seen = signal;
      return new Promise(() => undefined);
    });
    const never = scripted('remote', () => choose(0));
    const { clock, ladder: it } = ladder([hanging, never]);
    const pending = it.decide(request([1, 2]));
    clock.advance(1000);
    const answer = await pending;
    expect(seen?.aborted).toBe(true);
    expect(answer.rung).toBe('abstain');
    expect(answer.skipped).toEqual([
      { rung: 'llm', reason: 'no answer within 1000 ms' },
      { rung: 'remote', reason: 'no time was left' },
    ]);
  });

  it('gives later rungs what is left of the time', async () => {
    const { clock, ladder: it } = ladder([
      scripted(
        'onnx',
        () => new Promise((resolve) => clock.schedule(400, () => resolve({ kind: 'abstain', reason: 'x' }))),
      ),
      scripted('llm', (req) => choose(req.budgetMs === 600 ? 1 : 0)),
    ]);
    const pending = it.decide(request([1, 2]));
    clock.advance(400);
    expect((await pending).index).toBe(1);
  });

  it('stops when the caller cancels', async () => {
    const controller = new AbortController();
    const { ladder: it } = ladder([
      scripted('llm', () => new Promise(() => undefined)),
      scripted('remote', () => choose(0)),
    ]);
    const pending = it.decide(request([1, 2]), controller.signal);
    controller.abort();
    const answer = await pending;
    expect(answer.skipped.map((skip) => skip.reason)).toEqual([
      'the request was cancelled',
      'the request was cancelled',
    ]);
  });

  it('shows rungs that cannot run here, and abstains where there is none', () => {
    const missing = { rung: 'llm', reason: 'no model is configured' };
    expect(ladder([missing]).ladder.decide(request([1, 2]))).toMatchObject({
      rung: 'abstain',
      skipped: [missing],
    });
    expect(ladder([]).ladder.decide(request([1, 2]))).toMatchObject({
      explanation: 'there is no rung to ask',
    });
  });
});

describe('calls as an answer', () => {
  const light = entity('light.hall');
  const turnOn = { entity: 'light.hall', command: 'turn_on', args: { brightness: 40 } } as const;
  const words = request([], { policy: 'ask', choices: [], space: { entities: [light], maxCalls: 2 } });
  const answering = (calls: unknown, confidence = 0.9): Rung & { learned: unknown[] } =>
    scripted('llm', () => ({ kind: 'calls', calls, confidence, explanation: 'because' }));

  it('are taken for a request in words, with nothing to learn from', () => {
    const cache = scripted('cache', () => ({ kind: 'abstain', reason: 'nothing remembered' }));
    const answer = ladder([cache, answering([turnOn])]).ladder.decide(words) as LadderAnswer;
    expect(answer).toMatchObject({ rung: 'llm', index: -1, calls: [turnOn], confidence: 0.9 });
    expect(cache.learned).toEqual([]);
    expect(ladder([answering([])]).ladder.decide(words)).toMatchObject({ rung: 'llm', calls: [] });
  });

  it.each<[string, unknown, string]>([
    ['no list', 'light.hall.turn_on', 'no list of calls'],
    ['too many', [turnOn, turnOn, turnOn], '3 calls of at most 2'],
    ['another entity', [{ ...turnOn, entity: 'lock.door' }], 'lock.door'],
    ['no call', [undefined], 'a call that is none'],
    ['no arguments', [{ entity: 'light.hall', command: 'turn_on' }], 'a call that is none'],
    ['an argument that is no value', [{ ...turnOn, args: { brightness: {} } }], 'a call that is none'],
  ])('do not count when they are %s', (_name, calls, reason) => {
    const answer = ladder([answering(calls)]).ladder.decide(words) as LadderAnswer;
    expect(answer).toMatchObject({ rung: 'abstain', calls: [] });
    expect(answer.explanation).toContain(reason);
  });

  it('do not count for a policy, nor when they are not sure enough', () => {
    expect(ladder([answering([turnOn])]).ladder.decide(request([1, 2]))).toMatchObject({
      rung: 'abstain',
      skipped: [{ rung: 'llm', reason: 'it answered with calls where a choice was asked for' }],
    });
    expect(ladder([answering([turnOn], 0.4)], 0.5).ladder.decide(words)).toMatchObject({
      skipped: [
        {
          rung: 'llm',
          reason: 'it would choose light.hall.turn_on but is only 0.40 sure, a request in words wants 0.5',
        },
      ],
    });
  });
});
