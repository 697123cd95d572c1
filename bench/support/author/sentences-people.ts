import { authorCase, EVENING, NIGHT, NOON, type AuthorCase } from './case.ts';

const NORA = 'person.nora.state';
const EMIL = 'person.emil.state';
const DOOR = 'binary_sensor.front_door_contact.state';

/** Rules about who is at home, doors and alarms. */
export const PEOPLE_CASES: readonly AuthorCase[] = [
  authorCase(
    'everyone-away-lights',
    [
      'when everyone leaves turn off all the lights',
      'turn off all the lights when nobody is home',
      'as soon as the last person leaves the house, switch all lights off',
      'all lights off once we are all gone',
    ],
    [
      {
        given: {
          [NORA]: 'home',
          [EMIL]: 'not_home',
          'light.desk.state': 'on',
          'light.sofa_lamp.state': 'on',
        },
        when: [{ [NORA]: 'not_home' }],
        others: 'light',
        end: { 'light.desk.state': 'off', 'light.sofa_lamp.state': 'off' },
      },
      {
        given: { [NORA]: 'home', [EMIL]: 'home', 'light.desk.state': 'on', 'light.sofa_lamp.state': 'on' },
        when: [{ [NORA]: 'not_home' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'nora-home-heat',
    [
      'when Nora comes home set the living room thermostat to 21 degrees',
      'set the living room thermostat to 21 degrees when Nora comes home',
      'if Nora arrives, heat the living room to 21 degrees',
      'living room to 21 degrees as soon as Nora gets back home',
    ],
    [
      {
        given: { [NORA]: 'not_home', [EMIL]: 'home', 'climate.living_room.target_temperature': 17 },
        when: [{ [NORA]: 'home' }],
        end: { 'climate.living_room.target_temperature': 21 },
      },
      {
        given: { [NORA]: 'home', [EMIL]: 'not_home', 'climate.living_room.target_temperature': 17 },
        when: [{ [EMIL]: 'home' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'home-dark-hallway',
    [
      'when someone comes home after sunset turn on the hallway light',
      'turn on the hallway light when someone comes home after dark',
      'if anybody arrives home while it is dark, switch the hallway light on',
      'hallway light on for whoever gets home after sunset',
    ],
    [
      {
        time: EVENING,
        given: { [NORA]: 'not_home', [EMIL]: 'not_home' },
        when: [{ [EMIL]: 'home' }],
        end: { 'light.hallway.state': 'on' },
      },
      {
        time: EVENING,
        given: { [NORA]: 'home', [EMIL]: 'not_home' },
        when: [{ [EMIL]: 'home' }],
        end: { 'light.hallway.state': 'on' },
      },
      { time: NOON, given: { [NORA]: 'not_home', [EMIL]: 'not_home' }, when: [{ [EMIL]: 'home' }], end: {} },
    ],
  ),
  authorCase(
    'lock-at-night',
    [
      'at 23:00 lock the front door',
      'lock the front door every night at 23:00',
      'every day at eleven in the evening lock the front door',
      'please make sure the front door gets locked at 11 pm',
    ],
    [
      {
        time: '2026-01-05 22:30',
        given: { 'lock.front_door.state': 'unlocked' },
        when: [{ until: '23:05' }],
        end: { 'lock.front_door.state': 'locked' },
      },
    ],
  ),
  authorCase(
    'lock-after-door',
    [
      'when the front door is closed for ten minutes lock the front door',
      'lock the front door when it has been closed for ten minutes',
      'ten minutes after the front door closes, lock it',
      'if the front door stays shut for 10 minutes then lock the front door',
    ],
    [
      {
        given: { [DOOR]: 'on', 'lock.front_door.state': 'unlocked' },
        when: [{ [DOOR]: 'off' }, { wait: '11m' }],
        end: { 'lock.front_door.state': 'locked' },
      },
      {
        given: { [DOOR]: 'on', 'lock.front_door.state': 'unlocked' },
        when: [{ [DOOR]: 'off' }, { wait: '5m' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'intruder',
    [
      'when the front door opens and nobody is home turn on the alarm siren',
      'turn on the alarm siren when the front door opens while nobody is home',
      'if somebody opens the front door and we are all away, sound the alarm',
      'alarm on if the front door opens but no one is at home',
    ],
    [
      {
        given: { [DOOR]: 'off', [NORA]: 'not_home', [EMIL]: 'not_home' },
        when: [{ [DOOR]: 'on' }],
        end: { 'siren.alarm.state': 'on' },
      },
      { given: { [DOOR]: 'off', [NORA]: 'home', [EMIL]: 'not_home' }, when: [{ [DOOR]: 'on' }], end: {} },
    ],
  ),
  authorCase(
    'smoke',
    [
      'when the kitchen smoke detector finds smoke turn on all the lights and open the living room shutters',
      'turn on all the lights and open the living room shutters when the kitchen smoke detector detects smoke',
      'if there is smoke in the kitchen, switch every light on and open the living room shutters',
      'smoke in the kitchen: all lights on and living room shutters open',
    ],
    [
      {
        given: {
          'binary_sensor.kitchen_smoke.state': 'off',
          'cover.living_room_shutters.state': 'closed',
          'light.desk.state': 'off',
        },
        when: [{ 'binary_sensor.kitchen_smoke.state': 'on' }],
        others: 'light',
        end: {
          'light.desk.state': 'on',
          'light.hallway.state': 'on',
          'cover.living_room_shutters.state': 'open',
        },
      },
    ],
  ),
  authorCase(
    'shutters-evening',
    [
      'half an hour after sunset close the living room shutters',
      'close the living room shutters half an hour after sunset',
      '30 minutes after the sun sets shut the living room shutters',
      'shutters in the living room down half an hour past sunset',
    ],
    [
      {
        time: '2026-01-05 15:00',
        given: { 'cover.living_room_shutters.state': 'open' },
        when: [{ until: '17:30' }],
        end: { 'cover.living_room_shutters.state': 'closed' },
      },
      {
        time: '2026-01-05 15:00',
        given: { 'cover.living_room_shutters.state': 'open' },
        when: [{ until: '16:15' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'blind-morning',
    [
      'at sunrise open the bedroom blind, but not on weekends',
      'open the bedroom blind at sunrise but not on weekends',
      'when the sun comes up raise the bedroom blind except on saturdays and sundays',
      'bedroom blind up at sunrise unless it is the weekend',
    ],
    [
      {
        time: '2026-01-05 06:00',
        given: { 'cover.bedroom_blind.state': 'closed' },
        when: [{ until: '10:00' }],
        end: { 'cover.bedroom_blind.state': 'open' },
      },
      {
        time: '2026-01-10 06:00',
        given: { 'cover.bedroom_blind.state': 'closed' },
        when: [{ until: '10:00' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'espresso',
    [
      'at 6:45 on weekdays turn on the espresso machine',
      'turn on the espresso machine at a quarter to seven on weekdays',
      'from monday to friday switch on the coffee machine at 6:45 am',
      'coffee machine on at quarter to seven every working day',
    ],
    [
      { time: '2026-01-05 06:00', when: [{ until: '06:50' }], end: { 'switch.espresso.state': 'on' } },
      { time: '2026-01-11 06:00', when: [{ until: '06:50' }], end: {} },
    ],
  ),
  authorCase(
    'garage-left-open',
    [
      'when the garage door is open for 15 minutes after 21:00 close the garage door',
      'close the garage door when it has been open for 15 minutes and it is after 21:00',
      'after 9 pm shut the garage door if it has been left open for fifteen minutes',
      'if past 21:00 the garage door stays open longer than a quarter of an hour, close it',
    ],
    [
      {
        time: NIGHT,
        given: { 'cover.garage_door.state': 'closed' },
        when: [{ 'cover.garage_door.state': 'open' }, { wait: '16m' }],
        end: { 'cover.garage_door.state': 'closed' },
      },
      {
        time: NOON,
        given: { 'cover.garage_door.state': 'closed' },
        when: [{ 'cover.garage_door.state': 'open' }, { wait: '16m' }],
        end: { 'cover.garage_door.state': 'open' },
      },
    ],
  ),
  authorCase(
    'fridge',
    [
      'when the fridge door is open for three minutes send a message',
      'send me a message when the fridge door has been open for three minutes',
      'if the fridge door is left open for more than 3 minutes, tell me',
      'warn me if someone leaves the fridge door open for three minutes',
    ],
    [
      {
        given: { 'binary_sensor.fridge_contact.state': 'off' },
        when: [{ 'binary_sensor.fridge_contact.state': 'on' }, { wait: '4m' }],
        end: { 'notify.family.sent': 1 },
      },
      {
        given: { 'binary_sensor.fridge_contact.state': 'off' },
        when: [
          { 'binary_sensor.fridge_contact.state': 'on' },
          { wait: '1m' },
          { 'binary_sensor.fridge_contact.state': 'off' },
          { wait: '4m' },
        ],
        end: {},
      },
    ],
  ),
  authorCase(
    'heater-plug',
    [
      'when the fan heater has been on for an hour turn off the fan heater',
      'turn the fan heater off when it has been on for an hour',
      'if the fan heater runs for more than one hour, switch it off',
      'never let the fan heater run longer than an hour: turn it off',
    ],
    [
      {
        given: { 'switch.heater_plug.state': 'off' },
        when: [{ 'switch.heater_plug.state': 'on' }, { wait: '61m' }],
        end: { 'switch.heater_plug.state': 'off' },
      },
      {
        given: { 'switch.heater_plug.state': 'off' },
        when: [{ 'switch.heater_plug.state': 'on' }, { wait: '40m' }],
        end: { 'switch.heater_plug.state': 'on' },
      },
    ],
  ),
  authorCase(
    'laundry',
    [
      'when the washing machine draws less than 4 watts for five minutes send a message that the laundry is done',
      'tell me the laundry is done when the washing machine uses less than 4 watts for five minutes',
      'if the power of the washing machine stays below 4 W for 5 minutes, notify us that the laundry is ready',
      'let me know the washing is finished once the washing machine pulls under four watts for five minutes',
    ],
    [
      {
        given: { 'sensor.washing_machine.power': 400 },
        when: [{ 'sensor.washing_machine.power': 1.5 }, { wait: '6m' }],
        end: { 'notify.family.sent': 1 },
      },
      {
        given: { 'sensor.washing_machine.power': 400 },
        when: [
          { 'sensor.washing_machine.power': 1.5 },
          { wait: '2m' },
          { 'sensor.washing_machine.power': 350 },
          { wait: '5m' },
        ],
        end: {},
      },
    ],
  ),
  authorCase(
    'vacuum',
    [
      'at 10:00 on monday and thursday start Rosie if nobody is home',
      'start Rosie at 10:00 on monday and thursday if nobody is home',
      'every monday and thursday at ten in the morning run the robot vacuum, but only if everyone is away',
      'Rosie should clean at 10 am on mondays and thursdays when we are all out',
    ],
    [
      {
        time: '2026-01-05 09:30',
        given: { [NORA]: 'not_home', [EMIL]: 'not_home', 'vacuum.rosie.state': 'docked' },
        when: [{ until: '10:05' }],
        end: { 'vacuum.rosie.state': 'cleaning' },
      },
      {
        time: '2026-01-05 09:30',
        given: { [NORA]: 'home', [EMIL]: 'not_home', 'vacuum.rosie.state': 'docked' },
        when: [{ until: '10:05' }],
        end: {},
      },
      {
        time: '2026-01-06 09:30',
        given: { [NORA]: 'not_home', [EMIL]: 'not_home', 'vacuum.rosie.state': 'docked' },
        when: [{ until: '10:05' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'doorbell-pause',
    [
      'when the doorbell rings pause the television if it is playing',
      'pause the television when the doorbell rings, but only if it is playing',
      'if someone is at the door and rings, pause the TV',
      'doorbell rings: pause the TV',
    ],
    [
      {
        given: { 'binary_sensor.doorbell.state': 'off', 'media_player.television.state': 'playing' },
        when: [{ 'binary_sensor.doorbell.state': 'on' }],
        end: { 'media_player.television.state': 'paused' },
      },
    ],
  ),
];
