import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DEVICES, KV_TYPES } from '../../../runtime/contract/engine.ts';
import { GanglionError, messageOf } from '../../../runtime/errors.ts';
import type { Measured } from '../estimate.ts';
import type { HostProbe } from '../probe.ts';

const figure = z.number().positive();
const spec = z.strictObject({
  threads: z.number().int().min(1).max(1024),
  batchTokens: z.number().int().min(1).max(65_536),
  contextTokens: z.number().int().min(1).max(4_194_304),
  kvType: z.enum(KV_TYPES),
  gpuLayers: z.number().int().min(0).max(9999),
  device: z.enum(DEVICES),
});
const measurement = z.strictObject({
  promptTokensPerS: figure,
  decisionMs: figure,
  tokenMs: figure,
  memoryBytes: figure,
  loadMs: figure,
});

const record = z.strictObject({
  version: z.literal(1),
  /** The file's content as far as it can be told without reading all of it. */
  model: z.strictObject({ name: z.string(), fileBytes: figure, head: z.string(), parameters: figure }),
  /** `boardKey` of the board that was measured. */
  board: z.string(),
  boardName: z.string(),
  versions: z.record(z.string(), z.string()),
  /** ISO 8601, UTC. */
  measuredAt: z.string(),
  quick: z.boolean(),
  budgetBytes: figure,
  best: spec,
  measurement,
  before: z.strictObject({ spec, measurement }).optional(),
  trials: z.array(
    z.strictObject({
      trying: z.string(),
      spec,
      runs: z.number().int().min(0),
      measurement: measurement.optional(),
      problem: z.string().optional(),
    }),
  ),
});

/** What `model tune` found out about one model on one board, with the evidence. */
export type TuningRecord = z.output<typeof record>;
export type ModelIdentity = TuningRecord['model'];

const HEAD_BYTES = 1024 * 1024;

/** Name, size and a hash of the first MiB. Throws MODEL_FILE_UNREADABLE. */
export function identityOf(file: string): Omit<ModelIdentity, 'parameters'> {
  try {
    const handle = openSync(file, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      const read = readSync(handle, head, 0, HEAD_BYTES, 0);
      const hash = createHash('sha256').update(head.subarray(0, read)).digest('hex');
      return { name: basename(file), fileBytes: statSync(file).size, head: hash };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  }
}

/** What has to be the same for a measurement to hold: board, processor, how much of both may be used, accelerators. */
export function boardKey(probe: HostProbe): string {
  const { board, cpu, memory, accelerators } = probe;
  const gigabytes = Math.round(memory.usableBytes / 0.5e9) / 2;
  const names = accelerators.filter(({ backend }) => backend !== undefined).map(({ name }) => name);
  return [board.model, cpu.model, `${cpu.cores} cores`, `${gigabytes} GB`, ...names].join(' | ');
}

/** `<data>/tuning/<model>.json` */
export function tuningFile(data: string, model: string): string {
  return join(data, 'tuning', `${basename(model)}.json`);
}

/** Writes it whole or not at all; @returns where. Throws FILE_UNWRITABLE. */
export function writeTuning(data: string, model: string, found: TuningRecord): string {
  const file = tuningFile(data, model);
  try {
    mkdirSync(join(data, 'tuning'), { recursive: true });
    replace(file, `${JSON.stringify(found, undefined, 2)}\n`);
    return file;
  } catch (error) {
    throw new GanglionError('FILE_UNWRITABLE', { file, reason: messageOf(error) }, { cause: error });
  }
}

function replace(file: string, text: string): void {
  const part = `${file}.part`;
  try {
    writeFileSync(part, text);
    renameSync(part, file);
  } catch (error) {
    try {
      rmSync(part, { force: true });
    } catch {
      // What kept it from being written keeps it from being removed: there is nothing to remove then.
    }
    throw error;
  }
}

export type TuningLookup =
  | { readonly found: TuningRecord }
  /** Why there is nothing to go by, in words. */
  | { readonly reason: string };

/** What was measured of this file on this board; a record of another board or file, or a damaged one, does not count. */
export function readTuning(data: string, model: string, board: string): TuningLookup {
  const file = tuningFile(data, model);
  const found = parsed(file);
  if (found === undefined) return { reason: 'it was not measured here' };
  if (found === 'damaged') return { reason: `${file} is damaged` };
  if (found.board !== board) return { reason: `it was measured on another board (${found.boardName})` };
  try {
    const now = identityOf(model);
    if (now.head !== found.model.head || now.fileBytes !== found.model.fileBytes)
      return { reason: 'it was measured with another file of that name' };
  } catch (error) {
    return { reason: messageOf(error) };
  }
  return { found };
}

/** Every measurement of this board in the data folder, wherever the models lie now; what is damaged is left out. */
export function measuredHere(data: string, board: string): Measured[] {
  const folder = join(data, 'tuning');
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  return names.toSorted().flatMap((name): Measured[] => {
    const found = parsed(join(folder, name));
    if (found === undefined || found === 'damaged' || found.board !== board) return [];
    const { name: model, fileBytes, parameters } = found.model;
    return [{ name: model, fileBytes, parameters, measurement: found.measurement }];
  });
}

/**
 * How a model is best loaded on this board by what `model tune` measured; undefined if that says nothing about this file
 * and board. What the configuration says goes over it.
 * @param data the data folder
 * @param board `boardKey` of the board this runs on
 */
export function tunedSpec(data: string, model: string, board: string): TuningRecord['best'] | undefined {
  const looked = readTuning(data, model, board);
  return 'found' in looked ? looked.found.best : undefined;
}

/** Undefined: there is no such file. */
function parsed(file: string): TuningRecord | 'damaged' | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return 'damaged';
  }
}
