import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostName, isLoopback, parseAddress, urlOf } from '../../../runtime/http/address.ts';
import { Guard } from '../../../runtime/http/guard.ts';
import { parseMoment } from '../../../runtime/lib/moment.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

describe('moments', () => {
  it('reads back every ISO moment it is given', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-02'), max: new Date('2999-01-01'), noInvalidDate: true }),
        (date) => {
          expect(parseMoment(date.toISOString(), NOW)).toBe(date.getTime());
          expect(parseMoment(String(date.getTime()), NOW)).toBe(date.getTime());
        },
      ),
    );
  });

  it('counts spans back from now', () => {
    expect(parseMoment('-90s', NOW)).toBe(NOW - 90_000);
    expect(parseMoment('-1.5h', NOW)).toBe(NOW - 5_400_000);
    expect(parseMoment('now', NOW)).toBe(NOW);
    expect(parseMoment('-2d', NOW)).toBe(NOW - 172_800_000);
  });

  it('takes no text for a moment that is none', () => {
    for (const text of ['', '-', '1h', '-1y', '2026-13-01', '2026', 'yesterday', '-1e9h', '12:00']) {
      expect(parseMoment(text, NOW)).toBe(text === '2026' ? 2026 : undefined);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseMoment(text, NOW);
        expect(ms === undefined || Number.isFinite(ms)).toBe(true);
      }),
    );
  });
});

describe('addresses', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65_535), (host, port) => {
        const text = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
        expect(parseAddress(text)).toEqual({ host, port });
        expect(new URL(urlOf({ host, port })).protocol).toBe('http:');
      }),
    );
  });

  it('knows what stays on this machine', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '127.evil.example', '192.168.1.1', 'hub'].some(isLoopback)).toBe(false);
  });

  it('takes only a plain name out of a Host header', () => {
    expect(hostName('Hub.local:8420')).toBe('hub.local');
    expect(hostName('[::1]:8420')).toBe('::1');
    for (const bad of [
      '',
      'a b',
      'localhost:8420:1',
      'user@localhost',
      'localhost/',
      '[::1',
      'x'.repeat(300),
    ]) {
      expect(hostName(bad)).toBe('');
    }
  });
});

describe('the token', () => {
  it('is matched exactly', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{1,40}$/), fc.stringMatching(/^[!-~]{1,40}$/), (token, given) => {
        const guard = new Guard({ token, hosts: [] });
        expect(guard.authorized({ authorization: `Bearer ${token}` })).toBe(true);
        expect(guard.authorized({ authorization: `Bearer ${given}` })).toBe(given === token);
        expect(guard.authorized({})).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
