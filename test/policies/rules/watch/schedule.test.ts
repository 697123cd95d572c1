import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../../policies/rules/syntax.ts';
import { nextCron, parseCron } from '../../../../policies/rules/watch/cron.ts';
import { sunEvent, sunPosition } from '../../../../policies/rules/watch/sun.ts';
import { createLocalTime } from '../../../../policies/rules/local-time.ts';
import { HOUR, MINUTE, watching } from './setup.ts';

const BERLIN = { latitude: 52.52, longitude: 13.405 };
const DAY = 24 * HOUR;

/** The local times, as ISO without zone, at which a schedule is due after a moment. */
function due(cron: string, from: string, count: number, timezone = 'Europe/Berlin'): string[] {
  const times = parseCron(cron);
  if (typeof times === 'string') throw new TypeError(times);
  const { offsetAt } = createLocalTime(timezone);
  const found: string[] = [];
  let wall = Date.parse(from);
  for (let i = 0; i < count; i++) {
    wall = nextCron(times, wall, offsetAt);
    found.push(new Date(wall).toISOString().slice(0, 16));
  }
  return found;
}

describe('cron', () => {
  it('gives the moments of crontab(5)', () => {
    expect(due('30 7 * * 1-5', '2026-03-06T00:00Z', 3, 'UTC')).toEqual([
      '2026-03-06T07:30',
      '2026-03-09T07:30',
      '2026-03-10T07:30',
    ]);
    expect(due('0 0 1,15 * *', '2026-01-31T00:00Z', 3, 'UTC')).toEqual([
      '2026-02-01T00:00',
      '2026-02-15T00:00',
      '2026-03-01T00:00',
    ]);
    expect(due('0 12 29 2 *', '2026-01-01T00:00Z', 1, 'UTC')).toEqual(['2028-02-29T12:00']);
    expect(due('0 9 13 * fri', '2026-02-01T00:00Z', 3, 'UTC')).toEqual([
      '2026-02-06T09:00',
      '2026-02-13T09:00',
      '2026-02-20T09:00',
    ]);
    expect(due('*/20 8-9 * jan,dec 7', '2026-12-01T00:00Z', 3, 'UTC')).toEqual([
      '2026-12-06T08:00',
      '2026-12-06T08:20',
      '2026-12-06T08:40',
    ]);
    expect(() => due('0 0 30 2 *', '2026-01-01T00:00Z', 1, 'UTC')).toThrow(RangeError);
  });

  it('runs what summer time skips at the moment of skipping, and what comes twice once', () => {
    // Berlin: 2026-03-29 02:00 → 03:00 at 01:00 UTC; 2026-10-25 03:00 → 02:00 at 01:00 UTC.
    expect(due('30 2 * * *', '2026-03-28T12:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
    expect(due('30 2 * * *', '2026-10-24T12:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(due('30 7 * * *', '2026-03-28T12:00Z', 2)).toEqual(['2026-03-29T05:30', '2026-03-30T05:30']);
  });

  it('lets what runs by the hour follow real time', () => {
    expect(due('30 * * * *', '2026-03-29T00:00Z', 3)).toEqual([
      '2026-03-29T00:30',
      '2026-03-29T01:30',
      '2026-03-29T02:30',
    ]);
    expect(due('0 * * * *', '2026-10-24T23:30Z', 4)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
      '2026-10-25T03:00',
    ]);
  });

  it.each([
    ['* * * *', 'Expected five fields'],
    ['60 * * * *', 'for the minute but received 60'],
    ['* 24 * * *', 'for the hour'],
    ['* * 0 * *', 'for the day'],
    ['* * * foo *', 'for the month'],
    ['5-1 * * * *', 'for the minute'],
    ['*/0 * * * *', 'for the minute'],
  ])('refuses %s', (text, message) => {
    const parsed = parseExpression(`cron("${text}")`);
    expect(parsed.ok ? '' : parsed.problem.message).toContain(message);
  });
});

describe('a schedule in a rule', () => {
  const start = Date.UTC(2026, 2, 4, 6, 0);
  it('fires at its moments, with a reason in words', () => {
    const w = watching('cron("30 7 * * *")', { start });
    expect(w.wait(3 * DAY)).toEqual(['2026-03-04T07:30:00', '2026-03-05T07:30:00', '2026-03-06T07:30:00']);
    expect(w.value()).toBe(false);
  });

  it('can be joined with a condition', () => {
    const w = watching('cron("0 * * * *") && sensor.hall.illuminance < 10', { start: start + 1 });
    w.set('sensor.hall.illuminance', 5);
    expect(w.wait(2 * HOUR)).toHaveLength(2);
    w.set('sensor.hall.illuminance', 50);
    expect(w.wait(2 * HOUR)).toHaveLength(0);
  });

  it('waits for a clock that is not yet set, and then catches up with nothing', () => {
    const w = watching('cron("30 7 * * *")', { start: 1000 });
    expect(w.value()).toBe('unknown');
    expect(w.wait(12 * HOUR)).toEqual([]);
    expect(w.setClock(start + 2 * HOUR)).toHaveLength(0);
    expect(w.value()).toBe(false);
    expect(w.wait(DAY)).toEqual(['2026-03-05T07:30:00']);
  });

  it('does at once what a clock put forward by up to three hours skipped, one time', () => {
    const w = watching('cron("30 7 * * *")', { start });
    expect(w.setClock(start + 2 * HOUR)).toHaveLength(1);
    expect(w.wait(DAY)).toEqual(['2026-03-05T07:30:00']);
  });

  it('does nothing twice when the clock is put back by up to three hours', () => {
    const w = watching('cron("30 7 * * *")', { start });
    expect(w.wait(2 * HOUR)).toHaveLength(1);
    expect(w.setClock(start + HOUR)).toHaveLength(0);
    expect(w.wait(DAY + HOUR)).toEqual(['2026-03-05T07:30:00']);
  });

  it('takes a clock that was set by more as a correction, and says what was missed', () => {
    const w = watching('cron("30 7 * * *")', { start });
    expect(w.setClock(start + 5 * HOUR)).toHaveLength(0);
    expect(w.engine.overdue(w.now())).toEqual([
      {
        policy: 'rule',
        since: start + 1.5 * HOUR,
        reason: 'its time 2026-03-04T07:30:00Z passed while the clock was wrong or the machine slept',
      },
    ]);
    expect(w.wait(DAY)).toEqual(['2026-03-05T07:30:00']);
    w.setClock(start - 300 * DAY);
    expect(w.wait(DAY)).toHaveLength(1);
  });

  it('is right across both changes of summer time', () => {
    const spring = watching('cron("30 2 * * *")', {
      start: Date.UTC(2026, 2, 28, 12),
      timezone: 'Europe/Berlin',
    });
    expect(spring.wait(2 * DAY)).toEqual(['2026-03-29T01:00:00', '2026-03-30T00:30:00']);
    const autumn = watching('cron("30 2 * * *")', {
      start: Date.UTC(2026, 9, 24, 12),
      timezone: 'Europe/Berlin',
    });
    expect(autumn.wait(2 * DAY)).toEqual(['2026-10-25T00:30:00', '2026-10-26T01:30:00']);
  });
});

describe('the sun', () => {
  /** Times of day in UTC, to two minutes: what an almanac gives for these places. */
  it.each([
    ['Berlin, solstice', BERLIN, '2026-06-21', '02:43', '19:33'],
    ['Berlin, winter', BERLIN, '2026-12-21', '07:15', '14:54'],
    [
      'the equator on the Greenwich meridian, equinox',
      { latitude: 0, longitude: 0 },
      '2026-03-20',
      '06:04',
      '18:11',
    ],
  ])('rises and sets in %s', (_, site, date, rise, set) => {
    const day = Date.parse(date) / DAY;
    for (const [rising, expected] of [
      [true, rise],
      [false, set],
    ] as const) {
      const difference = sunEvent(day, rising, site) - Date.parse(`${date}T${expected}Z`);
      expect(Math.abs(difference)).toBeLessThan(2 * MINUTE);
    }
  });

  it('stands in the south at noon in Berlin, and as high as the declination says', () => {
    const noon = Date.parse('2026-06-21T11:08:00Z');
    const { elevation, azimuth } = sunPosition(noon, BERLIN);
    expect(elevation).toBeCloseTo(90 - 52.52 + 23.44, 1);
    expect(Math.abs(azimuth - 180)).toBeLessThan(1);
    expect(sunPosition(Date.parse('2026-06-21T23:08:00Z'), BERLIN).elevation).toBeLessThan(-10);
  });

  it('is at the horizon at sunrise and at sunset, everywhere and on any day', () => {
    for (const latitude of [-60, -30, 0, 30, 60]) {
      for (let day = 20_500; day < 20_865; day += 11) {
        for (const rising of [true, false]) {
          const site = { latitude, longitude: ((day * 7) % 360) - 180 };
          const { elevation, azimuth } = sunPosition(sunEvent(day, rising, site), site);
          expect(elevation).toBeCloseTo(-0.833, 1);
          expect(azimuth < 180).toBe(rising);
        }
      }
    }
  });

  it('neither rises nor sets near the poles in season', () => {
    const tromso = { latitude: 69.65, longitude: 18.96 };
    expect(sunEvent(Date.parse('2026-06-21') / DAY, true, tromso)).toBeNaN();
    expect(sunEvent(Date.parse('2026-12-21') / DAY, false, tromso)).toBeNaN();
  });

  it('sets rules off at sunset, before it, and by its elevation', () => {
    const start = Date.UTC(2026, 5, 21, 12);
    const options = { start, site: BERLIN };
    const [sunset] = watching('sunset()', options).wait(DAY);
    expect(sunset).toMatch(/^2026-06-21T19:3[2-4]/);
    const [before] = watching('sunset("-30m")', options).wait(DAY);
    expect(Date.parse(`${sunset}Z`) - Date.parse(`${before}Z`)).toBe(30 * MINUTE);
    const [low] = watching('sun.elevation < -0.833', options).wait(DAY);
    expect(Math.abs(Date.parse(`${sunset}Z`) - Date.parse(`${low}Z`))).toBeLessThan(2 * MINUTE);
    expect(watching('sunrise()', { start, site: { latitude: 80, longitude: 0 } }).wait(30 * DAY)).toEqual([]);
  });

  it('is unknown without the place of the house, or the time', () => {
    expect(watching('sun.elevation < 0').value()).toBe('unknown');
    expect(watching('sunset()').wait(2 * DAY)).toEqual([]);
    expect(watching('sun.elevation < 0', { start: 0, site: BERLIN }).value()).toBe('unknown');
  });
});

describe('what the language refuses', () => {
  it.each([
    ['changed(3)', 'Expected a property'],
    ['rose(sensor.a.b)', 'Expected rose(property, by)'],
    ['rose(sensor.a.b, 0)', 'Expected a number above 0'],
    ['rose(sensor.a.b, 1, "soon")', 'Expected a duration'],
    ['mean(sensor.a.b, 5)', 'Expected a duration'],
    ['count(sensor.a.b > 1)', 'Expected count'],
    ['sequence(sensor.a.b > 1, "30s")', 'Expected sequence'],
    ['count(now.hour > 1, "5m")', 'Expected no now.*'],
    ['sunset("soon")', 'Expected a time before or after'],
    ['sunset("-13h")', '12h at most'],
    ['sun.height > 1', 'Expected one of sun.elevation, sun.azimuth'],
    ['cron(5)', 'Expected cron'],
  ])('%s', (source, message) => {
    const parsed = parseExpression(source);
    expect(parsed.ok ? '' : parsed.problem.message).toContain(message);
  });
});
