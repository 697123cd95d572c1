import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '../../../runtime/assembly.ts';
import { checkConfig, type Config } from '../../../runtime/config/load.ts';
import type { ConfigInput } from '../../../runtime/config/schema.ts';
import type { RuntimeEvent } from '../../../runtime/contract/api.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../../runtime/contract/reading.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { EventBus } from '../../../runtime/lib/event-bus.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { Teardown } from '../../../runtime/lib/teardown.ts';
import type {
  KeptDecision,
  KeptReading,
  Recording,
  ReplaySettings,
  Wanted,
} from '../../../runtime/replay/index.ts';
import type { Decision } from '../../../runtime/contract/decision.ts';
import { MemoryLog } from '../../support/log.ts';

/** Noon of a Saturday in late autumn, UTC. */
export const START = Date.UTC(2026, 10, 21, 12);

export interface Lived {
  readonly config: Config;
  readonly decisions: readonly Decision[];
}

/** A configuration in a folder of its own. Policies only suggest: nothing is sent anywhere. */
export function configIn(policies: string, house: object, more: ConfigInput = {}): Config {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-replay-'));
  writeFileSync(join(folder, 'policies.yaml'), policies);
  writeFileSync(join(folder, 'house.yaml'), JSON.stringify(house));
  const site = { timezone: 'Europe/Berlin', latitude: 52.5, longitude: 13.4 };
  return checkConfig(
    { site, sources: [], house: 'house.yaml', policies: 'policies.yaml', data: 'data', ...more },
    { baseDir: folder },
  );
}

/** Lets the daemon's own parts live through a stream of messages, and closes the journal as a stop does. */
export async function live(
  config: Config,
  messages: readonly (readonly KeptReading[])[],
  endMs: number,
): Promise<Lived> {
  const clock = new ManualClock(START);
  const teardown = new Teardown();
  const events = new EventBus<RuntimeEvent>((error) => {
    throw error;
  });
  const decisions: Decision[] = [];
  events.subscribe((event) => {
    if (event.type === 'decision') decisions.push(event.decision);
  });
  const assembly = await assemble({
    config,
    broker: { url: 'mqtt://127.0.0.1:1' },
    clock,
    random: () => 0.5,
    log: new MemoryLog(),
    events,
    teardown,
    isOurs: () => false,
    onJournalBack: () => {},
    onSource: () => {},
  });
  const age = (): void => {
    clock.schedule(1000, age);
    assembly.pipeline.age();
  };
  clock.schedule(1000, age);
  for (const message of messages) {
    clock.advance(Math.max(0, message[0]!.at - clock.wall()));
    const received = clock.mono();
    assembly.pipeline.readings(message.map((one): Reading => ({ ...one, received, retained: false })));
  }
  clock.advance(Math.max(0, endMs - clock.wall()));
  await teardown.run((_name, error) => {
    throw error;
  });
  return { config, decisions };
}

/** Readings in memory, given in order of time. */
export class MemoryRecording implements Recording {
  readonly #readings: readonly KeptReading[];
  readonly decisions?: () => readonly KeptDecision[];

  constructor(readings: readonly KeptReading[], decisions?: readonly KeptDecision[]) {
    this.#readings = readings;
    if (decisions !== undefined) this.decisions = () => decisions;
  }

  async baseline(atMs: number, wanted: Wanted): Promise<Iterable<KeptReading>> {
    const latest = new Map(this.#readings.filter(({ at }) => at <= atMs).map((one) => [one.key, one]));
    return [...latest.values()].filter(({ key }) => wanted(key));
  }

  async *chunks(fromMs: number, toMs: number, wanted: Wanted): AsyncGenerator<readonly KeptReading[]> {
    yield this.#readings.filter(({ key, at }) => at > fromMs && at <= toMs && wanted(key));
  }
}

/** `[seconds after START, key, value]` */
export function kept(
  ...rows: readonly (readonly [seconds: number, key: PropertyKey, value: Value])[]
): KeptReading[] {
  return rows.map(([seconds, key, value]) => ({ key, value, at: (START + seconds * 1000) as WallMs }));
}

export const SETTINGS: ReplaySettings = checkConfig({
  site: { timezone: 'Europe/Berlin', latitude: 52.5, longitude: 13.4 },
});
