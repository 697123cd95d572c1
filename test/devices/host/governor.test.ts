import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createGovernor, GOVERNOR_LEVELS, type GovernorState } from '../../../devices/host/governor.ts';
import { lookAtVitals, type Vitals } from '../../../devices/host/vitals.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { meminfo, PI5, rootOf } from './support.ts';

const GB = 1e9;
const WELL: Vitals = {
  thermal: { celsius: 55, throttled: [], throttledBefore: [], throttleKnown: true },
  memory: {
    totalBytes: 8 * GB,
    usableBytes: 8 * GB,
    availableBytes: 5 * GB,
    swapBytes: 0,
    swapFreeBytes: 0,
    zramBytes: 0,
  },
  pressure: { somePercent: 0, fullPercent: 0 },
};
const at = (celsius: number, more: Partial<Vitals['thermal']> = {}): Vitals => ({
  ...WELL,
  thermal: { ...WELL.thermal, celsius, ...more },
});
const free = (bytes: number): Vitals => ({ ...WELL, memory: { ...WELL.memory, availableBytes: bytes } });

function rig(first: Vitals = WELL) {
  const clock = new ManualClock();
  let vitals: Vitals | Error = first;
  const changes: string[] = [];
  const governor = createGovernor({
    clock,
    probe: () => {
      if (vitals instanceof Error) throw vitals;
      return vitals;
    },
    onChange: ({ level, reason }, before) => changes.push(`${before} → ${level}: ${reason}`),
  });
  governor.start();
  return {
    clock,
    governor,
    changes,
    /** Shows other vitals for some seconds. */
    show: (next: Vitals | Error, seconds: number): GovernorState => {
      vitals = next;
      clock.advance(seconds * 1000);
      return governor.current;
    },
  };
}

