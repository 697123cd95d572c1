import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GanglionError } from '../../../../../runtime/errors.ts';
import { ManualClock } from '../../../../../runtime/lib/clock.ts';
import { networkReason } from '../../../../../runtime/lib/network-reason.ts';
import { retryAfterMs } from '../../../../../runtime/lib/retry-after.ts';
import { CircuitBreaker } from '../../../../../runtime/modelhost/engines/remote/breaker.ts';
import { LaneGate } from '../../../../../runtime/modelhost/engines/remote/gate.ts';
import { MAX_LINE, SseReader } from '../../../../../runtime/modelhost/engines/remote/sse.ts';

describe('SseReader', () => {
  const text =
    'data: {"a":"ü🙂"}\r\n\r\n: a comment\nevent: x\nid: 1\ndata:one\ndata: two\n\ndata\n\n\rdata: [DONE]\n';
  const events = ['{"a":"ü🙂"}', 'one\ntwo', '', '[DONE]'];

  it('reads the same events wherever the chunks are cut', () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const reader = new SseReader();
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const read = at.slice(1).flatMap((end, i) => reader.push(bytes.subarray(at[i], end)));
        expect([...read, ...reader.end()]).toEqual(events);
      }),
    );
    const reader = new SseReader();
    const single = [...bytes].flatMap((byte) => reader.push(Uint8Array.of(byte)));
    expect([...single, ...reader.end()]).toEqual(events);
  });

  it('survives any bytes, and notices a line without end', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const reader = new SseReader();
        for (const chunk of chunks) reader.push(chunk);
        expect(reader.end().every((data) => typeof data === 'string')).toBe(true);
        expect(reader.overlong).toBe(false);
      }),
    );
    const reader = new SseReader();
    reader.push(Buffer.alloc(MAX_LINE + 1, 'x'));
    expect(reader.overlong).toBe(true);
  });
});

describe('CircuitBreaker', () => {
  function breaker(): { clock: ManualClock; breaker: CircuitBreaker } {
    const clock = new ManualClock();
    const options = { clock, random: () => 0, failures: 2, openMs: 1000, maxOpenMs: 4000 };
    return { clock, breaker: new CircuitBreaker(options) };
  }

  it('opens after failures in a row, lets one try, and closes or opens for longer', () => {
    const { clock, breaker: b } = breaker();
    b.admit()!('failure');
    b.admit()!('success');
    b.admit()!('failure');
    b.admit()!('neither');
    expect(b.status).toMatchObject({ state: 'closed', failures: 1 });
    b.admit()!('failure');
    expect(b.status).toMatchObject({ state: 'open', failures: 2, leftMs: 1000 });
    expect(b.admit()).toBeUndefined();
    clock.advance(1000);
    expect(b.status.state).toBe('half-open');
    const probe = b.admit()!;
    expect(b.admit()).toBeUndefined();
    probe('failure');
    expect(b.status).toMatchObject({ state: 'open', leftMs: 2000 });
    clock.advance(2000);
    const withdrawn = b.admit()!;
    withdrawn('neither');
    const second = b.admit()!;
    second('success');
    second('failure');
    expect(b.status).toMatchObject({ state: 'closed', failures: 0, leftMs: 0 });
  });

  it('takes late failures of the time before for one opening, and a pause for what it is', () => {
    const { clock, breaker: b } = breaker();
    const many = [b.admit()!, b.admit()!, b.admit()!, b.admit()!];
    for (const report of many) report('failure');
    expect(b.status).toMatchObject({ state: 'open', leftMs: 1000 });
    clock.advance(1000);
    b.admit()!('success');
    const early = b.admit()!;
    b.pause(3000);
    early('success');
    expect(b.status).toMatchObject({ state: 'open', leftMs: 3000, reason: 'it asked for fewer requests' });
    b.pause(1e9);
    expect(b.status.leftMs).toBe(4000);
  });
});

describe('LaneGate', () => {
  it('lets the highest lane in first, each in order, and forgets who left', async () => {
    const gate = new LaneGate(1, 4);
    const signal = new AbortController().signal;
    const leave = await gate.enter('background', signal);
    const order: string[] = [];
    const enter = async (lane: 'interactive' | 'event' | 'background', name: string): Promise<void> => {
      const go = await gate.enter(lane, signal);
      order.push(name);
      go();
      go();
    };
    const gone = new AbortController();
    const left = gate.enter('interactive', gone.signal);
    const waiting = [enter('background', 'b'), enter('event', 'e1'), enter('event', 'e2')];
    expect(gate.waiting).toBe(4);
    await expect(gate.enter('interactive', signal)).rejects.toThrowError(
      expect.objectContaining({ code: 'QUEUE_FULL' }),
    );
    gone.abort(new GanglionError('MODEL_ABORTED', { file: 'x' }));
    await expect(left).rejects.toThrowError(expect.objectContaining({ code: 'MODEL_ABORTED' }));
    waiting.push(enter('interactive', 'i'));
    leave();
    await Promise.all(waiting);
    expect(order).toEqual(['i', 'e1', 'e2', 'b']);
    expect(gate.waiting).toBe(0);
  });
});

describe('what servers and networks say', () => {
  it('reads Retry-After in seconds and as a date', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(retryAfterMs('7', now)).toBe(7000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:30 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeUndefined();
    expect(retryAfterMs(null, now)).toBeUndefined();
  });

  it('explains the errors of connections, and which of them last', () => {
    const error = (code: string): Error => Object.assign(new Error('x'), { code });
    const wrapped = new TypeError('fetch failed', { cause: new AggregateError([error('ECONNREFUSED')]) });
    expect(networkReason(wrapped)).toEqual({ text: 'nothing listens there', lasting: false });
    expect(networkReason(error('CERT_HAS_EXPIRED'))).toMatchObject({ lasting: true });
    expect(networkReason(error('DEPTH_ZERO_SELF_SIGNED_CERT')).text).toContain('NODE_EXTRA_CA_CERTS');
    expect(networkReason(error('ERR_SSL_UNSUPPORTED_PROTOCOL')).text).toContain('no secure connection');
    expect(networkReason(error('EWHATEVER')).text).toBe('the connection failed (EWHATEVER)');
    expect(networkReason('nothing').text).toBe('the connection failed');
  });
});
