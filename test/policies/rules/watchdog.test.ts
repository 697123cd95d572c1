import { describe, expect, it } from 'vitest';
import { MINUTE, watching } from './watch/setup.ts';

const MOTION = 'binary_sensor.hall_motion.state';
const LUX = 'sensor.hall.illuminance';

describe('the watchdog', () => {
  it('names a rule that an unknown input kept from firing, until it fires', () => {
    const w = watching(`${MOTION} == "on"`, { state0: { [MOTION]: 'off' }, more: `if: "${LUX} < 10",` });
    expect(w.engine.overdue(w.now())).toEqual([]);
    w.set(MOTION, 'on');
    expect(w.engine.overdue(w.now())).toEqual([
      {
        policy: 'rule',
        since: w.now().wall,
        reason: 'its condition is unknown: hall illuminance is unknown',
      },
    ]);
    w.set(LUX, 3);
    w.set(MOTION, 'off');
    expect(w.set(MOTION, 'on')).toHaveLength(1);
    expect(w.engine.overdue(w.now())).toEqual([]);
  });

  it('does not name what a rule says itself: a false condition, a cooldown', () => {
    const w = watching(`${MOTION} == "on"`, {
      state0: { [MOTION]: 'off', [LUX]: 50 },
      more: `if: "${LUX} < 10", cooldown: 5m,`,
    });
    w.set(MOTION, 'on');
    w.set(LUX, 5);
    for (const value of ['off', 'on', 'off', 'on']) w.set(MOTION, value);
    expect(w.engine.overdue(w.now())).toEqual([]);
  });

  it('names a rule that triggers itself once it is stopped', () => {
    const errors: string[] = [];
    const w = watching('light.hall.state == "off"', {
      state0: { 'light.hall.state': 'on' },
      onPaused: (error) => errors.push(error.message),
    });
    // Its own action turns the light on, which somebody's other rule turns off again, and so on.
    let fired = 0;
    for (let i = 0; i < 40; i++) {
      fired += w.set('light.hall.state', 'off').length;
      w.set('light.hall.state', 'on');
      w.wait(100);
    }
    expect(fired).toBe(30);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('policy rule');
    expect(w.engine.overdue(w.now())[0]?.reason).toContain('paused');
    w.wait(MINUTE);
    expect(w.set('light.hall.state', 'off')).toHaveLength(1);
  });
});

describe('the costs of a rule', () => {
  it('count its firings, their CPU time and its memory', () => {
    let cpu = 0;
    const w = watching(`${MOTION} == "on"`, { state0: { [MOTION]: 'off' }, cpuMs: () => (cpu += 0.5) });
    const before = w.engine.costs('rule');
    expect(before).toMatchObject({ fired: 0, cpuMs: 0 });
    w.set(MOTION, 'on');
    expect(w.engine.costs('rule')).toMatchObject({ fired: 1, cpuMs: 0.5, lastFired: w.now().wall });
    expect(before.memoryBytes).toBeGreaterThan(100);
    expect(() => w.engine.costs('other')).toThrow(expect.objectContaining({ code: 'POLICY_UNKNOWN' }));
  });
});
