import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../contract/time.ts';
import { GanglionError, isGanglionError, messageOf } from '../../errors.ts';
import { systemClock } from '../../lib/clock.ts';
import { formatBytes } from '../../lib/units.ts';
import { download, refuseFullDisk, type Download, type DownloadTools } from './download.ts';
import { hubFiles, hubUrl } from './hub.ts';
import { tryLock } from './lock.ts';
import { partName } from './part.ts';
import { PullMeter, type PullProgress } from './progress.ts';
import {
  parseModelReference,
  type HubReference,
  type ModelReference,
  type UrlReference,
} from './reference.ts';
import { filesOfType, isSplit, partsOf } from './select.ts';
import type { HubSettings } from './settings.ts';
import { Shared } from './shared.ts';

export interface ModelStoreOptions {
  /** Where models are kept, absolute. Made when it is needed. */
  readonly folder: string;
  readonly hub: HubSettings;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Waits, or rejects when `signal` is aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly freeBytes?: (folder: string) => Promise<number>;
  /** Failures in a row after which a fetch is given up. Default 6: about half a minute. */
  readonly attempts?: number;
  /** Silence after which a connection counts as dead, ms. Default 30 s. */
  readonly stallMs?: number;
}

export interface StoredModel {
  /** What is loaded: the first part of a split model. Absolute. */
  readonly file: string;
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

export interface PulledModel extends StoredModel {
  /** It was there already; nothing was fetched. */
  readonly present: boolean;
  /** Whether the checksum of every fetched file was known and agreed. */
  readonly verified: boolean;
}

export interface PullOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
}

/** Between two looks at what another process is fetching, ms. */
const LOOK_MS = 1000;

/**
 * The folder of fetched models. A model that is there is used as it is: nobody is asked whether there is a newer one.
 *
 *     <folder>/OWNER/REPO/FILE                 branch main
 *     <folder>/OWNER/REPO@REVISION/FILE        the revision with %2F for /
 *     <folder>/HOST/HASH/FILE                  an address; the hash is that of the address
 */
export class ModelStore {
  readonly folder: string;
  readonly #hub: HubSettings;
  readonly #tools: DownloadTools;
  readonly #pulls = new Map<string, Shared<PulledModel, PullProgress>>();

