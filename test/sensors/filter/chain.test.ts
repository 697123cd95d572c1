import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading, Value } from '../../../runtime/contract/reading.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { filterChain, type FilterOptions } from '../../../sensors/filter/chain.ts';
import { Deadband } from '../../../sensors/filter/deadband.ts';
import { readingNow } from '../../support/readings.ts';

function setup(options: FilterOptions) {
  const clock = new ManualClock();
  const released: Reading[] = [];
  const chain = filterChain(options, { clock, release: (reading) => released.push(reading) });
  const send = (value: Value) => chain.apply(readingNow(clock, 'sensor.a.x', value))?.value;
  return { clock, chain, released, send };
}

describe('deadband', () => {
  it('holds back what differs by less than the band from the last that passed', () => {
    const { chain, send } = setup({ deadband: { absolute: 0.5 } });
    expect([20, 20.4, 20.5, 20.1, 20, 'text', true].map(send)).toEqual([
      20,
      undefined,
      20.5,
      undefined,
      20,
      'text',
      true,
    ]);
    expect(chain.heldBack).toEqual({ smooth: 0, deadband: 2, debounce: 0 });
  });

  it('takes the wider of an absolute and a relative band', () => {
    const { send } = setup({ deadband: { absolute: 1, percent: 10 } });
    expect([100, 109, 110, 2, 2.9, 3].map(send)).toEqual([100, undefined, 110, 2, undefined, 3]);
  });

  it('never lets what passed be further than the band from what is', () => {
    const series = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(series, fc.double({ min: 0, max: 50, noNaN: true }), (values, absolute) => {
        const band = new Deadband({ absolute });
        let shown = Number.NaN;
        for (const value of values) {
          shown = band.apply(value) ?? shown;
          expect(Math.abs(shown - value)).toBeLessThanOrEqual(absolute);
        }
      }),
    );
  });
});

describe('debounce', () => {
  it('lets the first value pass and a new one when it has held', () => {
    const { clock, released, chain, send } = setup({ debounceMs: 100 });
    expect(send('off')).toBe('off');
    expect(send('on')).toBeUndefined();
    clock.advance(60);
    expect(send('on')).toBeUndefined();
    clock.advance(39);
    expect(released).toEqual([]);
    clock.advance(1);
    expect(released.map((reading) => reading.value)).toEqual(['on']);
    expect(send('on')).toBe('on');
    expect(chain.heldBack.debounce).toBe(2);
  });

  it('forgets a value that bounced back', () => {
    const { clock, released, send } = setup({ debounceMs: 100 });
    send(false);
    send(true);
    clock.advance(50);
    expect(send(false)).toBe(false);
    clock.advance(1000);
    expect(released).toEqual([]);
  });

  it('starts anew with every other value', () => {
    const { clock, released, send } = setup({ debounceMs: 100 });
    send(0);
    for (let value = 1; value < 5; value++) {
      send(value);
      clock.advance(99);
    }
    expect(released).toEqual([]);
    clock.advance(1);
    expect(released.map((reading) => reading.value)).toEqual([4]);
  });

  it('counts a return into the deadband as a bounce, and a value near the candidate as holding', () => {
    const { clock, released, send } = setup({ debounceMs: 100, deadband: { absolute: 1 } });
    expect(send(20)).toBe(20);
    send(25);
    expect(send(20.5)).toBeUndefined();
    clock.advance(200);
    expect(released).toEqual([]);
    send(25);
    clock.advance(90);
    send(25.4);
    clock.advance(10);
    expect(released.map((reading) => reading.value)).toEqual([25.4]);
    expect(send(25.2)).toBeUndefined();
  });

  it('releases nothing after stop', () => {
    const { clock, chain, released, send } = setup({ debounceMs: 100 });
    send(1);
    send(2);
    chain.stop();
    clock.advance(1000);
    expect(released).toEqual([]);
  });
});

describe('smoothing filters', () => {
  it('come first, see numbers only and may hold back', () => {
    const half = { name: 'half', apply: (value: number) => (value < 0 ? undefined : value / 2) };
    const { chain, send } = setup({ smooth: [half], deadband: { absolute: 1 } });
    expect([4, 5, 6, -1, 'on'].map(send)).toEqual([2, undefined, 3, undefined, 'on']);
    expect(chain.heldBack).toEqual({ smooth: 1, deadband: 1, debounce: 0 });
  });

  it('cannot bring in numbers that are not finite', () => {
    const broken = { name: 'broken', apply: () => Number.NaN };
    expect(setup({ smooth: [broken] }).send(1)).toBeUndefined();
  });
});
