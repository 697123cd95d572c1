import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig } from '../runtime/config/load.ts';
import type { Entity, House } from '../runtime/contract/house.ts';
import { entityOf, kindOf, type EntityId, type PropertyKey } from '../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../runtime/contract/kinds.ts';
import { GanglionError } from '../runtime/errors.ts';
import { Archive } from '../runtime/journal/archive.ts';
import { openDatabase } from '../runtime/journal/database.ts';
import { addPoint, History, newTrack } from '../runtime/journal/history.ts';
import { replayPolicies, type ReplayResult } from '../runtime/replay/index.ts';
import { JournalRecording } from '../runtime/replay/journal-recording.ts';
import type { Bench } from './harness.ts';
import { seeded } from './support/hidden-policy.ts';
import { readOptions } from './support/options.ts';
import { median } from './support/stats.ts';

const DEFAULTS = { rounds: 5, entities: 500, hours: 24, seconds: 10, rules: 1000 };
const SHORT = { rounds: 1, entities: 100, hours: 2 };
const FROM_MS = Date.UTC(2026, 10, 20);

/**
 * A day of a large house through its policies: numeric entities that walk at random, each at moments of its own, as a journal keeps
 * them; thresholds, windows and `for` over all of them. Measured is everything: reading the database, unpacking,
 * merging by time, fusion, rules, interlocks and the report.
 */
export const replay: Bench = async ({ args, log, signal }) => {
  const options = readOptions(args, DEFAULTS, SHORT);
  const { entities, hours, seconds, rules } = options;
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-bench-replay-'));
  const toMs = FROM_MS + hours * 3_600_000;
  try {
    const keys = Array.from({ length: entities }, (_, i): PropertyKey => `sensor.s${i}.temperature`);
    const kept = writeHistory(folder, keys, { toMs, everyMs: seconds * 1000 });
    log(`${kept} readings of ${entities} entities written`);
    const files = [{ name: 'policies.yaml', text: policies(rules, keys) }];
    const took: number[] = [];
    const speed: number[] = [];
    const memory: number[] = [];
    const cpu: number[] = [];
    let result: ReplayResult | undefined;
    for (let round = 0; round < options.rounds; round++) {
      const archive = new Archive(folder);
      const start = performance.now();
      const before = process.cpuUsage();
      result = await replayPolicies({
        files,
        house: houseWith([...keys.map(entityOf), 'fan.hall']),
        tools: [],
        settings: checkConfig({ site: { timezone: 'Europe/Berlin' } }),
        recording: new JournalRecording(archive),
        fromMs: FROM_MS,
        toMs,
        warmupMs: 0,
        signal,
      });
      const ms = performance.now() - start;
      archive.close();
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1e6);
      if (result.readings !== kept)
        throw new GanglionError('BENCH_SYSTEM', {
          system: 'replay',
          reason: `${result.readings} of ${kept} readings came back`,
        });
      took.push(ms / 1000);
      speed.push((toMs - FROM_MS) / ms);
      memory.push(process.memoryUsage().rss / 1e6);
      log(`round ${round + 1}: ${(ms / 1000).toFixed(2)} s, of CPU ${cpu.at(-1)!.toFixed(2)} s`);
    }
    const fired = result?.policies.reduce((sum, policy) => sum + policy.fired, 0) ?? 0;
    return {
      cases: [
        { name: 'readings', value: kept, unit: 'readings' },
        { name: 'firings', value: fired, unit: 'firings' },
        { name: 'replay', value: median(took), unit: 's' },
        { name: 'CPU time', value: median(cpu), unit: 's' },
        { name: 'per reading', value: (median(took) * 1e6) / kept, unit: 'µs' },
        { name: 'memory of the process', value: median(memory), unit: 'MB RSS' },
      ],
      ratios: { vs_real_time: speed, seconds: took },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Writes what a journal would have after that time. @returns how many readings */
function writeHistory(
  folder: string,
  keys: readonly PropertyKey[],
  { toMs, everyMs }: { readonly toMs: number; readonly everyMs: number },
): number {
  const random = seeded(5);
  const db = openDatabase(folder);
  const history = new History(db);
  let sequence = 0;
  db.exec('BEGIN');
  for (const key of keys) {
    const track = newTrack(key);
    let value = 15 + random() * 10;
    for (let at = FROM_MS + 1 + Math.floor(random() * everyMs); at <= toMs; at += everyMs) {
      value = Math.min(30, Math.max(10, value + (random() - 0.5) * 0.6));
      if (addPoint(track, at, Math.round(value * 10) / 10, sequence++)) history.writeBlock(track)();
    }
    history.writeBlock(track)();
  }
  db.exec('COMMIT');
  db.close();
  return sequence;
}

/** Thresholds mostly; every tenth a window, every tenth a `for`, every tenth with another condition and a call's cooldown. */
function policies(count: number, keys: readonly PropertyKey[]): string {
  const random = seeded(6);
  const lines = Array.from({ length: count }, (_, i) => {
    const key = keys[i % keys.length]!;
    const limit = (14 + random() * 12).toFixed(1);
    const head = `- { id: r${i}, then: fan.hall.turn_on, mode: suggest, `;
    switch (i % 10) {
      case 0:
        return `${head}when: 'mean(${key}, "10m") > ${limit}' }`;
      case 1:
        return `${head}when: '${key} > ${limit}', for: 5m }`;
      case 2:
        return `${head}when: '${key} > ${limit}', if: '${keys[(i * 7) % keys.length]} < 22 && now.hour >= 6', cooldown: 10m }`;
      default:
        return `${head}when: '${key} ${i % 2 === 0 ? '<' : '>'} ${limit}' }`;
    }
  });
  return `${lines.join('\n')}\n`;
}

function houseWith(ids: readonly EntityId[]): House {
  const entities = new Map<string, Entity>();
  for (const id of ids) {
    const kind = kindOf(id);
    if (!isKind(kind)) continue;
    const commands = Object.keys(kindSpec(kind).commands);
    const target =
      commands.length === 0 ? {} : { target: { dialect: 'zigbee2mqtt', address: { topic: id } } };
    const properties = kind === 'sensor' ? { temperature: { unit: '°C' } } : {};
    entities.set(id, {
      id,
      kind,
      name: id,
      aliases: [],
      device: id,
      critical: false,
      properties,
      commands,
      ...target,
    });
  }
  return {
    version: 1,
    entity: (id) => entities.get(id),
    entities: () => entities.values(),
    area: () => undefined,
    areas: () => [],
    ofDevice: (device) => [...entities.values()].filter((entity) => entity.device === device),
  };
}