  constructor(options: ModelStoreOptions) {
    const clock = options.clock ?? systemClock;
    this.folder = options.folder;
    this.#hub = options.hub;
    this.#tools = {
      fetch: options.fetch ?? globalThis.fetch,
      clock,
      token: options.hub.token,
      tokenOrigin: new URL(options.hub.endpoint).origin,
      stallMs: options.stallMs ?? 30_000,
      random: options.random ?? Math.random,
      wait: options.wait ?? wait,
      freeBytes: options.freeBytes ?? freeBytes,
      attempts: options.attempts ?? 6,
    };
  }

  /** A model that is complete in this folder. Asks no server. Throws MODEL_REFERENCE_INVALID. */
  find(text: string): StoredModel | undefined {
    const reference = parseModelReference(text);
    const folder = this.#folderOf(reference);
    const first = reference.kind === 'url' ? reference.name : firstFile(reference, folder);
    if (first === undefined) return undefined;
    const files = partsOf(first).map((path) => join(folder, ...path.split('/')));
    return files.every((file) => existsSync(file)) ? stored(files) : undefined;
  }

  /**
   * The model of a reference, fetched if it is not there. Calls for one model share one fetch, which ends when all of
   * them have been withdrawn; other processes wait for it.
   * Throws MODEL_REFERENCE_INVALID, MODEL_PULL_….
   */
  async pull(text: string, options: PullOptions = {}): Promise<PulledModel> {
    const reference = parseModelReference(text);
    const present = this.find(text);
    if (present !== undefined) return { ...present, present: true, verified: true };
    const key = reference.kind === 'url' ? reference.url : text;
    let pull = this.#pulls.get(key);
    if (pull === undefined || pull.stopping) {
      pull = new Shared((signal, tell) => this.#pull(reference, signal, tell));
      this.#pulls.set(key, pull);
      void this.#forget(key, pull);
    }
    return pull.join(options.signal, options.onProgress, (latest) => {
      const received = formatBytes(latest?.receivedBytes ?? 0);
      return new GanglionError('MODEL_PULL_STOPPED', { reference: reference.text, received });
    });
  }

  async #forget(key: string, pull: Shared<PulledModel, PullProgress>): Promise<void> {
    await pull.settled();
    if (this.#pulls.get(key) === pull) this.#pulls.delete(key);
  }

  async #pull(
    reference: ModelReference,
    signal: AbortSignal,
    onProgress: (progress: PullProgress) => void,
  ): Promise<PulledModel> {
    let received = 0;
    try {
      const downloads =
        reference.kind === 'hub'
          ? await this.#hubDownloads(reference, signal)
          : this.#urlDownloads(reference);
      for (const { file } of downloads) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const meter = new PullMeter(downloads.length, this.#tools.clock, (progress) => {
        received = progress.receivedBytes;
        onProgress(progress);
      });
      return await this.#fetchLocked(downloads, meter, signal);
    } catch (error) {
      if (isGanglionError(error) && !signal.aborted) throw error;
      if (signal.aborted)
        throw new GanglionError(
          'MODEL_PULL_STOPPED',
          { reference: reference.text, received: formatBytes(received) },
          { cause: error },
        );
      throw new GanglionError(
        'MODEL_PULL_FAILED',
        { reference: reference.text, reason: messageOf(error) },
        { cause: error },
      );
    }
  }

  /** Fetches all files while holding the lock of the first. */
  async #fetchLocked(
    downloads: readonly Download[],
    meter: PullMeter,
    signal: AbortSignal,
  ): Promise<PulledModel> {
    const files = downloads.map(({ file }) => file);
    const unlock = await this.#lock(downloads, meter, signal);
    try {
      const missing = downloads.filter(({ file }) => !existsSync(file));
      await this.#refuseFullDisk(missing);
      let verified = true;
      for (const what of downloads) {
        if (what.sizeBytes !== undefined) meter.total(what.file, what.sizeBytes);
        if (!missing.includes(what)) meter.received(what.file, sizeOf(what.file));
      }
      for (const what of missing) {
        const result = await download(what, this.#tools, signal, (bytes, total) => {
          if (total !== undefined) meter.total(what.file, total);
          meter.received(what.file, bytes);
        });
        verified &&= result.verified;
      }
      return { ...stored(files), present: missing.length === 0, verified };
    } finally {
      unlock();
    }
  }

  /** Waits while another process, or another name of the same model in this one, is at it, showing how far it is. */
  async #lock(downloads: readonly Download[], meter: PullMeter, signal: AbortSignal): Promise<() => void> {
    const first = downloads[0]!.file;
    for (;;) {
      signal.throwIfAborted();
      const unlock = tryLock(`${first}.lock`);
      if (unlock !== undefined) return unlock;
      for (const { file, sizeBytes } of downloads) {
        if (sizeBytes !== undefined) meter.total(file, sizeBytes);
        meter.received(file, existsSync(file) ? sizeOf(file) : sizeOf(partName(file)));
      }
      await this.#tools.wait(LOOK_MS, signal);
    }
  }

  /** All of a split model, before its first part is fetched. */
  async #refuseFullDisk(missing: readonly Download[]): Promise<void> {
    let needed = 0;
    for (const { file, sizeBytes = 0 } of missing) needed += Math.max(0, sizeBytes - sizeOf(partName(file)));
    const first = missing[0];
    if (first !== undefined && needed > 0)
      await refuseFullDisk(first.name, dirname(first.file), needed, this.#tools);
  }

  async #hubDownloads(reference: HubReference, signal: AbortSignal): Promise<readonly Download[]> {
    const { endpoint } = this.#hub;
    const files = await hubFiles(reference, endpoint, this.#tools, signal);
    const folder = this.#folderOf(reference);
    return files.map(({ path, sizeBytes, sha256 }) => ({
      name: files.length === 1 ? reference.text : `${reference.text} (${path})`,
      url: hubUrl(reference, path, endpoint),
      file: join(folder, ...path.split('/')),
      sizeBytes,
      ...(sha256 === undefined ? {} : { sha256 }),
    }));
  }

  #urlDownloads(reference: UrlReference): readonly Download[] {
    const { name, url, sha256, text } = reference;
    const folder = this.#folderOf(reference);
    const parts = partsOf(name);
    if (parts.length > 1 && sha256 !== undefined) {
      throw new GanglionError('MODEL_REFERENCE_INVALID', {
        reference: JSON.stringify(text),
        expected: 'an address without #sha256=, as one checksum cannot stand for several files,',
      });
    }
    return parts.map((part) => {
      const address = new URL(url);
      address.pathname = `${address.pathname.slice(0, address.pathname.lastIndexOf('/') + 1)}${encodeURIComponent(part)}`;
      return {
        name: parts.length === 1 ? text : `${text} (${part})`,
        url: address.href,
        file: join(folder, part),
        ...(sha256 === undefined ? {} : { sha256 }),
      };
    });
  }

  #folderOf(reference: ModelReference): string {
    if (reference.kind === 'hub') {
      const revision = reference.revision === 'main' ? '' : `@${encodeURIComponent(reference.revision)}`;
      return join(this.folder, ...`${reference.repository}${revision}`.split('/'));
    }
    const { host, pathname, search } = new URL(reference.url);
    const own = reference.name;
    // The parts of a split model have one folder.
    const path = isSplit(own)
      ? pathname.slice(0, pathname.lastIndexOf('/') + 1) + partsOf(own)[0]!
      : pathname;
    const hash = createHash('sha256')
      .update(`${host}${path}${search}${reference.sha256 ?? ''}`)
      .digest('hex');
    return join(this.folder, host.replaceAll(/[^A-Za-z0-9.-]/g, '_'), hash.slice(0, 16));
  }
}

function firstFile({ wanted }: HubReference, folder: string): string | undefined {
  if ('file' in wanted) return wanted.file;
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return undefined;
  }
  const found = filesOfType(
    names.map((name) => name.replaceAll('\\', '/')),
    wanted.quantization,
  );
  return found.length === 1 ? found[0] : undefined;
}

function stored(files: readonly string[]): StoredModel {
  return { file: files[0]!, files, sizeBytes: files.reduce((sum, file) => sum + sizeOf(file), 0) };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Not the clock's timer: that one lets a process end whose only work is to wait for the next try. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}
