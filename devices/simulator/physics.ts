/** What acts on a room during one step. */
export interface Influences {
  /** People and animals in the room, people counting 1. */
  readonly people: number;
  /** Of all lamps and appliances, W. */
  readonly electricW: number;
  /** Of the radiator, W. */
  readonly heatingW: number;
  /** Of all lamps at the sensor, lux. */
  readonly lampLux: number;
  /** 0 shut … 1 open. */
  readonly blind: number;
  /** 0 off … 1 full speed. */
  readonly fan: number;
  /** Somebody takes a shower or cooks, 0 … 1. */
  readonly steam: number;
  readonly outdoorC: number;
  readonly outdoorLux: number;
}

export interface RoomSpec {
  readonly id: string;
  readonly volumeM3: number;
  /** Share of the light outdoors that reaches the sensor with blinds open. */
  readonly daylightFactor: number;
  /** Heat lost to the outside, W per K. */
  readonly lossWK: number;
}

/** The air and light of one room. */
export interface RoomState {
  temperatureC: number;
  /** Relative, %. */
  humidity: number;
  co2Ppm: number;
  illuminanceLux: number;
}

const CO2_OUTDOORS = 420;
/** Air changes an hour through cracks, and what a fan at full speed adds. */
const LEAKAGE_ACH = 0.4;
const FAN_ACH = 7;
/** A person at rest: 80 W of heat and 0.019 m³ of CO2 an hour (EN 16798-1). */
const PERSON_W = 80;
const PERSON_CO2_M3H = 0.019;
/** Heat that warms a cubic metre of room by 1 K, furniture and the skin of the walls included, J/(m³·K). */
const HEAT_CAPACITY = 12_000;

/** Where people slept, and where they sat late: the air is stale there in the morning. */
const NIGHT_CO2: ReadonlyMap<string, number> = new Map([
  ['bedroom', 1050],
  ['living', 790],
]);

/** A room at rest: what it is like early in the morning after a night. */
export function quietRoom(spec: RoomSpec): RoomState {
  return {
    temperatureC: 19.2,
    humidity: 47,
    co2Ppm: NIGHT_CO2.get(spec.id) ?? 560,
    illuminanceLux: 0,
  };
}

/**
 * Moves a room on by `dtS` seconds (at most 60, so that the explicit steps stay stable): one heat capacity, one
 * well-mixed volume of air. Light follows at once.
 */
export function stepRoom(spec: RoomSpec, room: RoomState, by: Influences, dtS: number): void {
  const airChanges = LEAKAGE_ACH + FAN_ACH * by.fan;
  const ventilationWK = 0.34 * spec.volumeM3 * (airChanges - LEAKAGE_ACH) * 0.3;
  const sunW = by.outdoorLux * spec.daylightFactor * by.blind * 0.18;
  const gainW = by.people * PERSON_W + by.electricW + by.heatingW + sunW;
  const lossW = (spec.lossWK + ventilationWK) * (room.temperatureC - by.outdoorC);
  room.temperatureC += ((gainW - lossW) / (HEAT_CAPACITY * spec.volumeM3)) * dtS;

  const hours = dtS / 3600;
  const co2Gain = (by.people * PERSON_CO2_M3H * 1e6) / spec.volumeM3;
  room.co2Ppm = Math.max(
    CO2_OUTDOORS,
    room.co2Ppm + (co2Gain - airChanges * (room.co2Ppm - CO2_OUTDOORS)) * hours,
  );

  const humidityGain = by.people * 3 + by.steam * 260;
  room.humidity += (humidityGain - (airChanges + 0.8) * (room.humidity - 45)) * hours;
  room.humidity = Math.min(99, Math.max(15, room.humidity));

  room.illuminanceLux = by.outdoorLux * spec.daylightFactor * (0.03 + 0.97 * by.blind) + by.lampLux;
}
