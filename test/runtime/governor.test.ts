import { expect, test } from 'vitest';
import type { Vitals } from '../../devices/index.ts';
import type { Lane } from '../../runtime/contract/engine.ts';
import { governBoard } from '../../runtime/governor.ts';
import { HealthBoard } from '../../runtime/health.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { memoryLog } from '../support/modelhost.ts';

function vitals(celsius: number, throttled: Vitals['thermal']['throttled'] = []): Vitals {
  return {
    thermal: { celsius, throttled, throttledBefore: throttled, throttleKnown: true },
    memory: {
      totalBytes: 8e9,
      usableBytes: 8e9,
      availableBytes: 6e9,
      swapBytes: 0,
      swapFreeBytes: 0,
      zramBytes: 0,
    },
  };
}

test('a board that throttles shows in health and log and holds lanes back, until it has cooled', () => {
  const clock = new ManualClock();
  const health = new HealthBoard('hub', '0', clock);
  const log = memoryLog();
  const held: (readonly Lane[])[] = [];
  let now = vitals(55);
  const governor = governBoard({ clock, log, health, hold: (lanes) => held.push(lanes), probe: () => now });
  const board = () => health.read().parts.find(({ name }) => name === 'board');
  governor.start();
  expect(board()).toMatchObject({ status: 'ok', detail: 'cool enough, with memory to spare' });
  now = vitals(82, ['throttled']);
  clock.advance(5000);
  expect(board()).toMatchObject({
    status: 'warn',
    detail: 'the board is throttling (82 °C); background work is held back',
  });
  now = vitals(85, ['throttled']);
  clock.advance(5000);
  expect(board()?.detail).toBe('the board is too hot (85 °C); only requests of people reach the model');
  now = vitals(50);
  clock.advance(300_000);
  expect(board()?.status).toBe('ok');
  expect(held).toEqual([['background'], ['background', 'event'], ['background'], []]);
  expect(log.lines).toEqual([
    'warn: The board is throttling (82 °C); background work is held back.',
    'warn: The board is too hot (85 °C); only requests of people reach the model.',
    'warn: Recovering; last seen: the board is too hot (85 °C); background work is held back.',
    'info: The board is well again; all work goes on.',
  ]);
  governor.stop();
});
