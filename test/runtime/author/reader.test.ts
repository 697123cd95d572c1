import { describe, expect, it } from 'vitest';
import { edited, writeDraft } from '../../../policies/index.ts';
import { readEdit } from '../../../runtime/author/reader/edit-sentence.ts';
import { readSentence } from '../../../runtime/author/reader/reader.ts';
import { ruleLines, WORLD } from '../../support/author.ts';

/** The rule a sentence certainly means, a line each. */
function read(sentence: string): string[] {
  const { drafts, certain, reason } = readSentence(sentence, WORLD);
  const [first] = drafts;
  return first === undefined || !certain
    ? [`not certain: ${reason}`]
    : ruleLines({ policies: writeDraft('rule', first) });
}

describe('a sentence read without a model', () => {
  it.each<[string, string[]]>([
    [
      'when the hallway motion sensor sees someone after sunset turn on the hallway light for five minutes',
      [
        'when: binary_sensor.hallway_motion.state == "on"',
        'if: sun.elevation < 0',
        'then: light.hallway.turn_on',
        'when: count(binary_sensor.hallway_motion.state == "on", "5m") == 0',
        'if: sun.elevation < 1.3',
        'then: light.hallway.turn_off',
      ],
    ],
    [
      'Turn on the espresso machine at 6:45 on weekdays.',
      ['when: cron("45 6 * * 1-5")', 'then: switch.espresso.turn_on'],
    ],
    [
      'half an hour before sunset close the living room shutters unless it is the weekend',
      ['when: sunset("-30m")', 'if: now.weekday <= 5', 'then: cover.living_room_shutters.close'],
    ],
    [
      'if the living room gets warmer than 25 degrees close the bedroom blind',
      ['when: sensor.living_room_air.temperature > 25', 'then: cover.bedroom_blind.close'],
    ],
    [
      'when the terrace door is open for ten minutes and nobody is home set the living room thermostat to 17 degrees',
      [
        'when: binary_sensor.terrace_door_contact.state == "on"',
        'if: person.nora.state != "home" && person.emil.state != "home"',
        'for: 10m',
        'then: "climate.living_room.set_temperature(temperature: 17)"',
      ],
    ],
    [
      'turn the fan heater off when it has been on for an hour',
      ['when: switch.heater_plug.state == "on"', 'for: 1h', 'then: switch.heater_plug.turn_off'],
    ],
    [
      'when the front door opens start the cellar pump and tell me that the door is open',
      [
        'when: binary_sensor.front_door_contact.state == "on"',
        'then:',
        '  - switch.pump.turn_on',
        '  - "notify.family.send(message: \\"The door is open\\")"',
      ],
    ],
    [
      'dim the sofa lamp by 10 percent when it is 23:00',
      [
        'when: cron("0 23 * * *")',
        'then: "light.sofa_lamp.turn_on(brightness: max(1, light.sofa_lamp.brightness - 10))"',
      ],
    ],
    [
      'unless Nora is home, lock the front door at 23:00',
      ['when: cron("0 23 * * *")', 'if: person.nora.state != "home"', 'then: lock.front_door.lock'],
    ],
    [
      'two minutes after the front door closes turn off the hallway light',
      ['when: binary_sensor.front_door_contact.state == "off"', 'for: 2m', 'then: light.hallway.turn_off'],
    ],
    [
      'when the terrace door or the bedroom window opens turn off the living room thermostat',
      [
        'when: (changed(binary_sensor.terrace_door_contact.state) && binary_sensor.terrace_door_contact.state == "on") || (changed(binary_sensor.bedroom_window_contact.state) && binary_sensor.bedroom_window_contact.state == "on")',
        'then: climate.living_room.turn_off',
      ],
    ],
    [
      'doorbell rings: pause the television',
      ['when: binary_sensor.doorbell.state == "on"', 'then: media_player.television.pause'],
    ],
  ])('%s', (sentence, lines) => {
    expect(read(sentence)).toEqual(lines);
  });

  it('shows the words each part came from', () => {
    const [draft] = readSentence(
      'turn on the hallway light when someone enters the hallway, but not on weekends',
      WORLD,
    ).drafts;
    expect(draft?.when.words).toEqual(['someone enters the hallway']);
    expect(draft?.if[0]?.words).toEqual(['not on weekends']);
    expect(draft?.then[0]?.words).toEqual(['turn on the hallway light']);
  });

  it('says how it took what is vague', () => {
    expect(readSentence('after ten turn off the bedroom fan', WORLD).notes[0]).toMatch(
      /taken as 10:00; say 22:00/,
    );
    expect(readSentence('turn off the bedroom fan at 11 pm', WORLD).notes).toEqual([]);
  });

  it.each([
    ['when the front door opens turn on the sauna', ['sauna']],
    ['when the sauna is ready open the bedroom blind', ['sauna', 'ready']],
    ['when the front door opens turn on the hallway light if the iron was on for an hour', ['iron']],
  ])('names what it does not understand: %s', (sentence, words) => {
    const { drafts, unknown } = readSentence(sentence, WORLD);
    expect(drafts).toEqual([]);
    expect(unknown).toEqual(expect.arrayContaining(words));
  });

  it('is not certain where several things fit', () => {
    const { certain, drafts, reason } = readSentence('when the door opens turn on the hallway light', WORLD);
    expect(certain).toBe(false);
    expect(drafts.length).toBeGreaterThan(1);
    expect(reason).toBe('“the door opens” fits several things');
  });

  it.each([
    'when the front door opens turn on the hallway light and turn it off when the front door closes',
    'when it gets dark turn on the terrace light and at 23:00 turn it off',
  ])('tells two rules in one sentence: %s', (sentence) => {
    expect(readSentence(sentence, WORLD).rules).toHaveLength(2);
  });

  it('leaves alone what is no rule', () => {
    for (const sentence of [
      'turn on the hallway light',
      'hello',
      'is the front door open?',
      '5 5 5',
      'when when when',
    ])
      expect(readSentence(sentence, WORLD).drafts).toEqual([]);
  });

  it('comes to an end with a sentence that can be cut in many ways', () => {
    const sentence = `when ${'the front door and the window and '.repeat(12)}open turn on the light`;
    expect(readSentence(sentence, WORLD).certain).toBe(false);
    expect(readSentence('when the door opens turn on the light if '.repeat(14), WORLD).certain).toBe(false);
  });
});