describe('the governor', () => {
  test('leaves a board that is well alone', () => {
    const { governor, changes, show } = rig();
    show(WELL, 3600);
    expect(governor.current).toMatchObject({ level: 'normal', reason: '', effect: '' });
    expect(governor.current.allowance).toEqual({ heldLanes: [], threadsFactor: 1, audits: true });
    expect(changes).toEqual([]);
  });

  test('holds background work back at once when the board throttles, and says so', () => {
    const { governor, changes, show } = rig();
    show(at(82, { throttled: ['throttled'] }), 5);
    expect(governor.current.level).toBe('careful');
    expect(governor.current.reason).toBe('the board is throttling (82 °C)');
    expect(governor.current.effect).toBe('background work is held back');
    expect([governor.holds('background'), governor.holds('event'), governor.holds('interactive')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(governor.current.allowance.audits).toBe(false);
    expect(changes).toHaveLength(1);
    expect(governor.gauges).toMatchObject({ governor_level: 1, governor_changes: 1, board_celsius: 82 });
  });

  test('too hot: only people are served; then it comes back step by step, each after a calm', () => {
    const { governor, changes, show } = rig();
    show(at(84), 5);
    expect(governor.current.level).toBe('minimal');
    expect([governor.holds('event'), governor.holds('interactive')]).toEqual([true, false]);
    // Cooler than what set it off and still warm: no calm.
    show(at(79), 600);
    expect(governor.current.level).toBe('minimal');
    show(at(60), 55);
    expect(governor.current.level).toBe('minimal');
    show(at(60), 10);
    expect(governor.current.level).toBe('careful');
    expect(governor.current.reason).toBe('recovering; last seen: the board is still too hot (79 °C)');
    show(at(60), 65);
    expect(governor.current).toMatchObject({ level: 'normal', reason: '' });
    expect(changes.map((line) => line.split(':')[0])).toEqual([
      'normal → minimal',
      'minimal → careful',
      'careful → normal',
    ]);
  });

  test('takes the limit the board itself names', () => {
    const { show } = rig();
    expect(show(at(85, { limitCelsius: 97 }), 60).level).toBe('normal');
    expect(show(at(96, { limitCelsius: 97 }), 5)).toMatchObject({
      level: 'careful',
      reason: 'the board is hot (96 °C)',
    });
  });

  test('short of memory, by what is left and by how long programs wait for it', () => {
    expect(rig(free(0.3 * GB)).governor.current).toMatchObject({
      level: 'careful',
      reason: 'memory runs short (300 MB of 8.0 GB left)',
    });
    expect(rig(free(0.1 * GB)).governor.current.level).toBe('minimal');
    const waits = { ...WELL, pressure: { somePercent: 23.4, fullPercent: 2 } };
    expect(rig(waits).governor.current).toMatchObject({
      level: 'careful',
      reason: 'programs wait for memory 23 % of the time',
    });
    const stalls = {
      ...at(85, { throttled: ['under-voltage'] }),
      pressure: { somePercent: 60, fullPercent: 40 },
    };
    const { level, reason } = rig(stalls).governor.current;
    expect(level).toBe('minimal');
    expect(reason).toContain('everything waits for memory 40 % of the time');
    expect(reason).toContain('the power supply is too weak');
  });

  test('goes up while it waits to come down', () => {
    const { governor, show } = rig(at(82, { throttled: ['throttled'] }));
    show(at(60), 40);
    show(free(0.05 * GB), 5);
    expect(governor.current.level).toBe('minimal');
  });

  test('a look that fails changes nothing and is counted', () => {
    const { governor, show } = rig(at(84));
    show(new Error('EIO'), 600);
    expect(governor.current.level).toBe('minimal');
    expect(governor.gauges['governor_failed_looks']).toBe(120);
  });

  test('stopped, also by whoever is told of a change, it looks no more', () => {
    const clock = new ManualClock();
    let looks = 0;
    const governor = createGovernor({
      clock,
      probe: () => {
        looks++;
        return at(90);
      },
      onChange: () => governor.stop(),
    });
    governor.start();
    clock.advance(60_000);
    expect(looks).toBe(1);
  });

  test('never swings: a lower level only after a minute in which nothing spoke against it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 90 }), { minLength: 1, maxLength: 120 }), (celsius) => {
        const clock = new ManualClock();
        let now = 50;
        const falls: { readonly ms: number; readonly to: number }[] = [];
        const hot: { readonly ms: number; readonly level: number }[] = [];
        const governor = createGovernor({
          clock,
          probe: () => at(now),
          onChange: ({ level }, before) => {
            const to = GOVERNOR_LEVELS.indexOf(level);
            if (to < GOVERNOR_LEVELS.indexOf(before)) falls.push({ ms: clock.mono(), to });
          },
        });
        governor.start();
        for (now of celsius) {
          clock.advance(5000);
          hot.push({ ms: clock.mono(), level: now >= 83 ? 2 : now >= 78 ? 1 : 0 });
        }
        for (const fall of falls) {
          const lately = hot.filter(({ ms }) => ms > fall.ms - 60_000 && ms <= fall.ms);
          expect(lately.every(({ level }) => level <= fall.to)).toBe(true);
        }
      }),
    );
  });
});

test('vitals are read from the same files as the probe, with the pressure of the machine or the own group', () => {
  const tree = {
    ...PI5,
    'proc/meminfo': meminfo(1_000_000, 400_000),
    'proc/pressure/memory':
      'some avg10=12.50 avg60=1.00 avg300=0.10 total=5\nfull avg10=3.25 avg60=0 avg300=0 total=2\n',
  };
  const vitals = lookAtVitals(rootOf(tree));
  expect(vitals.thermal.throttled).toContain('throttled');
  expect(vitals.memory.availableBytes).toBe(409_600_000);
  expect(vitals.pressure).toEqual({ somePercent: 12.5, fullPercent: 3.25 });
  const own = {
    ...tree,
    'proc/self/cgroup': '0::/hub\n',
    'sys/fs/cgroup/hub/memory.pressure':
      'some avg10=40.00 avg60=1.00 avg300=0.10 total=5\nfull avg10=1.00 avg60=0 avg300=0 total=2\n',
  };
  expect(lookAtVitals(rootOf(own)).pressure).toEqual({ somePercent: 40, fullPercent: 3.25 });
  expect(lookAtVitals(rootOf({})).pressure).toBeUndefined();
});
