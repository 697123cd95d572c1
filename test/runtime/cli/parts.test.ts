import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../../runtime/cli/progress.ts';
import { LiveLog } from '../../../runtime/cli/run/live-log.ts';
import { supervise, type Daemon } from '../../../runtime/cli/run/supervise.ts';
import { talkLines } from '../../../runtime/cli/run/talk.ts';
import { styleOf } from '../../../runtime/cli/style.ts';
import { table } from '../../../runtime/cli/table.ts';
import { clean, fit, width, wrap } from '../../../runtime/cli/text.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { idTime, newId } from '../../../runtime/lib/id.ts';
import { CapturedIo } from '../../support/cli.ts';
import {
  action,
  decision,
  ENTITIES,
  entity,
  NOW,
  outcome,
  reading,
  ScriptedApi,
} from '../../support/scripted-api.ts';

const plain = styleOf(false);

describe('text', () => {
  it('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(clean(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });

  it('cuts and wraps to the columns there are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 2, max: 60 }),
        (text, columns) => {
          expect(width(fit(text, columns))).toBeLessThanOrEqual(columns);
          const words = text.split(/\s+/).filter(Boolean);
          const longest = Math.max(0, ...words.map(width));
          for (const line of wrap(text, columns).split('\n'))
            expect(width(line)).toBeLessThanOrEqual(Math.max(columns, longest));
          expect(wrap(text, columns).split(/\s+/).filter(Boolean).join(' ')).toBe(words.join(' '));
        },
      ),
    );
  });
});

describe('ids', () => {
  it('tell when they were made', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 44 }), (ms) => {
        expect(idTime(newId(ms))).toBe(ms);
      }),
    );
    expect(idTime('wait1')).toBeUndefined();
    expect(idTime('UPPERCASE')).toBeUndefined();
  });
});

describe('tables', () => {
  it('never cut what is copied from them', () => {
    const columns = [
      { title: 'ID', min: Infinity },
      { title: 'WHAT', min: 4 },
    ];
    const id = 'hall-light-on-when-hall-motion-end';
    expect(table(columns, [[id, 'when something happens']], 30).split('\n')[1]).toBe(`${id}  whe…`);
  });

  it('stay within the columns there are, a line for each row', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 80 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 10 }),
        fc.integer({ min: 40, max: 120 }),
        (rows, total) => {
          const text = table([{ title: 'A' }, { title: 'B', align: 'right' }, { title: 'C' }], rows, total);
          const lines = text.trimEnd().split('\n');
          for (const line of lines) expect(width(line)).toBeLessThanOrEqual(total);
          expect(text.split('\n')).toHaveLength(rows.length + 2);
        },
      ),
    );
  });
});

describe('progress', () => {
  it('redraws one line on a terminal and leaves nothing behind', () => {
    const io = new CapturedIo('/');
    const clock = new ManualClock(NOW);
    Object.assign(io, { interactive: true, clock });
    const progress = new Progress(io, 'quantizing');
    progress.update(0, 'blk.0');
    progress.update(0.01, 'blk.1');
    clock.advance(200);
    progress.update(0.5, 'blk.2');
    expect(io.stderr).toContain(`████████████░░░░░░░░░░░░  50 % blk.2`);
    expect(io.stderr).not.toContain('blk.1');
    expect(io.stderr).not.toContain('\n');
    progress.done();
    expect(io.stderr.endsWith('\r\u001B[K')).toBe(true);
  });

  it('prints a plain line now and then elsewhere, and nothing for machines', () => {
    const io = new CapturedIo('/');
    const clock = new ManualClock(NOW);
    io.clock = clock;
    const progress = new Progress(io, 'quantizing');
    for (let i = 0; i <= 100; i++) {
      progress.update(i / 100, `blk.${i}`);
      clock.advance(100);
    }
    progress.done();
    expect(io.stderr).toBe('quantizing 0 % blk.0\nquantizing 50 % blk.50\nquantizing 100 % blk.100\n');
    const quiet = new CapturedIo('/');
    new Progress(quiet, 'quantizing', true).update(0.5, 'x');
    expect(quiet.stderr).toBe('');
  });
});

