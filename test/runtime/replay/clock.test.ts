import { expect, it } from 'vitest';
import { ReplayClock } from '../../../runtime/replay/clock.ts';

it('runs what falls due on the way at its own time, in the order it has waited, and what that sets', () => {
  const clock = new ReplayClock(1000);
  const said: string[] = [];
  const say = (name: string) => (): void => void said.push(`${name} ${clock.wall()} ${clock.mono()}`);
  clock.schedule(20, say('late'));
  clock.schedule(10, say('first'));
  clock.schedule(10, say('second'));
  const gone = clock.schedule(15, say('gone'));
  clock.schedule(5, () => {
    say('early')();
    clock.schedule(0, say('at once'));
    clock.schedule(100, say('never'));
  });
  gone.cancel();
  gone.cancel();
  clock.advanceTo(1012);
  expect(said).toEqual(['early 1005 5', 'at once 1005 5', 'first 1010 10', 'second 1010 10']);
  expect([clock.wall(), clock.mono()]).toEqual([1012, 12]);
  clock.advanceTo(900);
  expect(clock.wall()).toBe(1012);
  clock.advanceTo(1050);
  expect(said.at(-1)).toBe('late 1020 20');
});
