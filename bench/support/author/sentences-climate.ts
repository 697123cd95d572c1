import { authorCase, NOON, type AuthorCase } from './case.ts';

const AIR = 'sensor.living_room_air';
const BATH = 'sensor.bathroom_air';

/** Rules about air, heat and water. */
export const CLIMATE_CASES: readonly AuthorCase[] = [
  authorCase(
    'bath-fan',
    [
      'when the bathroom humidity rises above 65 percent turn on the extractor fan',
      'turn on the extractor fan when the humidity in the bathroom goes over 65%',
      'if it gets more humid than 65 percent in the bathroom, switch the bathroom fan on',
      'bathroom fan on once humidity in the bathroom exceeds sixty five percent',
    ],
    [
      {
        given: { [`${BATH}.humidity`]: 50 },
        when: [{ [`${BATH}.humidity`]: 72 }],
        end: { 'fan.extractor.state': 'on' },
      },
      { given: { [`${BATH}.humidity`]: 50 }, when: [{ [`${BATH}.humidity`]: 60 }], end: {} },
    ],
  ),
  authorCase(
    'bath-fan-off',
    [
      'when the bathroom humidity falls below 50 percent for five minutes turn off the extractor fan',
      'turn off the extractor fan when the humidity in the bathroom is below 50% for five minutes',
      'if the bathroom stays drier than 50 percent for 5 minutes stop the extractor fan',
      'extractor fan off after five minutes of less than 50 percent humidity in the bathroom',
    ],
    [
      {
        given: { [`${BATH}.humidity`]: 70, 'fan.extractor.state': 'on' },
        when: [{ [`${BATH}.humidity`]: 45 }, { wait: '6m' }],
        end: { 'fan.extractor.state': 'off' },
      },
      {
        given: { [`${BATH}.humidity`]: 70, 'fan.extractor.state': 'on' },
        when: [{ [`${BATH}.humidity`]: 45 }, { wait: '3m' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'hot-awning',
    [
      'when the living room gets warmer than 26 degrees open the awning',
      'open the awning when it is warmer than 26 degrees in the living room',
      'if the living room temperature climbs over 26°C, extend the awning',
      'awning out as soon as the lounge is hotter than 26 degrees',
    ],
    [
      {
        given: { [`${AIR}.temperature`]: 22, 'cover.awning.state': 'closed' },
        when: [{ [`${AIR}.temperature`]: 27 }],
        end: { 'cover.awning.state': 'open' },
      },
      {
        given: { [`${AIR}.temperature`]: 22, 'cover.awning.state': 'closed' },
        when: [{ [`${AIR}.temperature`]: 25 }],
        end: {},
      },
    ],
  ),
  authorCase(
    'wind-awning',
    [
      'when the wind is stronger than 40 close the awning',
      'close the awning when the wind speed goes above 40 km/h',
      'if it gets windier than 40 km/h retract the awning',
      'awning in when the wind blows faster than forty',
    ],
    [
      {
        given: { 'sensor.weather.wind_speed': 10, 'cover.awning.state': 'open' },
        when: [{ 'sensor.weather.wind_speed': 55 }],
        end: { 'cover.awning.state': 'closed' },
      },
      {
        given: { 'sensor.weather.wind_speed': 10, 'cover.awning.state': 'open' },
        when: [{ 'sensor.weather.wind_speed': 30 }],
        end: {},
      },
    ],
  ),
  authorCase(
    'window-heating-off',
    [
      'when the terrace door is open for five minutes turn off the living room thermostat',
      'turn off the living room thermostat when the terrace door has been open for five minutes',
      'if the terrace door stays open longer than 5 minutes, switch the living room heating off',
      'living room heating off whenever the terrace door was open for more than five minutes',
    ],
    [
      {
        given: { 'binary_sensor.terrace_door_contact.state': 'off', 'climate.living_room.mode': 'heat' },
        when: [{ 'binary_sensor.terrace_door_contact.state': 'on' }, { wait: '6m' }],
        end: { 'climate.living_room.mode': 'off' },
      },
      {
        given: { 'binary_sensor.terrace_door_contact.state': 'off', 'climate.living_room.mode': 'heat' },
        when: [
          { 'binary_sensor.terrace_door_contact.state': 'on' },
          { wait: '3m' },
          { 'binary_sensor.terrace_door_contact.state': 'off' },
          { wait: '5m' },
        ],
        end: {},
      },
    ],
  ),
  authorCase(
    'night-setback',
    [
      'at 22:30 set the living room thermostat to 17 degrees',
      'set the living room thermostat to 17 degrees every day at 22:30',
      'every evening at half past ten lower the living room heating to 17°C',
      'I want the living room thermostat at 17 degrees at 10:30 pm',
    ],
    [
      {
        time: '2026-01-05 22:00',
        given: { 'climate.living_room.target_temperature': 21 },
        when: [{ until: '22:35' }],
        end: { 'climate.living_room.target_temperature': 17 },
      },
    ],
  ),
  authorCase(
    'morning-bath',
    [
      'at 6:00 on weekdays set the bathroom radiator to 23 degrees',
      'set the bathroom radiator to 23 degrees at 6:00 on weekdays',
      'every working day at six in the morning heat the bathroom to 23 degrees',
      'on weekdays the bathroom radiator should go to 23 degrees at 6 am',
    ],
    [
      {
        time: '2026-01-05 05:30',
        given: { 'climate.bathroom.target_temperature': 18 },
        when: [{ until: '06:05' }],
        end: { 'climate.bathroom.target_temperature': 23 },
      },
      {
        time: '2026-01-10 05:30',
        given: { 'climate.bathroom.target_temperature': 18 },
        when: [{ until: '06:05' }],
        end: {},
      },
    ],
  ),
  authorCase(
    'leak-valve',
    [
      'when the cellar leak sensor detects water close the main water valve',
      'close the main water valve when the cellar leak sensor detects water',
      'if there is a leak in the cellar, shut the main water valve',
      'water in the basement? shut off the main water valve',
    ],
    [
      {
        given: { 'binary_sensor.cellar_leak.state': 'off', 'valve.water.state': 'open' },
        when: [{ 'binary_sensor.cellar_leak.state': 'on' }],
        end: { 'valve.water.state': 'closed' },
      },
    ],
  ),
  authorCase(
    'leak-pump-message',
    [
      'when the cellar leak sensor gets wet turn on the cellar pump and send a message',
      'turn on the cellar pump and notify me when the cellar leak sensor detects water',
      'if the cellar leak sensor finds water, start the cellar pump and let us know',
      'leak in the cellar: pump on and tell the family',
    ],
    [
      {
        given: { 'binary_sensor.cellar_leak.state': 'off' },
        when: [{ 'binary_sensor.cellar_leak.state': 'on' }],
        end: { 'switch.pump.state': 'on', 'notify.family.sent': 1 },
      },
    ],
  ),
  authorCase(
    'basil',
    [
      'when the basil is drier than 15 percent send a message',
      'notify me when the moisture of the basil drops below 15 percent',
      'if the basil falls under 15%, tell me to water it',
      'let me know once the basil has less than fifteen percent moisture',
    ],
    [
      {
        given: { 'sensor.basil.moisture': 40 },
        when: [{ 'sensor.basil.moisture': 11 }],
        end: { 'notify.family.sent': 1 },
      },
      { given: { 'sensor.basil.moisture': 40 }, when: [{ 'sensor.basil.moisture': 25 }], end: {} },
    ],
  ),
  authorCase(
    'co2-air',
    [
      'when the co2 in the living room goes over 1200 send a message',
      'send me a message when the living room co2 exceeds 1200 ppm',
      'if the living room has more than 1200 ppm co2, notify us',
      'tell me when the air in the lounge goes above 1200',
    ],
    [
      { given: { [`${AIR}.co2`]: 800 }, when: [{ [`${AIR}.co2`]: 1300 }], end: { 'notify.family.sent': 1 } },
      { given: { [`${AIR}.co2`]: 800 }, when: [{ [`${AIR}.co2`]: 1100 }], end: {} },
    ],
  ),
  authorCase(
    'bedroom-fan-night',
    [
      'when the bedroom is warmer than 25 degrees and it is after 21:00 turn on the bedroom fan at 30 percent',
      'turn on the bedroom fan at 30 percent when the bedroom is warmer than 25 degrees and it is after 21:00',
      'after 9 pm, if the bedroom gets hotter than 25 degrees set the bedroom fan to 30%',
      'late in the day, past 21:00, whenever it is above 25 degrees in the bedroom run the bedroom fan at 30 percent',
    ],
    [
      {
        time: '2026-01-05 22:00',
        given: { 'sensor.bedroom_air.temperature': 23 },
        when: [{ 'sensor.bedroom_air.temperature': 26 }],
        end: { 'fan.bedroom.state': 'on', 'fan.bedroom.speed': 30 },
      },
      {
        time: NOON,
        given: { 'sensor.bedroom_air.temperature': 23 },
        when: [{ 'sensor.bedroom_air.temperature': 26 }],
        end: {},
      },
    ],
  ),
];
