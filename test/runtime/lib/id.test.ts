import { expect, it } from 'vitest';
import { ID_LENGTH, idTime, newId } from '../../../runtime/lib/id.ts';

it('sorts ids in the order they were made, also within a millisecond', () => {
  const now = 1_760_000_000_000;
  const ids = Array.from({ length: 2000 }, (_, i) => newId(now + Math.floor(i / 500)));
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => id.length === ID_LENGTH)).toBe(true);
  expect(idTime(ids[499]!)).toBe(now);
});

it('carries over, and follows a clock that is set back', () => {
  const now = 1_760_000_100_000;
  const highest = newId(now, (size) => new Uint8Array(size).fill(30)).slice(0, 9);
  expect(newId(now, (size) => new Uint8Array(size).fill(30))).toBe(`${highest}yyyyyyyyyyz`);
  expect(newId(now, (size) => new Uint8Array(size).fill(0))).toBe(`${highest}yyyyyyyyyz0`);
  expect(idTime(newId(now - 1000))).toBe(now - 1000);
});
