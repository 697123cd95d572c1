import { expect, test } from 'vitest';
import { readSources } from '../support/source.ts';
import { PRODUCT } from './layers.ts';

const product = readSources([...PRODUCT, 'models']);
const tests = readSources(['test']);

test('no file outgrows what a reader can hold', () => {
  const tooLong = [
    ...product
      .filter((file) => file.lines > 500)
      .map((file) => `${file.path} has ${file.lines} lines, over 500: split it.`),
    ...tests
      .filter((file) => file.lines > 700)
      .map((file) => `${file.path} has ${file.lines} lines, over 700: split it.`),
  ];
  expect(tooLong).toEqual([]);
});

test('every error that the product throws comes from the catalogue', () => {
  const plain = product
    .filter((file) => !file.path.startsWith('examples/'))
    .flatMap((file) =>
      [...file.code.matchAll(/\bthrow\s+(?:new\s+(\w*Error)\b|([A-Z]\w*Error)\()/g)]
        .map((match) => match[1] ?? match[2])
        .filter((name) => name !== 'GanglionError')
        .map((name) => `${file.path} throws ${name}: throw a GanglionError of runtime/errors/ instead.`),
    );
  expect(plain).toEqual([]);
});

test('no check is switched off and nothing is left for later', () => {
  const loose = [...product, ...tests].flatMap((file) =>
    [...file.code.matchAll(/\b(?:test|it|describe)\.(?:only|todo)\b/g)].map(
      (match) => `${file.path} has ${match[0]}.`,
    ),
  );
  expect(loose).toEqual([]);
});
