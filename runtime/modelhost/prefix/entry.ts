import { createHash, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { TokenId } from '../tokens/token-model.ts';

/**
 * What one kept prefix is on disk. The engine's file stays as the engine wrote it, because it is handed back by name;
 * all that is ours is beside it:
 *
 *     KEY.json             Entry; written last and renamed into place, so it never tells of half a file
 *     KEY-RANDOM.state     tokens, keys and values; a name of its own, so that two hosts never write one file
 *     KEY.loading          there only while the state is being loaded
 */
export interface Entry {
  readonly magic: typeof MAGIC;
  readonly version: typeof VERSION;
  readonly key: string;
  /** Name of the state file. */
  readonly state: string;
  readonly bytes: number;
  /**
   * Of the state file. It guards against cut and damaged files, not against people: who can write this folder can write
   * the models too. 2.1 GB/s where SHA-256 makes 1.1, and ten times as fast on boards without SHA instructions.
   */
  readonly crc32: number;
  readonly tokens: number;
}

const MAGIC = 'ganglion-prefix';
/** Raised when entries of older programs must not be used any more. */
const VERSION = 1;
const CHUNK_BYTES = 1024 * 1024;

const OWN_NAME = /^([0-9a-f]{64})(?:\.json|\.loading|-[0-9a-f]{16}\.(?:state|json))$/;

/** Whose keys and values they are: they fit nothing else. */
export interface StateOwner {
  /** Of the model's files, adapters too: `modelDigest`. */
  readonly digest: string;
  /** `TokenModel.stateKey` */
  readonly stateKey: string;
}

/** 64 hexadecimal digits. */
export function keyOf(owner: StateOwner, prefix: readonly TokenId[]): string {
  const ids = Buffer.alloc(prefix.length * 4);
  prefix.forEach((token, i) => ids.writeUInt32LE(token, i * 4));
  const about = JSON.stringify([MAGIC, VERSION, owner.digest, owner.stateKey, prefix.length]);
  return createHash('sha256').update(about).update('\n').update(ids).digest('hex');
}

export const entryName = (key: string): string => `${key}.json`;
export const markerName = (key: string): string => `${key}.loading`;

/** Names of their own for a state file and the entry before it is renamed. */
export function freshNames(key: string): { readonly state: string; readonly draft: string } {
  const own = `${key}-${randomBytes(8).toString('hex')}`;
  return { state: `${own}.state`, draft: `${own}.json` };
}

/** The key in a name of ours; undefined for the files of others. */
export function keyIn(name: string): string | undefined {
  return OWN_NAME.exec(name)?.[1];
}

export function writeEntry(entry: Omit<Entry, 'magic' | 'version'>): string {
  return JSON.stringify({ magic: MAGIC, version: VERSION, ...entry } satisfies Entry);
}

/** Undefined: it is no entry of this version for this key. */
export function readEntry(text: string, key: string): Entry | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const entry = found as Partial<Record<keyof Entry, unknown>>;
  const fits =
    entry.magic === MAGIC &&
    entry.version === VERSION &&
    entry.key === key &&
    typeof entry.state === 'string' &&
    entry.state.endsWith('.state') &&
    keyIn(entry.state) === key &&
    [entry.bytes, entry.crc32, entry.tokens].every((value) => Number.isSafeInteger(value));
  return fits ? (found as Entry) : undefined;
}

/** Checksum of a whole file, read from its start. The next chunk is read while one is summed up. */
export async function checksum(file: FileHandle): Promise<number> {
  let sum = 0;
  let at = 0;
  let [next, spare] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  let reading = file.read(next, 0, CHUNK_BYTES, at);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return sum;
    at += bytesRead;
    const chunk = next;
    [next, spare] = [spare, next];
    reading = file.read(next, 0, CHUNK_BYTES, at);
    sum = crc32(chunk.subarray(0, bytesRead), sum);
  }
}
