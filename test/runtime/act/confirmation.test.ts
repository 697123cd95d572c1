import { describe, expect, it } from 'vitest';
import { Confirmations } from '../../../runtime/act/confirmation.ts';
import { ReversalWatch } from '../../../runtime/act/reversal.ts';
import type { MonoMs } from '../../../runtime/contract/time.ts';
import { action, reading } from '../../support/samples.ts';

const mono = (ms: number) => ms as MonoMs;

describe('confirmation', () => {
  it('needs every property, shown after the command went out, within tolerance', () => {
    const confirmations = new Confirmations();
    const dim = action('a', { args: { brightness: 20 } });
    confirmations.expect(dim, mono(100));
    expect(confirmations.observe(reading('light.hall.state', 'on', 50))).toEqual([]);
    expect(confirmations.observe(reading('light.hall.state', 'on', 150))).toEqual([]);
    expect(confirmations.missing(dim)).toBe('brightness 20');
    expect(confirmations.observe(reading('light.hall.brightness', 25, 160))).toEqual([]);
    expect(confirmations.observe(reading('light.hall.brightness', 20.4, 170))).toEqual([dim]);
    expect(confirmations.waitsFor('light.hall')).toBe(false);
  });

  it('never counts a retained message', () => {
    const confirmations = new Confirmations();
    confirmations.expect(action('a'), mono(0));
    expect(confirmations.observe(reading('light.hall.state', 'on', 10, { retained: true }))).toEqual([]);
  });

  it('has nothing to wait for where a command shows nothing', () => {
    expect(
      new Confirmations().expect(action('a', { entity: 'button.bell', command: 'press' }), mono(0)),
    ).toBe(false);
    expect(new Confirmations().expect(action('a', { entity: 'tool.say', command: 'run' }), mono(0))).toBe(
      false,
    );
  });

  it('takes a docked vacuum for one that returned', () => {
    const confirmations = new Confirmations();
    confirmations.expect(action('a', { entity: 'vacuum.bob', command: 'return_to_base' }), mono(0));
    expect(confirmations.observe(reading('vacuum.bob.state', 'docked', 10))).toHaveLength(1);
  });
});

describe('reversal', () => {
  it('sees that somebody undid an action, once', () => {
    const watch = new ReversalWatch(() => false);
    watch.confirmed(action('a'), mono(0));
    expect(watch.observe(reading('light.hall.state', 'on', 1000))).toBeUndefined();
    expect(watch.observe(reading('light.hall.brightness', 5, 1500))).toBeUndefined();
    expect(watch.observe(reading('light.hall.state', 'off', 2000))?.id).toBe('a');
    expect(watch.observe(reading('light.hall.state', 'off', 3000))).toBeUndefined();
  });

  it('says nothing while an action of ours is under way, after a while, or of retained messages', () => {
    let pending = true;
    const watch = new ReversalWatch(() => pending);
    watch.confirmed(action('a'), mono(0));
    expect(watch.observe(reading('light.hall.state', 'off', 1000))).toBeUndefined();
    pending = false;
    expect(watch.observe(reading('light.hall.state', 'off', 1000, { retained: true }))).toBeUndefined();
    expect(watch.observe(reading('light.hall.state', 'off', 301_000))).toBeUndefined();
  });
});
