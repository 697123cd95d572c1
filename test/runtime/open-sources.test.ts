import { expect, it } from 'vitest';
import type { RuntimeEvent } from '../../runtime/contract/api.ts';
import type { Sink, Source } from '../../runtime/contract/source.ts';
import { HealthBoard } from '../../runtime/health.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { Teardown } from '../../runtime/lib/teardown.ts';
import { openSource } from '../../runtime/open-sources.ts';
import { ProblemDesk } from '../../runtime/problems.ts';
import { RuntimeStats } from '../../runtime/stats.ts';
import { MemoryLog } from '../support/log.ts';

const sink: Sink = { message: () => 'volatile', readings: () => 'volatile', status: () => {} };

function opener(signal: AbortSignal) {
  const clock = new ManualClock();
  const events: RuntimeEvent[] = [];
  const health = new HealthBoard('hub', '1', clock);
  const problems = new ProblemDesk({
    log: new MemoryLog(),
    stats: new RuntimeStats(),
    clock,
    emit: (event) => events.push(event),
  });
  const teardown = new Teardown();
  const open = async (start: Source['start']): Promise<void> =>
    openSource(
      { name: 'own', start, stop: () => Promise.resolve() },
      { sink, signal, teardown, health, problems, startMs: 5 },
    );
  return { open, events, health };
}

it.each<[string, Source['start']]>([
  [
    'throws',
    () => {
      throw new RangeError('no');
    },
  ],
  ['rejects', () => Promise.reject(new RangeError('no'))],
  ['hangs', async () => new Promise(() => {})],
])('goes on without a source whose start %s', async (_, start) => {
  const { open, events, health } = opener(new AbortController().signal);
  await open(start);
  expect(health.read().parts).toMatchObject([{ name: 'own', status: 'warn' }]);
  expect(events).toMatchObject([{ type: 'problem', code: 'SOURCE_FAILED' }]);
});

it('does not wait for a source once it is to stop', async () => {
  const abort = new AbortController();
  const { open, events } = opener(abort.signal);
  const opened = open(async () => {
    abort.abort();
    return new Promise(() => {});
  });
  await opened;
  expect(events).toEqual([]);
});
