import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvData } from '../../../../runtime/cli/learning/csv.ts';
import { caught } from '../../../support/caught.ts';

const features = ['sensor.a.x', 'rose(sensor.a.x, 2), "quoted"'];
const choices = ['none', 'light.hall.turn_on(brightness: 20)'];
const HEAD = 'right,sensor.a.x,"rose(sensor.a.x, 2), ""quoted"""';
const read = (text: string) => csvData({ file: 'a.csv', text, label: 'right', features, choices });

it('reads numbers, on and off, and missing values', () => {
  const { values, labels } = read(
    `\uFEFF${HEAD}\r\nnone,1.5,on\r\n\r\n"light.hall.turn_on(brightness: 20)",,closed\nnone,unknown,-1e3`,
  );
  expect([...values]).toEqual([1.5, 1, Number.NaN, 0, Number.NaN, -1000]);
  expect([...labels]).toEqual([0, 1, 0]);
});

it('reads back whatever numbers are written', () => {
  const cell = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.NaN));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, fc.nat(1)), { maxLength: 30 }), (rows) => {
      const text = (value: number): string => (Number.isNaN(value) ? '' : String(value));
      const lines = rows.map(([a, b, i]) => `"${choices[i]!}",${text(a)},"${text(b)}"`);
      const { values, labels } = read([HEAD, ...lines].join('\n'));
      expect([...values]).toEqual(
        rows.flatMap(([a, b]) => [a + 0, b + 0].map((one) => (one === 0 ? 0 : one))),
      );
      expect([...labels]).toEqual(rows.map(([, , i]) => i));
    }),
  );
});

it.each([
  ['', 'a line with the names of the columns for a.csv'],
  ['right,sensor.a.x\n', 'a column named rose(sensor.a.x, 2)'],
  [`${HEAD}\nnone,1,2\nnone,warm,2`, 'for sensor.a.x in line 3 of a.csv'],
  [`${HEAD}\n"no\nne",1,2`, 'for right in line 2 of a.csv'],
  [`${HEAD}\nnone,1,2\n"x""y",1,2`, 'but received x"y'],
])('says what is wrong with %j', (text, sentence) => {
  const error = caught(() => read(text));
  expect(error).toMatchObject({ code: 'TRAINING_DATA' });
  expect(String(error)).toContain(sentence);
});
