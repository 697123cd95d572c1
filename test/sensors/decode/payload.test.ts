import { deflateSync, gzipSync } from 'node:zlib';
import { compress as zstd } from '@cloudpss/zstd';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGanglionError } from '../../../runtime/errors.ts';
import { openPayload, parseJson, payloadText } from '../../../sensors/decode/payload.ts';

const TOPIC = 'boiler/1/telemetry';
const bytes = (text: string) => Buffer.from(text, 'utf8');

/** The code and sentence of what `run` throws. */
function failure(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (isGanglionError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: '' };
}

/** A zstd frame of RLE blocks: four bytes become 128 KiB. */
function rleFrame(header: readonly number[], blocks: number): Buffer {
  const size = 128 * 1024;
  const body = Array.from({ length: blocks }, (_, i) => {
    const head = (size << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0);
    return [head & 255, (head >> 8) & 255, (head >> 16) & 255, 65];
  });
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...header, ...body.flat()]);
}

describe('openPayload', () => {
  it('gives plain payloads back as they are', () => {
    for (const text of ['21.5', '{"a":1}', '', 'x', 'x^2 is a text, not zlib']) {
      const payload = bytes(text);
      expect(openPayload(payload, TOPIC)).toBe(payload);
    }
  });

  it('undoes gzip, zlib and zstd', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (raw) => {
        const level = 1 + (raw.length % 9);
        for (const packed of [gzipSync(raw, { level }), deflateSync(raw, { level }), zstd(raw)]) {
          expect(Buffer.from(openPayload(packed, TOPIC)).equals(raw)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('does not follow nested compression', () => {
    const inner = gzipSync(bytes('{"a":1}'));
    expect(Buffer.from(openPayload(gzipSync(inner), TOPIC)).equals(inner)).toBe(true);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ['zlib', deflateSync(Buffer.alloc(64 * 1024 * 1024))],
    ['zstd', Buffer.from(zstd(Buffer.alloc(64 * 1024 * 1024)))],
    ['zstd without a content size', rleFrame([0x00, 0x38], 8000)],
    ['zstd that claims 2^60 bytes', rleFrame([0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10], 1)],
  ])('refuses a bomb of %s without inflating it', (_name, bomb) => {
    const before = process.memoryUsage();
    const { code, message } = failure(() => openPayload(bomb, TOPIC));
    const after = process.memoryUsage();
    expect(code).toBe('PAYLOAD_TOO_LARGE');
    expect(message).toContain('at most 1048576 bytes on topic boiler/1/telemetry');
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1024 * 1024);
  });

  it('refuses a zstd frame that lies about its size', () => {
    const claimsOne = rleFrame([0x20, 0x01], 8000);
    expect(failure(() => openPayload(claimsOne, TOPIC)).code).toBe('PAYLOAD_COMPRESSION');
  });

  it('reads a zstd frame without a content size', () => {
    expect(openPayload(rleFrame([0x00, 0x38], 2), TOPIC)).toHaveLength(256 * 1024);
  });

  it('refuses what is truncated, wherever it was cut', () => {
    const raw = bytes(JSON.stringify(Array.from({ length: 200 }, (_, i) => i * i)));
    for (const packed of [gzipSync(raw), deflateSync(raw), Buffer.from(zstd(raw))]) {
      for (let length = 6; length < packed.length; length += 7) {
        expect(failure(() => openPayload(packed.subarray(0, length), TOPIC)).code).toBe(
          'PAYLOAD_COMPRESSION',
        );
      }
    }
  });

  it('never throws anything else', () => {
    const headers = [
      [0x1f, 0x8b, 8],
      [0x78, 0x9c],
      [0x28, 0xb5, 0x2f, 0xfd],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...headers), fc.uint8Array({ maxLength: 200 }), (header, rest) => {
        const { code } = failure(() => openPayload(Buffer.from([...header, ...rest]), TOPIC));
        expect(['none', 'PAYLOAD_COMPRESSION', 'PAYLOAD_TOO_LARGE']).toContain(code);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a payload that is itself too large', () => {
    expect(failure(() => openPayload(Buffer.alloc(1024 * 1024 + 1), TOPIC)).code).toBe('PAYLOAD_TOO_LARGE');
    expect(openPayload(Buffer.alloc(1024 * 1024), TOPIC)).toHaveLength(1024 * 1024);
  });
});

describe('parseJson', () => {
  it('is JSON.parse for what is JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), (text) => {
        const parsed = JSON.parse(text) as unknown;
        if (/proto|constructor/.test(text)) return;
        expect(parseJson(bytes(text), TOPIC)).toEqual(parsed);
        expect(parseJson(text, TOPIC)).toEqual(parsed);
      }),
    );
  });

  it('skips a byte order mark', () => {
    expect(parseJson(bytes('\uFEFF{"a":1}'), TOPIC)).toEqual({ a: 1 });
  });

  it('reads NaN and infinities, as devices write them, as no value', () => {
    const text = '{"DHT":{"Temperature":nan,"Humidity":NaN},"a":[-Infinity,inf,1],"s":"NaN, inf \\" nan"}';
    expect(parseJson(text, TOPIC)).toEqual({
      DHT: { Temperature: null, Humidity: null },
      a: [null, null, 1],
      s: 'NaN, inf " nan',
    });
    expect(failure(() => parseJson('{"a": nano}', TOPIC)).code).toBe('PAYLOAD_NOT_JSON');
  });

  it('lets nothing reach a prototype', () => {
    for (const text of [
      '{"__proto__":{"polluted":1},"a":1}',
      '{"\\u005f_proto__":{"polluted":1},"a":1}',
      '{"constructor":{"prototype":{"polluted":1}},"a":1}',
      '{"a":1,"prototype":[{"constructor":1}]}',
    ]) {
      const value = parseJson(text, TOPIC) as object;
      expect(Object.getOwnPropertyNames(value)).toEqual(['a']);
      expect(Object.assign({}, value)).not.toHaveProperty('polluted');
    }
    expect(parseJson('{"list":[{"__proto__":1,"b":2}]}', TOPIC)).toEqual({ list: [{ b: 2 }] });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuses nesting beyond the limit, and only that', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson(nested(32), TOPIC)).toBeDefined();
    expect(failure(() => parseJson(nested(33), TOPIC)).code).toBe('PAYLOAD_TOO_DEEP');
    expect(failure(() => parseJson('['.repeat(1_000_000), TOPIC)).code).toBe('PAYLOAD_TOO_DEEP');
    expect(failure(() => parseJson('{"a":'.repeat(200_000), TOPIC)).code).toBe('PAYLOAD_TOO_DEEP');
    expect(parseJson(JSON.stringify(Array.from({ length: 500 }, () => ({ a: '[[[' }))), TOPIC)).toHaveLength(
      500,
    );
  });

  it('says whether it was cut off or never was JSON', () => {
    const text = '{"a":[1,2,{"b":"text"}]}';
    for (let length = 1; length < text.length; length++) {
      expect(failure(() => parseJson(text.slice(0, length), TOPIC)).code).toBe('PAYLOAD_TRUNCATED');
    }
    expect(failure(() => parseJson('ON', TOPIC))).toMatchObject({ code: 'PAYLOAD_NOT_JSON' });
    expect(failure(() => parseJson('', TOPIC)).code).toBe('PAYLOAD_NOT_JSON');
  });

  it('refuses bytes that are not UTF-8', () => {
    const latin = Buffer.from('{"name":"Küche"}', 'latin1');
    expect(failure(() => parseJson(latin, TOPIC)).code).toBe('PAYLOAD_NOT_UTF8');
    expect(failure(() => payloadText(Buffer.from([0xc0, 0x80]), TOPIC)).code).toBe('PAYLOAD_NOT_UTF8');
  });

  it('keeps control characters and endless topics out of its sentences', () => {
    const { message } = failure(() => parseJson('{\u001b[31m', `a\n\u001b[2J${'x'.repeat(5000)}`));
    expect(message.length).toBeLessThan(600);
    // oxlint-disable-next-line no-control-regex
    expect(message).not.toMatch(/[\u0000-\u001f\u202e]/u);
  });

  it('takes no long time over hostile text', () => {
    const start = performance.now();
    for (const text of [
      `{"a": nan, ${'"'.repeat(900_000)}`,
      `nan ${'\\"'.repeat(400_000)}`,
      'nan+'.repeat(250_000),
    ]) {
      expect(failure(() => parseJson(text, TOPIC)).code).not.toBe('none');
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
