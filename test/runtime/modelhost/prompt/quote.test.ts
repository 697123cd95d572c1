import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, isCut, numberText, quote } from '../../../../runtime/modelhost/prompt/quote.ts';

describe('quoted text', () => {
  it('is one line of what can be seen, bounded, valid, and can be read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.integer({ min: 1, max: 80 }),
        (text, max) => {
          const quoted = quote(text, max);
          const back = JSON.parse(quoted) as string;
          expect(back).toBe(clean(text, max));
          expect(back.length).toBeLessThanOrEqual(max);
          expect(back).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          expect(quoted.slice(1, -1)).not.toMatch(/(?<!\\)(?:\\\\)*"/);
        },
      ),
    );
  });

  it('replaces half surrogate pairs and control characters', () => {
    expect(quote('a\uD800b', 60)).toBe('"a\uFFFDb"');
    expect(quote(new TextDecoder().decode(Uint8Array.of(0x4b, 0xfc, 0x63)), 60)).toBe('"K\uFFFDc"');
    expect(quote('a\u0000\u202e\r\n\tb', 60)).toBe('"a b"');
    expect(quote('😀😀', 3)).toBe('"😀…"');
    expect(quote('😀😀', 2)).toBe('"…"');
  });

  it('knows what it cuts', () => {
    expect(isCut('a'.repeat(60), 60)).toBe(false);
    expect(isCut('a'.repeat(61), 60)).toBe(true);
    expect(isCut(`${'a'.repeat(10)}${' '.repeat(100)}b`, 60)).toBe(false);
    expect(isCut(' '.repeat(1_000_000), 60)).toBe(true);
  });

  it('does little for a megabyte', () => {
    let read = 0;
    const long = { slice: (from: number, to: number) => ((read = to - from), 'a'.repeat(to - from)) };
    expect(clean(long as unknown as string, 60)).toHaveLength(60);
    expect(read).toBeLessThan(1000);
  });

  it('writes numbers briefly', () => {
    expect([0.1 + 0.2, 21, -3.14159, Number.NaN].map((value) => numberText(value))).toEqual([
      '0.3',
      '21',
      '-3.142',
      'unknown',
    ]);
  });
});
