import { words, type ThingBuilder } from './ha-config.ts';
import { texts } from './json.ts';

const percent = { unit: '%', info: { unit: '%', min: 0, max: 100 } } as const;

/** Home Assistant's three schemas of an MQTT light. */
export function haLight(b: ThingBuilder): void {
  const schema = b.text('schema', 'basic');
  if (schema === 'json') json(b);
  else if (schema === 'template') template(b);
  else basic(b);
}

function warmth(b: ThingBuilder): {
  readonly unit: string;
  readonly info: { unit: string; min: number; max: number };
} {
  const min = b.number('min_kelvin', Math.round(1e6 / Math.max(1, b.number('max_mireds', 500))));
  const max = b.number('max_kelvin', Math.round(1e6 / Math.max(1, b.number('min_mireds', 153))));
  return { unit: 'K', info: { unit: 'K', min, max } };
}

function basic(b: ThingBuilder): void {
  const on = b.text('payload_on', 'ON');
  const off = b.text('payload_off', 'OFF');
  b.listen(
    'state',
    'state_topic',
    ['state_value_template', 'value_template'],
    words([off, 'off'], [on, 'on']),
  );
  const max = Math.max(1, b.number('brightness_scale', 255));
  b.listen(
    'brightness',
    'brightness_state_topic',
    ['brightness_value_template'],
    { as: 'level', max },
    percent,
  );
  const kelvin = b.config['color_temp_kelvin'] === true;
  b.listen(
    'color_temp',
    'color_temp_state_topic',
    ['color_temp_value_template'],
    kelvin ? { as: 'number' } : { as: 'mired' },
    warmth(b),
  );
  // `on_command_type`: last (the default), first, or brightness alone, which then switches on by itself.
  const order = b.text('on_command_type', 'last');
  const more = order === 'brightness' ? { unless: ['brightness'] } : {};
  if (order !== 'last') b.send('turn_on', 'command_topic', on, more);
  b.carry('turn_on', 'brightness_command_topic', 'brightness_command_template', 'brightness', {
    as: 'range',
    from: 0,
    to: max,
  });
  b.carry('turn_on', 'color_temp_command_topic', 'color_temp_command_template', 'color_temp', {
    as: kelvin ? 'number' : 'mired',
  });
  for (const model of ['rgb', 'hs', 'xy'] as const) {
    if (b.topic(`${model}_command_topic`) === undefined) continue;
    b.listen('color', `${model}_state_topic`, [`${model}_value_template`], { as: 'color', model });
    b.carry('turn_on', `${model}_command_topic`, `${model}_command_template`, 'color', { as: model });
    break;
  }
  if (order === 'last') b.send('turn_on', 'command_topic', on);
  b.send('turn_off', 'command_topic', off);
}

function json(b: ThingBuilder): void {
  const modes = texts(b.config['supported_color_modes']);
  const scale = Math.max(1, b.number('brightness_scale', 255));
  const kelvin = b.config['color_temp_kelvin'] === true;
  const color = modes.includes('hs') ? 'hs' : modes.includes('xy') ? 'xy' : 'rgb';
  b.listen('state', 'state_topic', [], words(['OFF', 'off'], ['ON', 'on']), { path: 'state' });
  if (b.config['brightness'] === true || modes.some((mode) => mode !== 'onoff')) {
    b.listen(
      'brightness',
      'state_topic',
      [],
      { as: 'level', max: scale },
      { ...percent, path: 'brightness' },
    );
  }
  if (modes.includes('color_temp')) {
    const convert = kelvin ? ({ as: 'number' } as const) : ({ as: 'mired' } as const);
    b.listen('color_temp', 'state_topic', [], convert, { ...warmth(b), path: 'color_temp' });
  }
  if (modes.some((mode) => ['hs', 'xy', 'rgb', 'rgbw', 'rgbww'].includes(mode))) {
    b.listen('color', 'state_topic', [], { as: 'color' }, { path: 'color' });
  }
  b.recipe('turn_on', 'command_topic', { json: { state: 'ON', scale, kelvin, color } });
  b.send('turn_off', 'command_topic', JSON.stringify({ state: 'OFF' }));
}

function template(b: ThingBuilder): void {
  b.listen('state', 'state_topic', ['state_template'], words(['off', 'off'], ['on', 'on']));
  if (b.text('brightness_template', '') !== '') {
    b.listen('brightness', 'state_topic', ['brightness_template'], { as: 'level', max: 255 }, percent);
  }
  if (b.text('color_temp_template', '') !== '') {
    const kelvin = b.config['color_temp_kelvin'] === true;
    b.listen(
      'color_temp',
      'state_topic',
      ['color_temp_template'],
      kelvin ? { as: 'number' } : { as: 'mired' },
      warmth(b),
    );
  }
  // Its variables are Home Assistant's: state, brightness 0–255, color_temp in mired, red, green, blue.
  b.recipe('turn_on', 'command_topic', { template: b.text('command_on_template', 'on') });
  b.recipe('turn_off', 'command_topic', { template: b.text('command_off_template', 'off') });
}
