/** One entry of `exposes` in `bridge/devices`, as https://www.zigbee2mqtt.io/guide/usage/exposes.html documents it. */
export interface Expose {
  readonly type: string;
  readonly name?: string;
  readonly label?: string;
  readonly property?: string;
  readonly description?: string;
  /** Bits: 1 published, 2 settable, 4 gettable. */
  readonly access?: number;
  readonly unit?: string;
  readonly value_min?: number;
  readonly value_max?: number;
  readonly value_step?: number;
  readonly value_on?: string | boolean;
  readonly value_off?: string | boolean;
  readonly value_toggle?: string;
  readonly values?: readonly string[];
  readonly category?: string;
  readonly features?: readonly Expose[];
}

const PUBLISHED = 1;
const ALL = 7;

function label(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function numeric(
  name: string,
  unit: string,
  extra: Pick<Expose, 'access' | 'value_min' | 'value_max' | 'value_step' | 'category' | 'description'> = {},
): Expose {
  return {
    type: 'numeric',
    name,
    label: label(name),
    property: name,
    access: PUBLISHED,
    ...(unit === '' ? {} : { unit }),
    ...extra,
  };
}

/** A sensor that says true or false. */
export function binary(name: string, description: string, valueOn: boolean = true): Expose {
  return {
    type: 'binary',
    name,
    label: label(name),
    property: name,
    access: PUBLISHED,
    description,
    value_on: valueOn,
    value_off: !valueOn,
  };
}

function enumeration(name: string, values: readonly string[], access: number = ALL): Expose {
  return { type: 'enum', name, label: label(name), property: name, access, values };
}

const ON_OFF: Expose = {
  type: 'binary',
  name: 'state',
  label: 'State',
  property: 'state',
  access: ALL,
  value_on: 'ON',
  value_off: 'OFF',
  value_toggle: 'TOGGLE',
};

export type LightAbility = 'brightness' | 'color_temp' | 'color';

export function light(abilities: readonly LightAbility[]): Expose {
  const features: Expose[] = [ON_OFF];
  if (abilities.includes('brightness'))
    features.push(numeric('brightness', '', { access: ALL, value_min: 0, value_max: 254 }));
  if (abilities.includes('color_temp'))
    features.push(numeric('color_temp', 'mired', { access: ALL, value_min: 153, value_max: 500 }));
  if (abilities.includes('color')) {
    features.push({
      type: 'composite',
      name: 'color_xy',
      label: 'Color (X/Y)',
      property: 'color',
      access: ALL,
      features: [numeric('x', '', { access: ALL }), numeric('y', '', { access: ALL })],
    });
  }
  return { type: 'light', features };
}

export const plug: Expose = { type: 'switch', features: [ON_OFF] };

export const fan: Expose = {
  type: 'fan',
  features: [ON_OFF, numeric('speed', '', { access: ALL, value_min: 0, value_max: 254 })],
};

export const cover: Expose = {
  type: 'cover',
  features: [
    enumeration('state', ['OPEN', 'CLOSE', 'STOP']),
    numeric('position', '%', { access: ALL, value_min: 0, value_max: 100 }),
  ],
};

export const lock: Expose = {
  type: 'lock',
  features: [
    {
      type: 'binary',
      name: 'state',
      label: 'State',
      property: 'state',
      access: ALL,
      value_on: 'LOCK',
      value_off: 'UNLOCK',
    },
    enumeration('lock_state', ['not_fully_locked', 'locked', 'unlocked'], PUBLISHED),
  ],
};

export const climate: Expose = {
  type: 'climate',
  features: [
    numeric('occupied_heating_setpoint', '°C', { access: ALL, value_min: 5, value_max: 30, value_step: 0.5 }),
    numeric('local_temperature', '°C'),
    enumeration('system_mode', ['off', 'heat', 'auto']),
    enumeration('running_state', ['idle', 'heat'], PUBLISHED),
  ],
};

export const linkQuality: Expose = numeric('linkquality', 'lqi', {
  value_min: 0,
  value_max: 255,
  category: 'diagnostic',
  description: 'Link quality (signal strength)',
});
