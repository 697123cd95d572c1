import { describe, expect, it } from 'vitest';
import type { WallMs } from '../../../runtime/contract/time.ts';
import {
  type KeptDecision,
  type KeptReading,
  type PolicyReplay,
  type ReplayOptions,
  replayPolicies,
  type ReplayResult,
  Stage,
} from '../../../runtime/replay/index.ts';
import { entity, houseOf } from '../../support/house.ts';
import { kept, MemoryRecording, SETTINGS, START } from './support.ts';

const HOUSE = houseOf([
  entity('light.hall'),
  entity('fan.hall'),
  entity('lock.door'),
  entity('binary_sensor.motion'),
  entity('sensor.hall', { properties: { temperature: { unit: '°C' }, illuminance: { unit: 'lx' } } }),
  entity('person.anna'),
]);

const MOTION = 'binary_sensor.motion.state';
const HOUR_MS = 3_600_000;

function replay(
  policies: string,
  readings: readonly KeptReading[],
  more: Partial<ReplayOptions> = {},
): Promise<ReplayResult> {
  return replayPolicies({
    files: [{ name: 'policies.yaml', text: policies }],
    house: HOUSE,
    tools: [],
    settings: SETTINGS,
    recording: new MemoryRecording(readings),
    fromMs: START,
    toMs: START + HOUR_MS,
    ...more,
  });
}

function only(result: ReplayResult): PolicyReplay {
  expect(result.policies).toHaveLength(1);
  return result.policies[0]!;
}

/** Motion comes and goes every two minutes. */
const COMES_AND_GOES = kept(
  [-1, MOTION, 'off'],
  ...Array.from({ length: 30 }, (_, i) => [i * 120 + 60, MOTION, i % 2 === 0 ? 'on' : 'off'] as const),
);

