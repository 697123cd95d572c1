import { expect, test } from 'vitest';
import fc from 'fast-check';
import { plainText, valuesIn } from '../../../../runtime/modelhost/synapse/values.ts';

function said(text: string, options: readonly string[] = []): unknown[] {
  return valuesIn(plainText(text), options).map((found) => found.said);
}

test('numbers, with their units, in digits and in words', () => {
  expect(said('Set it to 40 %')).toEqual([{ type: 'percent', value: 40 }]);
  expect(said('forty five percent and then one hundred')).toEqual([
    { type: 'percent', value: 45 },
    { type: 'number', value: 100 },
  ]);
  expect(said('21,5 degrees')).toEqual([{ type: 'degrees', value: 21.5 }]);
  expect(said('twenty point five degrees')).toEqual([{ type: 'degrees', value: 20.5 }]);
  expect(said('70 degrees fahrenheit')).toEqual([{ type: 'degrees', value: 21 }]);
  expect(said('2700k')).toEqual([{ type: 'kelvin', value: 2700 }]);
  expect(said('the one in the kitchen')).toEqual([]);
  // `seven` is no part of these, and `three` none of a share.
  expect(said('seventeen degrees, eighteen, fourteen percent')).toEqual([
    { type: 'degrees', value: 17 },
    { type: 'number', value: 18 },
    { type: 'percent', value: 14 },
  ]);
  expect(said('three quarters')).toEqual([{ type: 'percent', value: 75 }]);
  expect(said('a third, then two thirds')).toEqual([
    { type: 'percent', value: 33 },
    { type: 'percent', value: 67 },
  ]);
  expect(said('the light on a third floor landing')).toEqual([]);
  expect(said('half a degree')).toEqual([{ type: 'degrees', value: 0.5 }]);
  expect(said('one and a half degrees')).toEqual([{ type: 'degrees', value: 1.5 }]);
  expect(said('18 and a half')).toEqual([{ type: 'number', value: 18.5 }]);
  expect(said('an hour and a half')).toEqual([{ type: 'duration', ms: 5_400_000 }]);
});

test('colours, whites, lengths of time, times of day, words of a device', () => {
  expect(said('make it warm white, no, crimson')).toEqual([
    { type: 'kelvin', value: 2700 },
    { type: 'color', value: 'red' },
  ]);
  expect(said('for half an hour or 90 seconds')).toEqual([
    { type: 'duration', ms: 1_800_000 },
    { type: 'duration', ms: 90_000 },
  ]);
  expect(said("at 7:30 pm, 22:15, seven o'clock, midnight")).toEqual([
    { type: 'time', minutes: 1170 },
    { type: 'time', minutes: 1335 },
    { type: 'time', minutes: 420 },
    { type: 'time', minutes: 0 },
  ]);
  expect(said('put on HDMI 2 please', ['HDMI 1', 'hdmi 2'])).toEqual([{ type: 'number', value: 2 }]);
  expect(said('put it on eco', ['Eco', 'boost'])).toEqual([{ type: 'option', value: 'Eco' }]);
});

test('any text is read without failing, at most eight values, in order', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const found = valuesIn(plainText(text));
      expect(found.length).toBeLessThanOrEqual(8);
      found.forEach(({ start, end }, i) => {
        expect(start).toBeLessThan(end);
        expect(start).toBeGreaterThanOrEqual(found[i - 1]?.end ?? 0);
      });
    }),
  );
});
