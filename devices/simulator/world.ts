import type { Appliance } from './appliance.ts';
import { dwellers, stepDwellers, type Dweller, type RoomId } from './people.ts';
import { quietRoom, stepRoom, type RoomSpec, type RoomState } from './physics.ts';
import type { Random } from './random.ts';
import { daylight, outdoorTemperature, sunElevation } from './sun.ts';

const ROOMS: readonly (RoomSpec & { readonly id: RoomId })[] = [
  { id: 'hall', volumeM3: 22, daylightFactor: 0.004, lossWK: 12 },
  { id: 'living', volumeM3: 62, daylightFactor: 0.018, lossWK: 34 },
  { id: 'kitchen', volumeM3: 34, daylightFactor: 0.014, lossWK: 22 },
  { id: 'bedroom', volumeM3: 40, daylightFactor: 0.015, lossWK: 24 },
  { id: 'bathroom', volumeM3: 18, daylightFactor: 0.006, lossWK: 10 },
];

/** A motion sensor reports occupancy for so long after the last movement, simulated seconds. */
const OCCUPANCY_HOLD_S = 75;
/** A waking person in a room makes a movement that the sensor sees about so often, simulated seconds. */
const FIDGET_S = 50;
/** The front door stays open for so long, simulated seconds. */
const DOOR_OPEN_S = 12;
/** Physics moves in steps of at most so many simulated seconds. */
const MAX_STEP_S = 10;

export interface Room {
  readonly id: RoomId;
  readonly air: RoomState;
  occupied: boolean;
}

/** Rooms, people and weather, without any device protocol. Time is in simulated seconds since a first midnight. */
export class World {
  readonly rooms: ReadonlyMap<RoomId, Room>;
  readonly people: readonly Dweller[];
  nowS: number;
  doorOpen = false;
  readonly #random: Random;
  readonly #appliances: readonly Appliance[];
  readonly #lastMotionS = new Map<RoomId, number>();
  #doorUntilS = -1;

  constructor(startS: number, random: Random, appliances: readonly Appliance[]) {
    this.nowS = startS;
    this.#random = random;
    this.#appliances = appliances;
    this.people = dwellers(startS, random);
    this.rooms = new Map(
      ROOMS.map((spec) => [spec.id, { id: spec.id, air: quietRoom(spec), occupied: false }]),
    );
  }

  get hour(): number {
    return (this.nowS / 3600) % 24;
  }

  get outdoorC(): number {
    return outdoorTemperature(this.hour);
  }

  get outdoorLux(): number {
    return daylight(sunElevation(this.hour));
  }

  step(dtS: number): void {
    let left = dtS;
    while (left > 1e-9) {
      const step = Math.min(left, MAX_STEP_S);
      this.nowS += step;
      this.#movePeople(step);
      this.#moveAir(step);
      left -= step;
    }
  }

  /** W drawn by the plugs' loads: coffee in the morning, television in the evening while somebody is there. */
  loadOf(appliance: Appliance): number {
    const { name, room, watts } = appliance.spec;
    if (appliance.level === 0 || watts === undefined || room === undefined) return 0;
    if (appliance.spec.role !== 'plug') return watts * appliance.level;
    const someone = this.people.some((who) => who.weight === 1 && who.place === room && !who.asleep);
    const inUse = name === 'coffee_machine' ? this.hour > 6 && this.hour < 10 : this.hour > 17;
    return someone && inUse ? watts : 0.4;
  }

  #movePeople(stepS: number): void {
    const throughTheDoor = stepDwellers(this.people, this.nowS, this.#random);
    for (const who of this.people) {
      if (who.place === 'out') continue;
      const fidgets = !who.asleep && who.weight === 1 && this.#random() < stepS / FIDGET_S;
      if (who.moved || fidgets) this.#lastMotionS.set(who.place, this.nowS);
    }
    if (throughTheDoor.length > 0) {
      this.#doorUntilS = this.nowS + DOOR_OPEN_S;
      this.#lastMotionS.set('hall', this.nowS);
    }
    this.doorOpen = this.nowS < this.#doorUntilS;
    for (const room of this.rooms.values()) {
      room.occupied = this.nowS - (this.#lastMotionS.get(room.id) ?? -Infinity) < OCCUPANCY_HOLD_S;
    }
  }

  #moveAir(stepS: number): void {
    const outdoorC = this.outdoorC;
    const outdoorLux = this.outdoorLux;
    for (const spec of ROOMS) {
      const room = this.rooms.get(spec.id);
      if (room === undefined) continue;
      let [electricW, lampLux, fan, blind] = [0, 0, 0, 1];
      let heatingW = Math.min(900, Math.max(0, (19.2 - room.air.temperatureC) * 250));
      for (const appliance of this.#appliances) {
        if (appliance.spec.room !== spec.id) continue;
        if (appliance.spec.role === 'cover') blind = appliance.openness;
        else if (appliance.spec.role === 'climate') heatingW = heating(appliance, room.air.temperatureC);
        else electricW += this.loadOf(appliance);
        if (appliance.spec.role === 'fan') fan = Math.max(fan, appliance.level);
        lampLux += (appliance.spec.lux ?? 0) * appliance.level;
      }
      const people = this.people.reduce((sum, who) => sum + (who.place === spec.id ? who.weight : 0), 0);
      const steam = this.#steam(spec.id, people);
      stepRoom(
        spec,
        room.air,
        { people, electricW, heatingW, lampLux, blind, fan, steam, outdoorC, outdoorLux },
        stepS,
      );
    }
  }

  /** Showers in the morning and late in the evening, cooking at noon and in the evening. */
  #steam(room: RoomId, people: number): number {
    if (people < 1) return 0;
    const { hour } = this;
    if (room === 'bathroom') return (hour > 6 && hour < 9) || hour > 22 ? 1 : 0.1;
    if (room === 'kitchen') return (hour > 12 && hour < 13) || (hour > 17.5 && hour < 19) ? 0.5 : 0;
    return 0;
  }
}

/** A proportional radiator valve: full power from 1.2 K below the setpoint. */
function heating(thermostat: Appliance, temperatureC: number): number {
  const { setpoint } = thermostat;
  if (setpoint === undefined) return 0;
  const opening = Math.min(1, Math.max(0, (setpoint + 0.1 - temperatureC) / 1.2));
  return opening * (thermostat.spec.watts ?? 0);
}