describe('a change in words', () => {
  const base =
    'when the hallway motion sensor sees someone after sunset turn on the hallway light for five minutes';

  function change(sentence: string, from = base): string[] {
    const [draft] = readSentence(from, WORLD).drafts;
    const read = readEdit(sentence, draft!, WORLD);
    if (!read.ok) return [`not clear: ${read.unknown.join(' ')}`];
    const [rule] = writeDraft('rule', edited(draft!, read.edits));
    return ruleLines({ policies: [rule!] });
  }

  const WHEN = 'when: binary_sensor.hallway_motion.state == "on"';
  const DARK = 'if: sun.elevation < 0';
  const ON = 'then: light.hallway.turn_on';

  it.each<[string, string[]]>([
    ['only after ten', [WHEN, 'if: sun.elevation < 0 && now.time >= "22:00"', ON]],
    ['make it 30 percent', [WHEN, DARK, 'then: "light.hallway.turn_on(brightness: 30)"']],
    ['warm white please', [WHEN, DARK, 'then: "light.hallway.turn_on(color_temp: 2700)"']],
    ['not on weekends', [WHEN, 'if: sun.elevation < 0 && now.weekday <= 5', ON]],
    ['also the stair light', [WHEN, DARK, 'then:', '  - light.hallway.turn_on', '  - light.stairs.turn_on']],
    ['wait two minutes first', [WHEN, DARK, 'for: 2m', ON]],
    ['turn it off instead', [WHEN, DARK, 'then: light.hallway.turn_off']],
    ['the stair light instead', [WHEN, DARK, 'then: light.stairs.turn_on']],
    ['when the front door opens instead', ['when: binary_sensor.front_door_contact.state == "on"', DARK, ON]],
    ['unless Nora is home', [WHEN, 'if: sun.elevation < 0 && person.nora.state != "home"', ON]],
    ['also by day', [WHEN, ON]],
    ['leave it on', [WHEN, DARK, ON]],
    ['also the sauna', ['not clear: sauna']],
    ['make it purple-ish banana', ['not clear: make ish banana']],
  ])('%s', (sentence, lines) => {
    expect(change(sentence)).toEqual(lines);
  });

  it.each<[string, string[]]>([
    ['at 23:30', ['when: cron("30 23 * * 1-5")', 'then: light.desk.turn_on']],
    ['half an hour later', ['when: cron("30 22 * * 1-5")', 'then: light.desk.turn_on']],
    ['wait ten minutes first', ['when: cron("10 22 * * 1-5")', 'then: light.desk.turn_on']],
    ['only on weekends', ['when: cron("0 22 * * 6,7")', 'then: light.desk.turn_on']],
    ['every day', ['when: cron("0 22 * * *")', 'then: light.desk.turn_on']],
    ['put it to work', ['when: cron("0 22 * * 1-5")', 'then: light.desk.turn_on']],
  ])('of a schedule: %s', (sentence, lines) => {
    expect(change(sentence, 'at 22:00 on weekdays turn on the desk lamp')).toEqual(lines);
  });

  it('takes a device out, but not the last one', () => {
    const two = 'when the front door opens turn on the hallway light and the stair light';
    expect(change('not the stair light', two)).toEqual([
      'when: binary_sensor.front_door_contact.state == "on"',
      ON,
    ]);
    expect(change('without the hallway light')).toEqual(['not clear: ']);
  });

  it('moves a limit', () => {
    const warm = 'when the living room gets warmer than 25 degrees open the awning';
    expect(change('above 28 degrees', warm)[0]).toBe('when: sensor.living_room_air.temperature > 28');
  });
});
