import { authorCase, EVENING, NIGHT, NOON, type AuthorCase } from './case.ts';

const MOTION = 'binary_sensor.hallway_motion.state';
const DOOR = 'binary_sensor.front_door_contact.state';

/** Rules about lights. */
export const LIGHT_CASES: readonly AuthorCase[] = [
  authorCase(
    'hallway-motion',
    [
      'when the hallway motion sensor sees someone, turn on the hallway light',
      'turn on the hallway light when the hallway motion sensor detects motion',
      'whenever somebody walks through the hallway switch the hallway light on',
      "if there's movement in the hallway, hallway light on please",
    ],
    [
      { given: { [MOTION]: 'off' }, when: [{ [MOTION]: 'on' }], end: { 'light.hallway.state': 'on' } },
      { given: { [MOTION]: 'on' }, when: [{ [MOTION]: 'off' }], end: {} },
    ],
  ),
  authorCase(
    'hallway-night-dim',
    [
      'when the hallway motion sensor sees someone after sunset turn on the hallway light at 20 percent',
      'turn on the hallway light at 20% when someone enters the hallway, but only after sunset',
      'once it is dark outside, set the hallway light to 20 percent whenever motion is detected in the hallway',
      'at night when anyone walks into the hallway dim the hallway light to twenty percent',
    ],
    [
      {
        time: EVENING,
        given: { [MOTION]: 'off' },
        when: [{ [MOTION]: 'on' }],
        end: { 'light.hallway.state': 'on', 'light.hallway.brightness': 20 },
      },
      { time: NOON, given: { [MOTION]: 'off' }, when: [{ [MOTION]: 'on' }], end: {} },
    ],
  ),
  authorCase(
    'stairs-five-minutes',
    [
      'when the hallway motion sensor sees someone turn on the stair light for five minutes',
      'turn on the stair light for five minutes when motion is detected in the hallway',
      'if someone enters the hallway, switch on the stair light and turn it off after 5 minutes',
      'stair light on for 5 min whenever the hallway sensor picks up movement',
    ],
    [
      {
        given: { [MOTION]: 'off' },
        when: [{ [MOTION]: 'on' }, { wait: '2m' }],
        end: { 'light.stairs.state': 'on' },
      },
      {
        given: { [MOTION]: 'off' },
        when: [{ [MOTION]: 'on' }, { wait: '10s' }, { [MOTION]: 'off' }, { wait: '6m' }],
        end: { 'light.stairs.state': 'off' },
      },
    ],
  ),
  authorCase(
    'bathroom-no-motion',
    [
      'when the bathroom motion sensor sees nobody for ten minutes turn off the mirror light',
      'turn off the mirror light when there is no motion in the bathroom for ten minutes',
      'if nobody has been in the bathroom for 10 minutes, switch the mirror light off',
      'mirror light off after ten minutes without anyone in the bathroom',
    ],
    [
      {
        given: { 'binary_sensor.bathroom_motion.state': 'on', 'light.mirror.state': 'on' },
        when: [{ 'binary_sensor.bathroom_motion.state': 'off' }, { wait: '11m' }],
        end: { 'light.mirror.state': 'off' },
      },
      {
        given: { 'binary_sensor.bathroom_motion.state': 'on', 'light.mirror.state': 'on' },
        when: [
          { 'binary_sensor.bathroom_motion.state': 'off' },
          { wait: '5m' },
          { 'binary_sensor.bathroom_motion.state': 'on' },
          { wait: '8m' },
        ],
        end: {},
      },
    ],
  ),
  authorCase(
    'terrace-dusk',
    [
      'at sunset turn on the terrace light',
      'turn on the terrace light at sunset',
      'when it gets dark switch on the terrace light',
      'as soon as the sun goes down, terrace light on',
    ],
    [
      { time: '2026-01-05 15:00', when: [{ until: '17:00' }], end: { 'light.terrace.state': 'on' } },
      { time: '2026-01-05 09:00', when: [{ until: '12:00' }], end: {} },
    ],
  ),
  authorCase(
    'terrace-off-late',
    [
      'at 23:00 turn off the terrace light',
      'turn off the terrace light every day at 11 pm',
      'every night at eleven switch the terrace light off',
      'kill the terrace light at eleven in the evening',
    ],
    [
      {
        time: '2026-01-05 22:00',
        given: { 'light.terrace.state': 'on' },
        when: [{ until: '23:05' }],
        end: { 'light.terrace.state': 'off' },
      },
      {
        time: '2026-01-05 10:00',
        given: { 'light.terrace.state': 'on' },
        when: [{ until: '12:00' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'terrace-lux',
    [
      'when the terrace light sensor drops below 30 lux turn on the terrace light',
      'turn on the terrace light when it is darker than 30 lux on the terrace',
      'if the brightness on the terrace falls under thirty lux, switch the terrace light on',
      'terrace light on as soon as the patio gets darker than 30 lux',
    ],
    [
      {
        given: { 'sensor.terrace_light.illuminance': 200 },
        when: [{ 'sensor.terrace_light.illuminance': 12 }],
        end: { 'light.terrace.state': 'on' },
      },
      {
        given: { 'sensor.terrace_light.illuminance': 200 },
        when: [{ 'sensor.terrace_light.illuminance': 80 }],
        end: {},
      },
    ],
  ),
  authorCase(
    'door-two-lights',
    [
      'when the front door opens turn on the hallway light and the stair light',
      'turn on the hallway light and the stair light when the front door opens',
      'as soon as somebody opens the front door, switch on both the hallway light and the stair light',
      'front door opens: hallway light and stair light on',
    ],
    [
      {
        given: { [DOOR]: 'off' },
        when: [{ [DOOR]: 'on' }],
        end: { 'light.hallway.state': 'on', 'light.stairs.state': 'on' },
      },
    ],
  ),
  authorCase(
    'desk-weekday-morning',
    [
      'at 8:30 on weekdays turn on the desk lamp',
      'turn on the desk lamp every weekday at 8:30',
      'monday to friday at half past eight switch on the lamp in the study',
      'on working days I want the desk lamp on at 8:30',
    ],
    [
      { time: '2026-01-05 08:00', when: [{ until: '08:35' }], end: { 'light.desk.state': 'on' } },
      { time: '2026-01-10 08:00', when: [{ until: '08:35' }], end: {} },
    ],
  ),
  authorCase(
    'film-dim',
    [
      'when the television starts playing and it is dark, dim the sofa lamp to 10 percent',
      'dim the sofa lamp to 10 percent when the television starts playing, but only if it is dark',
      'if the TV is playing after sunset set the reading lamp to 10%',
      'movie time: when the TV plays something in the dark, sofa lamp to 10 percent',
    ],
    [
      {
        time: EVENING,
        given: {
          'media_player.television.state': 'on',
          'light.sofa_lamp.state': 'on',
          'light.sofa_lamp.brightness': 80,
        },
        when: [{ 'media_player.television.state': 'playing' }],
        end: { 'light.sofa_lamp.brightness': 10 },
      },
      {
        time: NOON,
        given: {
          'media_player.television.state': 'on',
          'light.sofa_lamp.state': 'on',
          'light.sofa_lamp.brightness': 80,
        },
        when: [{ 'media_player.television.state': 'playing' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'garage-light-night',
    [
      'when the garage door opens between 22:00 and 6:00 turn on the garage light',
      'turn on the garage light when the garage door opens, but only between 10 pm and 6 am',
      'from 22:00 to 6:00 switch on the garage light whenever the garage door is opened',
      'garage light on if the garage door opens late at night, between ten in the evening and six in the morning',
    ],
    [
      {
        time: NIGHT,
        given: { 'cover.garage_door.state': 'closed' },
        when: [{ 'cover.garage_door.state': 'open' }],
        end: { 'light.garage.state': 'on' },
      },
      {
        time: NOON,
        given: { 'cover.garage_door.state': 'closed' },
        when: [{ 'cover.garage_door.state': 'open' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'doorbell-flash',
    [
      'when the doorbell rings set the sofa lamp to red',
      'set the sofa lamp to red when the doorbell rings',
      'if someone rings the doorbell make the reading lamp red',
      'doorbell goes, sofa lamp turns red',
    ],
    [
      {
        given: { 'binary_sensor.doorbell.state': 'off' },
        when: [{ 'binary_sensor.doorbell.state': 'on' }],
        end: { 'light.sofa_lamp.state': 'on', 'light.sofa_lamp.color': 'red' },
      },
    ],
  ),
];
