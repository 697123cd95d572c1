import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameMeter } from '../../../runtime/broker/frame-meter.ts';

/** An MQTT packet with a body of so many bytes. */
function packet(size: number): number[] {
  const length: number[] = [];
  let rest = size;
  do {
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [0x30, ...length, ...Array.from({ length: size }, () => 0xff)];
}

describe('FrameMeter', () => {
  it('accepts packets up to the limit however the stream is cut, and none beyond', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 97 }), (bodies, cut) => {
        const meter = new FrameMeter(400);
        const bytes = Uint8Array.from(bodies.flatMap(packet));
        let accepted = true;
        for (let at = 0; at < bytes.length && accepted; at += cut) {
          accepted = meter.accept(bytes.subarray(at, at + cut));
        }
        expect(accepted).toBe(bodies.every((size) => size <= 400));
      }),
    );
  });

  it('refuses a length that does not end', () => {
    expect(new FrameMeter(2 ** 40).accept(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80))).toBe(false);
  });
});