describe('a replay', () => {
  it('says how often, when and with which calls a rule would have fired', async () => {
    const policy = only(
      await replay(`- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }`, COMES_AND_GOES),
    );
    expect(policy).toMatchObject({
      fired: 15,
      firstMs: START + 60_000,
      lastMs: START + (28 * 120 + 60) * 1000,
      days: [{ day: '2026-11-21', fired: 15 }],
      calls: [{ entity: 'light.hall', command: 'turn_on', count: 15, carriedOut: 15, approval: 0 }],
      refusals: [],
    });
    expect(policy.examples).toHaveLength(5);
    expect(policy.examples[0]).toMatchObject({ atMs: START + 60_000, explanation: 'motion turned on' });
  });

  it('counts the days of the site', async () => {
    // Midnight in Berlin is at 23:00 UTC.
    const readings = kept(
      [-1, MOTION, 'off'],
      [39_590, MOTION, 'on'],
      [39_595, MOTION, 'off'],
      [39_605, MOTION, 'on'],
    );
    const policies = `- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }`;
    const policy = only(await replay(policies, readings, { toMs: START + 12 * HOUR_MS }));
    expect(policy.days).toEqual([
      { day: '2026-11-21', fired: 1 },
      { day: '2026-11-22', fired: 1 },
    ]);
  });

  it('counts what was held back by its reason', async () => {
    const policies = `- { id: a, when: '${MOTION} == "on"', if: sensor.hall.illuminance < 10, then: light.hall.turn_on, cooldown: 5m }`;
    const readings = [...COMES_AND_GOES, ...kept([1200, 'sensor.hall.illuminance', 5])].toSorted(
      (a, b) => a.at - b.at,
    );
    const policy = only(await replay(policies, readings));
    expect(policy.held.map(({ reason, count }) => [reason, count])).toEqual([
      ['its condition is unknown', 5],
      ['its cooldown has time to go', 5],
    ]);
    expect(policy.fired).toBe(5);
  });

  it('names the vetoes and limits that would have stopped a call', async () => {
    const policies = `
- { id: a, when: '${MOTION} == "on"', then: [light.hall.turn_on, lock.door.unlock] }
- { id: never, never: lock.*.unlock, while: 'person.anna.state != "home"', because: nobody is home }`;
    const readings = [
      ...COMES_AND_GOES,
      ...kept([-1, 'person.anna.state', 'away'], [1800, 'person.anna.state', 'home']),
    ];
    const sorted = readings.toSorted((x, y) => x.at - y.at);
    const policy = (await replay(policies, sorted)).policies.find(({ id }) => id === 'a')!;
    expect(policy.refusals).toMatchObject([{ code: 'vetoed', call: 'lock.door.unlock', count: 8 }]);
    expect(policy.refusals[0]!.reason).toContain('nobody is home');
    expect(policy.calls).toContainEqual({
      entity: 'lock.door',
      command: 'unlock',
      count: 15,
      carriedOut: 0,
      approval: 7,
    });

    const settings = { ...SETTINGS, limits: { ...SETTINGS.limits, allow: ['fan.*'], approve: [] } };
    const limited = (await replay(policies, sorted, { settings })).policies.find(({ id }) => id === 'a')!;
    expect(limited.refusals.map(({ code }) => code)).toEqual(['not-allowed', 'not-allowed']);
  });

  it('names policies that undo one another, and those that give way', async () => {
    const policies = `
- { id: on, when: '${MOTION} == "on"', then: light.hall.turn_on }
- { id: too, when: '${MOTION} == "on"', then: 'light.hall.turn_on(brightness: 5)', priority: 10 }
- { id: same, when: '${MOTION} == "on"', then: light.hall.turn_on, priority: 5 }
- { id: off, when: '${MOTION} == "off"', then: light.hall.turn_off }`;
    const result = await replay(
      policies,
      kept([-1, MOTION, 'off'], [60, MOTION, 'on'], [90, MOTION, 'off'], [900, MOTION, 'on']),
    );
    expect(result.conflicts).toEqual([
      {
        entity: 'light.hall',
        kind: 'overridden',
        first: { policy: 'on', atMs: START + 60_000, call: 'light.hall.turn_on' },
        second: { policy: 'too', atMs: START + 60_000, call: 'light.hall.turn_on(brightness: 5)' },
      },
      {
        entity: 'light.hall',
        kind: 'opposite',
        first: { policy: 'on', atMs: START + 60_000, call: 'light.hall.turn_on' },
        second: { policy: 'off', atMs: START + 90_000, call: 'light.hall.turn_off' },
      },
      expect.objectContaining({ kind: 'overridden' }),
    ]);
    const about = await replay(policies, kept([-1, MOTION, 'off'], [60, MOTION, 'on']), { about: ['off'] });
    expect([about.policies.map(({ id }) => id), about.conflicts]).toEqual([['off'], []]);
  });

  it('compares with what was really decided', async () => {
    const decision = (policy: string, seconds: number): KeptDecision => ({
      id: `${policy}${seconds}`,
      policy,
      at: (START + seconds * 1000) as WallMs,
      calls: [],
    });
    const readings = kept([-1, MOTION, 'off'], [60, MOTION, 'on'], [120, MOTION, 'off'], [180, MOTION, 'on']);
    const decisions = [decision('a', 61), decision('b', 62), decision('a', 600)];
    const recording = new MemoryRecording(readings, decisions);
    const policies = `- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }`;
    expect(only(await replay(policies, readings, { recording })).real).toEqual({
      decisions: 2,
      same: 1,
      onlyReplayed: [START + 180_000],
      onlyReal: [START + 600_000],
    });
    expect(only(await replay(policies, readings)).real).toBeUndefined();
  });

  it('starts early enough for what policies look back on, and reports on the span alone', async () => {
    const policies = `- { id: a, when: '${MOTION} == "on"', for: 30m, then: light.hall.turn_on, cooldown: 2h }`;
    const readings = kept([-9000, MOTION, 'off'], [-1200, MOTION, 'on']);
    expect(only(await replay(policies, readings))).toMatchObject({ fired: 1, firstMs: START + 600_000 });
    // Without its past the hold is a baseline.
    expect(only(await replay(policies, readings, { warmupMs: 0 }))).toMatchObject({ fired: 0 });
    // An hour before the span it fired: the cooldown is not over.
    const cooled = kept(
      [-9000, MOTION, 'off'],
      [-7000, MOTION, 'on'],
      [-4000, MOTION, 'off'],
      [-1200, MOTION, 'on'],
    );
    expect(only(await replay(policies, cooled))).toMatchObject({ fired: 0, held: [{ count: 1 }] });
  });

  it('puts drafts in the place of the policies with their ids, and reports on them', async () => {
    const policies = `
- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }
- { id: b, when: '${MOTION} == "on"', then: fan.hall.turn_on }`;
    const drafts = [
      { name: 'draft.yaml', text: `- { id: a, when: '${MOTION} == "off"', then: light.hall.turn_off }` },
    ];
    const result = await replay(policies, COMES_AND_GOES, { drafts });
    expect(only(result)).toMatchObject({ id: 'a', fired: 15, calls: [{ command: 'turn_off' }] });
    expect(result.problems).toEqual([]);
  });

  it('runs what templates become, and reports on them by the id of the template', async () => {
    const template = (command: string): string =>
      `- { id: lamps, for_each: binary_sensor.*, when: it.state == "on", then: light.hall.${command} }`;
    const policies = `${template('turn_on')}\n- { id: b, when: '${MOTION} == "on"', then: fan.hall.turn_on }`;
    const result = await replay(policies, COMES_AND_GOES, { about: ['lamps'] });
    expect(only(result)).toMatchObject({ id: 'lamps.motion', fired: 15 });
    const drafts = [{ name: 'draft.yaml', text: template('turn_off') }];
    expect(only(await replay(policies, COMES_AND_GOES, { drafts }))).toMatchObject({
      id: 'lamps.motion',
      calls: [{ command: 'turn_off', count: 15 }],
    });
  });

  it('delivers a late reading when it is met, and takes two of one property for two messages', async () => {
    const policies = `- { id: a, when: 'changed(${MOTION})', then: light.hall.turn_on }`;
    const readings = kept([-1, MOTION, 'off'], [60, MOTION, 'on'], [60, MOTION, 'off'], [59, MOTION, 'on']);
    const fired: number[] = [];
    await replay(policies, readings, { onFiring: ({ atMs }) => fired.push(atMs - START) });
    expect(fired).toEqual([60_000, 60_000, 60_000]);
  });

  it('keeps schedules and times of day over the end of summer time', async () => {
    const start = Date.UTC(2026, 9, 24, 22);
    const policies = `
- { id: night, when: 'cron("30 2 * * *")', then: light.hall.turn_off }
- { id: hourly, when: 'cron("0 * * * *")', then: fan.hall.turn_on }`;
    const fired: string[] = [];
    await replay(policies, [], {
      fromMs: start,
      toMs: start + 5 * HOUR_MS,
      onFiring: ({ policy, atMs }) => fired.push(`${policy} ${new Date(atMs).toISOString().slice(11, 16)}`),
    });
    expect(fired).toEqual([
      'hourly 23:00',
      'hourly 00:00',
      'night 00:30',
      'hourly 01:00',
      'hourly 02:00',
      'hourly 03:00',
    ]);
  });

  it('says what is wrong with policies, and ends when it is told to', async () => {
    const result = await replay(`- { id: a, when: 'sensor.attic.x > 1', then: light.hall.turn_on }`, []);
    expect(result.problems).toMatchObject([{ policy: 'a' }]);
    const many = Array.from(
      { length: 50_000 },
      (_, i) => [i / 100, MOTION, i % 2 === 0 ? 'on' : 'off'] as const,
    );
    const stop = new AbortController();
    const going = replay(`- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }`, kept(...many), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(going).rejects.toThrow('enough');
  });

  it('begins with its recording, however long before that it was to begin', async () => {
    const recording = Object.assign(new MemoryRecording(COMES_AND_GOES), { oldestMs: () => START - 1000 });
    const rules = `- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }`;
    const result = await replay(rules, [], { recording, fromMs: 7 });
    expect(result).toMatchObject({ fromMs: START - 1993, readings: 31, policies: [{ fired: 15 }] });
    const empty = Object.assign(new MemoryRecording([]), { oldestMs: () => undefined });
    const minutely = '- { id: a, when: \'cron("* * * * *")\', then: light.hall.turn_on }';
    const nothing = await replay(minutely, [], { recording: empty, fromMs: 0 });
    expect(nothing.policies).toMatchObject([{ fired: 0 }]);
  });

  it('passes over the time in which nothing falls due, and lets values grow stale at their second', async () => {
    const rules = `- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }`;
    const century = await replay(rules, COMES_AND_GOES, { fromMs: START - 100 * 365 * 24 * HOUR_MS });
    expect(only(century).fired).toBe(15);
    const fuse = { ...SETTINGS.fuse, stale_after: 90_000 };
    const stage = new Stage({
      policies: [],
      vetoes: [],
      house: HOUSE,
      tools: [],
      settings: { ...SETTINGS, fuse },
      startMs: START,
      onFirings: () => {},
    });
    stage.begin([]);
    stage.advanceTo(START + 10_500);
    stage.deliver(kept([10.5, MOTION, 'on']));
    stage.advanceTo(START + 60_000);
    stage.deliver(kept([60, MOTION, 'on']));
    stage.advanceTo(START + 149_999);
    expect(stage.state.get(MOTION).standing).toBe('known');
    stage.advanceTo(START + 150_000);
    expect(stage.state.get(MOTION).standing).toBe('stale');
    stage.stop();
  });
});
