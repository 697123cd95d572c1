import { describe, expect, it } from 'vitest';
import { explainPast, type KeptReading, type PolicyAccount } from '../../../runtime/replay/index.ts';
import { entity, houseOf } from '../../support/house.ts';
import { kept, MemoryRecording, SETTINGS, START } from './support.ts';

const HOUSE = houseOf([
  entity('light.hall'),
  entity('lock.door'),
  entity('binary_sensor.motion', { name: 'Hall motion' }),
  entity('sensor.hall', { name: 'Hall sensor', properties: { illuminance: { unit: 'lx' } } }),
  entity('person.anna', { name: 'Anna' }),
]);
const POLICIES = `
- id: night
  when: binary_sensor.motion.state == "on"
  if: sensor.hall.illuminance < 15 && (now.hour >= 21 || !(person.anna.state == "home"))
  then: light.hall.turn_on
  cooldown: 5m
- { id: held, when: 'binary_sensor.motion.state == "off"', for: 10m, then: light.hall.turn_off }
- { id: off, when: 'binary_sensor.motion.state == "on"', then: light.hall.turn_on, mode: 'off' }
- { id: opens, when: 'person.anna.state == "home"', then: lock.door.unlock }
- { id: gone, when: sensor.attic.x > 1, then: light.hall.turn_on }
- { id: higher, when: 'binary_sensor.motion.state == "on"', then: light.hall.turn_off, priority: 90, mode: 'off' }
- { id: never, never: lock.*.unlock, while: 'sensor.hall.illuminance < 5', because: it is dark }
`;
const READINGS = kept(
  [-88_000, 'binary_sensor.motion.state', 'off'],
  [-88_000, 'sensor.hall.illuminance', 40],
  [-88_000, 'person.anna.state', 'away'],
  [600, 'binary_sensor.motion.state', 'on'],
  [900, 'binary_sensor.motion.state', 'off'],
  [1000, 'sensor.hall.illuminance', 3],
  [1200, 'binary_sensor.motion.state', 'on'],
  [1300, 'binary_sensor.motion.state', 'off'],
  [1400, 'binary_sensor.motion.state', 'on'],
  [1500, 'binary_sensor.motion.state', 'off'],
  [1500, 'person.anna.state', 'home'],
);

function explain(
  id: string,
  seconds: number,
  readings: readonly KeptReading[] = READINGS,
): Promise<PolicyAccount> {
  return explainPast({
    files: [{ name: 'policies.yaml', text: POLICIES }],
    id,
    house: HOUSE,
    tools: [],
    settings: SETTINGS,
    recording: new MemoryRecording(readings),
    atMs: START + seconds * 1000,
  });
}

describe('why a policy did or did not fire', () => {
  it('says each condition with its value, since when, and what would have to change', async () => {
    const account = await explain('night', 700);
    expect(account.when).toMatchObject({
      value: true,
      sinceMs: START + 600_000,
      because: 'Hall motion is on',
    });
    expect(account.if).toMatchObject({ join: 'all', value: false });
    const [dark, any] = account.if!.parts!;
    expect(dark).toMatchObject({
      source: 'sensor.hall.illuminance < 15',
      value: false,
      needs: 'Hall sensor illuminance would have to fall below 15 lx (it is 40 lx)',
    });
    // As it was a day before already.
    expect(dark!.sinceMs).toBeUndefined();
    expect(any).toMatchObject({ join: 'any', value: true });
    expect(any!.parts!.map(({ source, value }) => [source, value])).toEqual([
      ['now.hour >= 21', false],
      ['!(person.anna.state == "home")', true],
    ]);
    // Nine in the evening was 24 hours minus 8 ago: it turned false at midnight in Berlin.
    expect(any!.parts![0]!.sinceMs).toBe(Date.UTC(2026, 10, 20, 23));
    expect(account.held).toEqual([
      { atMs: START + 600_000, reason: expect.stringContaining('its condition is false') },
    ]);
    expect(account.verdict).toContain('fires only when that turns true');
    expect(account.needs).toEqual([
      'binary_sensor.motion.state == "on" would have to turn false and then true again',
      'Hall sensor illuminance would have to fall below 15 lx (it is 40 lx)',
    ]);
  });

  it('says when it fired, and the cooldown that keeps it quiet', async () => {
    const account = await explain('night', 1450);
    expect(account.fired).toMatchObject([{ atMs: START + 1_200_000, calls: [{ command: 'turn_on' }] }]);
    expect(account.held[0]).toMatchObject({
      atMs: START + 1_400_000,
      reason: 'its cooldown has 1m40s to go',
    });
    expect(account.explanation).toMatchObject({ cooldownLeftMs: 50_000, fired: 1 });
    expect(account.needs).toContain('50s of its cooldown would have to pass');
  });

  it('says one of what would do where one is enough', async () => {
    const account = await explain('night', 1600);
    expect(account.needs).toEqual([
      'Hall motion would have to be on (it is off)',
      expect.stringMatching(
        /^one of: .*now\.hour >= 21.*; or Anna would have to be something other than home/,
      ),
    ]);
  });

  it('knows a wait, what is switched off, what waits, and a veto', async () => {
    const waiting = await explain('held', 1600);
    expect(waiting.explanation.holdLeftMs).toBe(500_000);
    expect(waiting.needs).toEqual([
      'binary_sensor.motion.state == "off" would have to stay true for another 8m 20s',
    ]);
    expect(await explain('off', 1600)).toMatchObject({ verdict: 'It is switched off.' });
    const gone = await explain('gone', 1600);
    expect(gone.verdict).toContain('waits for what the house does not have');
    expect(gone.needs[0]).toContain('sensor.attic');
    const opens = await explain('opens', 1600);
    expect(opens.calls).toMatchObject([{ call: 'lock.door.unlock', fate: 'refused' }]);
    expect(opens.fired[0]!.refused).toMatchObject([{ code: 'vetoed' }]);
    expect(opens.needs.join()).toContain('it is dark');
  });

  it('says unknown where nothing is known', async () => {
    const account = await explain('night', 1600, []);
    expect(account.when).toMatchObject({ value: 'unknown' });
    expect(account.needs[0]).toBe('Hall motion would have to be known, and == on (it is unknown)');
    await expect(explain('nigth', 1600)).rejects.toMatchObject({ code: 'POLICY_UNKNOWN' });
  });
});
