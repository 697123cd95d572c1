import { expect, it } from 'vitest';
import type { Decoder } from '../../runtime/contract/decoder.ts';
import { isGanglionError } from '../../runtime/errors.ts';
import { message } from '../support/house/world.ts';

export interface DecoderCase {
  readonly name: string;
  readonly decoder: Decoder;
  /** A topic it reads, and a payload that gives at least one observation. */
  readonly topic: string;
  readonly good: string;
}

const MEBIBYTE = 1024 * 1024;

const HOSTILE: readonly (readonly [string, (good: string) => string | Uint8Array])[] = [
  ['an empty payload', () => ''],
  ['a truncated payload', (good) => good.slice(0, -1)],
  ['half a payload', (good) => good.slice(0, good.length / 2)],
  [
    'bytes that are not UTF-8',
    (good) => Buffer.concat([Buffer.from(good.slice(0, -1)), Buffer.from([0xff, 0xfe, 0xc0])]),
  ],
  ['a mebibyte of spaces', () => Buffer.alloc(MEBIBYTE, 0x20)],
  ['a mebibyte of brackets', () => Buffer.alloc(MEBIBYTE, 0x5b)],
  ['a mebibyte of text in a string', () => `{"a":"${'x'.repeat(MEBIBYTE - 20)}"}`],
  ['two mebibytes', () => Buffer.alloc(2 * MEBIBYTE, 0x31)],
  ['deep nesting', () => `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  [
    '100 000 fields',
    () => JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`f${i}`, i]))),
  ],
  ['NaN', () => '{"a":NaN,"temperature":nan,"b":1}'],
  ['infinities', () => '{"a":1e999,"temperature":-1e999,"POWER":1e400}'],
  ['a bare NaN', () => 'NaN'],
  ['a prototype key', () => '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}'],
  ['a list', () => '[[1],[2]]'],
  ['null', () => 'null'],
  ['control characters', () => '\u0000\u0001\u001f'],
  ['a lone surrogate', () => '{"a":"\\ud800","b":1}'],
  ['a gzip header and nothing else', () => new Uint8Array([0x1f, 0x8b, 0x08, 0, 0, 0])],
  ['a zstd header and nothing else', () => new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0xff])],
];

/** What every decoder must hold whatever comes: observations or a GanglionError, finite values, quickly. */
export function describeDecoder({ decoder, topic, good }: DecoderCase): void {
  it('reads a good payload, and reads it the same way again', () => {
    const first = decoder.decode(message(topic, good));
    expect(first.length).toBeGreaterThan(0);
    expect(decoder.decode(message(topic, good))).toEqual(first);
  });

  it.each(HOSTILE)('survives %s', (_, make) => {
    const hostile = message(topic, make(good));
    const before = performance.now();
    let observations: readonly { readonly value: unknown; readonly field: string }[] = [];
    let thrown: unknown;
    try {
      observations = decoder.decode(hostile);
    } catch (error) {
      thrown = error;
    }
    expect(performance.now() - before).toBeLessThan(10_000); // it ends; how soon is for benches
    expect(thrown === undefined || isGanglionError(thrown)).toBe(true);
    expect(observations.length).toBeLessThanOrEqual(512);
    for (const { value } of observations) {
      expect(['number', 'string', 'boolean']).toContain(typeof value);
      expect(Number.isNaN(value) || value === Infinity || value === -Infinity).toBe(false);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('ignores topics that are not its own', () => {
    for (const other of [
      '',
      '/',
      'a',
      'somewhere/else/entirely',
      `${topic}/more/levels/here`,
      '$SYS/broker/uptime',
    ]) {
      let thrown: unknown;
      try {
        decoder.decode(message(other, good));
      } catch (error) {
        thrown = error;
      }
      expect(thrown === undefined || isGanglionError(thrown)).toBe(true);
    }
  });
}
