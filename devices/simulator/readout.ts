import type { Appliance } from './appliance.ts';
import { sunElevation } from './sun.ts';
import type { World } from './world.ts';

export interface Readout {
  /** The state topic's JSON. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The part of it whose change is published at once. */
  readonly urgent: string;
}

const LINK_QUALITY = 120;
const BATTERY = 87;

/** What a device measures or is at this moment, rounded as real ones round. */
export function sensorState(appliance: Appliance, world: World): Readout {
  const { spec, state } = appliance;
  const room = spec.room === undefined ? undefined : world.rooms.get(spec.room);
  const common = { ...(spec.battery ? { battery: BATTERY } : {}), linkquality: LINK_QUALITY };
  switch (spec.role) {
    case 'air': {
      if (room === undefined) break;
      const { air, occupied } = room;
      const values = {
        occupancy: occupied,
        illuminance: round(air.illuminanceLux, air.illuminanceLux < 50 ? 1 : 10),
        temperature: round(air.temperatureC, 0.1),
        humidity: round(air.humidity, 0.5),
        ...(spec.exposes.some((expose) => expose.name === 'co2') ? { co2: round(air.co2Ppm, 5) } : {}),
        ...common,
      };
      return { values, urgent: String(occupied) };
    }
    case 'contact':
      return { values: { contact: !world.doorOpen, ...common }, urgent: String(world.doorOpen) };
    case 'outdoor':
      return {
        values: {
          temperature: round(world.outdoorC, 0.1),
          illuminance: round(world.outdoorLux, world.outdoorLux < 1000 ? 10 : 500),
          ...common,
        },
        urgent: '',
      };
    case 'daylight':
      return {
        values: { elevation: round(sunElevation(world.hour), 0.5), hour: round(world.hour, 0.05), ...common },
        urgent: '',
      };
    case 'climate': {
      if (room === undefined) break;
      const temperature = room.air.temperatureC;
      const heating = appliance.setpoint !== undefined && temperature < appliance.setpoint;
      state.set('local_temperature', round(temperature, 0.1));
      state.set('running_state', heating ? 'heat' : 'idle');
      break;
    }
    case 'plug':
      state.set('power', round(world.loadOf(appliance), 0.1));
      break;
    case 'light':
    case 'fan':
    case 'cover':
    case 'lock':
      break;
  }
  return { values: { ...Object.fromEntries(state), ...common }, urgent: String(state.get('state')) };
}

/** To a multiple of `unit`, without the tail of binary fractions. */
function round(value: number, unit: number): number {
  return Number((Math.round(value / unit) * unit).toFixed(3));
}
