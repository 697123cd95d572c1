import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../../../runtime/lib/units.ts';

describe('units', () => {
  it.each([
    ['60s', 60_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['2 min', 120_000],
    [5, 5000],
    ['0s', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', 'soon', '5', '5x', '-3s', '3s later', Number.NaN, -1])('refuses %s', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  it.each([
    ['1.5GB', 1.5e9],
    ['64KiB', 65_536],
    [12, 12],
  ])('reads size %s', (text, size) => expect(parseBytes(text)).toBe(size));

  it.each(['', '5 bytes', 'GB', '-1MB'])('refuses size %s', (text) =>
    expect(parseBytes(text)).toBeUndefined(),
  );

  it('writes what people read', () => {
    expect(formatDuration(0.25)).toBe('250 µs');
    expect(formatDuration(90_000)).toBe('1m 30s');
    expect(formatDuration(3_600_000)).toBe('1h');
    expect(formatBytes(1_500_000)).toBe('1.5 MB');
  });
});