describe('the live log', () => {
  function log(columns = 80) {
    const clock = new ManualClock(NOW);
    let text = '';
    const live = new LiveLog({ write: (part) => void (text += part), style: plain, columns, clock });
    return { live, clock, text: () => text };
  }

  it('shows decisions with rung, what, latency and reason, then what came of them', () => {
    const { live, text } = log();
    live.show({ type: 'decision', decision: decision('77') });
    live.show({ type: 'outcome', outcome: outcome(action('a')), action: action('a') });
    live.show({ type: 'action', action: action('w', { critical: true }), stage: 'awaiting-approval' });
    live.show(reading('sensor.hall.temperature', 21));
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d {2}rule {4}light\.hall\.turn_on\(brightness: 20\) {2}210 µs$/);
    expect(lines[1]).toBe('          hall-night-light: Motion in the hall and it is dark');
    expect(lines[2]).toMatch(/→ light\.hall\.turn_on\(brightness: 20\) confirmed in 41 ms$/);
    expect(lines[3]).toContain('waits for you: ganglion approve w');
    expect(lines).toHaveLength(4);
  });

  it('says once that a policy found nothing to do, until it has done something', () => {
    const { live, text } = log();
    const idle = { ...decision('77'), actions: [] };
    for (const next of [idle, idle, decision('78'), idle, { ...idle, policy: 'other' }])
      live.show({ type: 'decision', decision: next });
    expect(text().match(/nothing to do/g)).toHaveLength(3);
    expect(text().match(/turn_on/g)).toHaveLength(1);
  });

  it('says which policies are others now, whether or not they can run', () => {
    const { live, text } = log();
    live.show({ type: 'policies', changed: ['hall'], removed: ['attic'] });
    expect(text()).toMatch(/policies read again; changed: hall; taken away: attic\n$/);
  });

  it('counts a storm instead of printing it', () => {
    const { live, clock, text } = log();
    for (let i = 0; i < 1000; i++)
      live.show({ type: 'outcome', outcome: outcome(action('a')), action: action('a') });
    clock.advance(1000);
    live.show({ type: 'outcome', outcome: outcome(action('a')), action: action('a') });
    expect(text().trimEnd().split('\n')).toHaveLength(22);
    expect(text()).toContain('… and 980 more within a second');
  });

  it('prints no control character of an attacker', () => {
    const { live, text } = log();
    live.show({ type: 'problem', code: 'X', message: 'bad\u001B[2J\r\npayload', remedy: '\u0007' });
    live.show({
      type: 'decision',
      decision: decision('1', { explanation: '\u001B]0;x\u0007', rung: '\u001B[1m' }),
    });
    expect(text().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('supervising', () => {
  function setup(more: Partial<Daemon> = {}, json = false) {
    const api = new ScriptedApi();
    const calls: string[] = [];
    const daemon: Daemon = {
      subscribe: (
        listener: Parameters<typeof api.subscribe>[0],
        types: Parameters<typeof api.subscribe>[1],
      ) => api.subscribe(listener, types),
      start: () => {
        calls.push('start');
        return Promise.resolve();
      },
      stop: () => {
        calls.push('stop');
        return Promise.resolve();
      },
      ...more,
    };
    const io = new CapturedIo('/');
    const clock = new ManualClock(NOW);
    io.clock = clock;
    const code = supervise({
      daemon,
      io,
      style: plain,
      json,
      greeting: () => ['hello'],
      addresses: () => ({ node: 'hub' }),
    });
    return { api, calls, io, clock, code };
  }

  it('greets, tells what happens and stops on the first interrupt', async () => {
    const { api, calls, io, code } = setup();
    await expect.poll(() => io.stdout).toContain('hello');
    api.emit({ type: 'decision', decision: decision('77') });
    io.interrupt();
    expect(await code).toBe(0);
    expect(calls).toEqual(['start', 'stop']);
    expect(io.stdout).toContain('light.hall.turn_on');
    expect(io.exits).toEqual([]);
    expect(api.listeners.size).toBe(0);
  });

  it('prints nothing but JSON lines for machines', async () => {
    const { api, io, code } = setup({}, true);
    await expect.poll(() => api.listeners.size).toBe(1);
    api.emit({ type: 'decision', decision: decision('77') });
    api.emit(reading('sensor.hall.temperature', 21));
    io.interrupt();
    await code;
    const lines = io.stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['started', 'decision']);
  });

  it('is ended by a second interrupt, and by a stop that takes too long', async () => {
    const { io, clock, code } = setup({ stop: () => new Promise((resolve) => void (finish = resolve)) });
    let finish: () => void = () => {};
    io.interrupt();
    await expect.poll(() => io.stdout).toContain('Stopping…');
    io.interrupt();
    expect(io.exits).toEqual([130]);
    clock.advance(2000);
    expect(io.exits).toEqual([130, 1]);
    expect(io.stderr).toContain('Expected the daemon to stop within 2 s');
    finish();
    await code;
  });

  it('stops what had started when the start fails, and passes the reason on', async () => {
    const { calls, code } = setup({ start: () => Promise.reject(new RangeError('no')) });
    await expect(code).rejects.toThrow('no');
    expect(calls).toEqual(['stop']);
  });

  it('says how to talk to it', () => {
    const motion = entity('binary_sensor.hall_motion_occupancy', { device: 'zigbee2mqtt/hall_motion' });
    const { house } = new ScriptedApi([ENTITIES.light, motion]);
    const lines = talkLines(
      {
        node: 'hub',
        url: 'http://127.0.0.1:8420',
        brokerUrl: 'mqtt://127.0.0.1:1884',
        house,
        demo: false,
        configFile: undefined,
        program: 'ganglion',
      },
      plain,
    );
    expect(lines.join('\n')).toContain('ganglion ask "turn on the hall light"');
    expect(lines.join('\n')).toContain('mosquitto_pub -h 127.0.0.1 -p 1884 -t zigbee2mqtt/hall_motion -m');
    expect(lines.join('\n')).toContain('http://127.0.0.1:8420/');
  });
});
