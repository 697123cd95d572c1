import { between, pick, type Random } from './random.ts';

export type RoomId = 'hall' | 'living' | 'kitchen' | 'bedroom' | 'bathroom';
/** `out`: not in the house. */
export type Place = RoomId | 'out';

export interface Dweller {
  readonly name: string;
  /** 1 for a person, less for a cat: how much air it uses. */
  readonly weight: number;
  place: Place;
  asleep: boolean;
  /** Has moved since the last step: what a motion sensor sees. */
  moved: boolean;
  /** Simulated time of the next move, s since midnight of the first day. */
  nextMoveS: number;
}

/** What somebody does from an hour of the day on: where, for how long at a stretch, and whether asleep. */
interface Habit {
  readonly from: number;
  readonly places: readonly [Place, ...Place[]];
  /** Seconds between moves. */
  readonly every: readonly [number, number];
  readonly asleep?: true;
}

const ANNA: readonly Habit[] = [
  { from: 0, places: ['bedroom'], every: [5400, 9000], asleep: true },
  { from: 6.9, places: ['hall', 'bathroom', 'kitchen', 'hall', 'bedroom'], every: [50, 140] },
  { from: 8.2, places: ['out'], every: [3600, 5400] },
  { from: 16.8, places: ['hall', 'kitchen', 'living', 'kitchen'], every: [60, 240] },
  { from: 20, places: ['living', 'living', 'hall', 'kitchen', 'bathroom'], every: [120, 420] },
  { from: 22.8, places: ['bathroom', 'hall', 'bedroom'], every: [60, 200] },
  { from: 23.4, places: ['bedroom'], every: [5400, 9000], asleep: true },
];

const BEN: readonly Habit[] = [
  { from: 0, places: ['bedroom', 'bedroom', 'bathroom'], every: [3600, 7200], asleep: true },
  { from: 7.1, places: ['bathroom', 'kitchen', 'hall', 'kitchen'], every: [60, 180] },
  { from: 8.8, places: ['living', 'living', 'living', 'kitchen', 'hall', 'bathroom'], every: [150, 600] },
  { from: 12.3, places: ['kitchen', 'hall', 'living'], every: [90, 240] },
  { from: 13.2, places: ['living', 'living', 'kitchen', 'hall', 'out'], every: [200, 700] },
  { from: 17.5, places: ['kitchen', 'living', 'hall', 'bathroom'], every: [80, 300] },
  { from: 22.9, places: ['bathroom', 'hall', 'bedroom'], every: [60, 240] },
  { from: 23.6, places: ['bedroom'], every: [3600, 7200], asleep: true },
];

/** A cat keeps no hours: it is why the motion sensors of this house are never quiet for long. */
const CAT: readonly Habit[] = [
  { from: 0, places: ['hall', 'living', 'kitchen', 'hall', 'bedroom'], every: [40, 170] },
];

const HABITS = new Map<string, readonly Habit[]>([
  ['Anna', ANNA],
  ['Ben', BEN],
  ['Cat', CAT],
]);

/** The people of the house and their cat, where they are at `nowS`, due to move soon. */
export function dwellers(nowS: number, random: Random): Dweller[] {
  return [
    { name: 'Anna', weight: 1 },
    { name: 'Ben', weight: 1 },
    { name: 'Cat', weight: 0.1 },
  ].map((who, order) => {
    const habit = habitOf(who.name, nowS);
    const place = who.name === 'Cat' ? 'living' : habit.places[0];
    const asleep = habit.asleep === true;
    // The first one moves within a simulated minute: a demo has to show something at once.
    return {
      ...who,
      place,
      asleep,
      moved: false,
      nextMoveS: nowS + 20 + 45 * order + between(random, 0, 20),
    };
  });
}

/** Moves everybody on to `nowS`. Returns who came into or left the house. */
export function stepDwellers(all: readonly Dweller[], nowS: number, random: Random): readonly Dweller[] {
  const throughTheDoor: Dweller[] = [];
  for (const who of all) {
    who.moved = false;
    if (nowS < who.nextMoveS) continue;
    const habit = habitOf(who.name, nowS);
    const place = pick(random, habit.places);
    if ((place === 'out') !== (who.place === 'out')) throughTheDoor.push(who);
    who.place = place;
    who.asleep = habit.asleep === true && place === 'bedroom';
    who.moved = place !== 'out';
    who.nextMoveS = Math.min(
      nowS + between(random, ...habit.every),
      nextHabitAt(who.name, nowS) + between(random, 0, 120),
    );
  }
  return throughTheDoor;
}

function hourOf(nowS: number): number {
  return (nowS / 3600) % 24;
}

function habitOf(name: string, nowS: number): Habit {
  const hour = hourOf(nowS);
  const habits = HABITS.get(name) ?? CAT;
  return habits.findLast((habit) => habit.from <= hour) ?? CAT[0]!;
}

/** Start of the next habit in s since midnight of the first day, so that nobody sleeps through the alarm clock. */
function nextHabitAt(name: string, nowS: number): number {
  const hour = hourOf(nowS);
  const next = (HABITS.get(name) ?? CAT).find((habit) => habit.from > hour);
  return nowS + ((next?.from ?? 24) - hour) * 3600;
}
