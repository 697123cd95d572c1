/** A `bridge/devices` payload in the shape Zigbee2MQTT documents, one device of each type that matters. */

const PUB = 1;
const ALL = 7;

const state = (endpoint?: string) => ({
  type: 'binary',
  name: 'state',
  property: endpoint === undefined ? 'state' : `state_${endpoint}`,
  access: ALL,
  value_on: 'ON',
  value_off: 'OFF',
  value_toggle: 'TOGGLE',
});
const linkquality = {
  type: 'numeric',
  name: 'linkquality',
  property: 'linkquality',
  access: PUB,
  unit: 'lqi',
  value_min: 0,
  value_max: 255,
};
const battery = {
  type: 'numeric',
  name: 'battery',
  property: 'battery',
  access: PUB,
  unit: '%',
  value_min: 0,
  value_max: 100,
};
const numeric = (name: string, unit: string) => ({
  type: 'numeric',
  name,
  property: name,
  access: PUB,
  unit,
});
const brightness = {
  type: 'numeric',
  name: 'brightness',
  property: 'brightness',
  access: ALL,
  value_min: 0,
  value_max: 254,
};
const colorTemp = {
  type: 'numeric',
  name: 'color_temp',
  property: 'color_temp',
  access: ALL,
  unit: 'mired',
  value_min: 153,
  value_max: 500,
};
const point = (name: string) => ({ type: 'numeric', name, property: name, access: ALL });

function device(ieee: string, name: string, exposes: readonly unknown[], description = 'A device') {
  return {
    ieee_address: ieee,
    type: 'Router',
    network_address: 1,
    supported: true,
    friendly_name: name,
    disabled: false,
    definition: { model: 'M', vendor: 'V', description, exposes, supports_ota: false, options: [] },
    interviewing: false,
    interview_completed: true,
  };
}

export const ceiling = device('0x00124b0001aa0001', 'kitchen_ceiling', [
  {
    type: 'light',
    features: [
      state(),
      brightness,
      colorTemp,
      {
        type: 'composite',
        name: 'color_xy',
        property: 'color',
        access: ALL,
        features: [point('x'), point('y')],
      },
      {
        type: 'composite',
        name: 'color_hs',
        property: 'color',
        access: ALL,
        features: [point('hue'), point('saturation')],
      },
    ],
  },
  { type: 'enum', name: 'effect', property: 'effect', access: 2, values: ['blink', 'breathe'] },
  linkquality,
]);
export const climateSensor = device('0x00158d0001a2b3c4', '0x00158d0001a2b3c4', [
  battery,
  numeric('temperature', '°C'),
  numeric('humidity', '%'),
  numeric('pressure', 'hPa'),
  numeric('voltage', 'mV'),
  linkquality,
]);
export const door = device('0x00158d0001000002', 'hall/front door', [
  battery,
  { type: 'binary', name: 'contact', property: 'contact', access: PUB, value_on: false, value_off: true },
  { type: 'binary', name: 'tamper', property: 'tamper', access: PUB, value_on: true, value_off: false },
  linkquality,
]);
export const motion = device('0x00158d0001000003', 'hall motion', [
  { type: 'binary', name: 'occupancy', property: 'occupancy', access: PUB, value_on: true, value_off: false },
  numeric('illuminance', 'lx'),
  battery,
]);
export const double = device('0x00158d0001000004', 'wall', [
  { type: 'switch', features: [state('left')], endpoint: 'left' },
  { type: 'switch', features: [state('right')], endpoint: 'right' },
  numeric('power', 'W'),
]);
export const blind = device('0x00158d0001000005', 'bedroom_blind', [
  {
    type: 'cover',
    features: [
      { type: 'enum', name: 'state', property: 'state', access: ALL, values: ['OPEN', 'CLOSE', 'STOP'] },
      {
        type: 'numeric',
        name: 'position',
        property: 'position',
        access: ALL,
        value_min: 0,
        value_max: 100,
        unit: '%',
      },
    ],
  },
]);
export const frontLock = device('0x00158d0001000006', 'front_lock', [
  {
    type: 'lock',
    features: [
      {
        type: 'binary',
        name: 'state',
        property: 'state',
        access: ALL,
        value_on: 'LOCK',
        value_off: 'UNLOCK',
      },
      {
        type: 'enum',
        name: 'lock_state',
        property: 'lock_state',
        access: PUB,
        values: ['locked', 'unlocked'],
      },
    ],
  },
]);
export const radiator = device('0x00158d0001000007', 'living_trv', [
  {
    type: 'climate',
    features: [
      {
        type: 'numeric',
        name: 'occupied_heating_setpoint',
        property: 'occupied_heating_setpoint',
        access: ALL,
        value_min: 5,
        value_max: 30,
        unit: '°C',
      },
      { type: 'numeric', name: 'local_temperature', property: 'local_temperature', access: 5, unit: '°C' },
      {
        type: 'enum',
        name: 'system_mode',
        property: 'system_mode',
        access: ALL,
        values: ['off', 'heat', 'auto'],
      },
    ],
  },
  {
    type: 'lock',
    features: [
      {
        type: 'binary',
        name: 'state',
        property: 'child_lock',
        access: ALL,
        value_on: 'LOCK',
        value_off: 'UNLOCK',
      },
    ],
  },
  battery,
]);
export const purifier = device('0x00158d0001000008', 'purifier', [
  {
    type: 'fan',
    features: [
      { ...state(), name: 'state', property: 'fan_state' },
      {
        type: 'enum',
        name: 'mode',
        property: 'fan_mode',
        access: ALL,
        values: ['off', 'low', 'medium', 'high', 'auto'],
      },
    ],
  },
  numeric('pm25', 'µg/m³'),
]);
export const waterValve = device(
  '0x00158d0001000009',
  'garden_valve',
  [{ type: 'switch', features: [state()] }, battery],
  'Zigbee smart water valve',
);
export const remote = device('0x00158d000100000a', 'remote', [
  { type: 'enum', name: 'action', property: 'action', access: PUB, values: ['single', 'double', 'hold'] },
  battery,
]);
export const plug = device('0x00158d000100000b', 'plug', [
  { type: 'switch', features: [state()] },
  numeric('power', 'W'),
  {
    type: 'enum',
    name: 'power_on_behavior',
    property: 'power_on_behavior',
    access: ALL,
    values: ['off', 'previous', 'on'],
  },
  {
    type: 'numeric',
    name: 'countdown',
    property: 'countdown',
    access: ALL,
    unit: 's',
    value_min: 0,
    value_max: 43200,
  },
  { type: 'enum', name: 'identify', property: 'identify', access: 2, values: ['identify'] },
]);
export const siren = device('0x00158d000100000c', 'siren', [
  { type: 'composite', name: 'warning', property: 'warning', access: 2, features: [] },
]);

export const ALL_DEVICES: readonly unknown[] = [
  { ieee_address: '0x00124b0000000000', type: 'Coordinator', friendly_name: 'Coordinator', definition: null },
  ceiling,
  climateSensor,
  door,
  motion,
  double,
  blind,
  frontLock,
  radiator,
  purifier,
  waterValve,
  remote,
  plug,
  siren,
];
