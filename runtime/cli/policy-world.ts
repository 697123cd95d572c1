import { readYaml, type Config } from '../config/load.ts';
import type { House } from '../contract/house.ts';
import { GanglionError, isGanglionError } from '../errors.ts';
import type { DevicesReply } from '../http/views.ts';
import { DaemonConnection } from './connection.ts';
import { houseOf } from './house.ts';
import type { CliIo } from './io.ts';
import { clean } from './text.ts';

export function missingFolder(): never {
  throw new GanglionError('USAGE', {
    message: 'Expected policy files, or `policies:` in ganglion.yaml, but received neither.',
  });
}

/** Throws CONFIG_UNREADABLE for the first path that cannot be read: it was named on purpose. */
export async function readFiles(
  paths: readonly string[],
): Promise<readonly { name: string; text: string }[]> {
  const { readPolicyFiles } = await import('../policy-files.ts');
  return paths.flatMap((path) =>
    readPolicyFiles(path, (error) => {
      throw error;
    }),
  );
}

/** The house file that was named, the running daemon, what a daemon knew last, or the configured house file. */
export async function findHouse(
  config: Config,
  given: string | undefined,
): Promise<{ readonly house: House; readonly from: string } | undefined> {
  if (given === undefined) {
    const daemon = new DaemonConnection(config);
    if (await daemon.running()) {
      return {
        house: houseOf(await daemon.get<DevicesReply>('/v1/devices')),
        from: `the daemon at ${daemon.url}`,
      };
    }
  }
  const past = given === undefined ? await houseOfPast(config) : undefined;
  if (past !== undefined) return { house: past, from: `what the daemon knew last, in ${config.data}` };
  const file = given ?? config.house;
  if (file === undefined) return undefined;
  const { houseFromFile } = await import('./house-file.ts');
  return { house: houseFromFile(file, readYaml(file)), from: file };
}

export async function toolsOf(config: Config, io: CliIo) {
  if (config.extensions.length === 0) return [];
  const { loadExtensions } = await import('../extensions.ts');
  const { tools } = await loadExtensions(config.extensions, (error) => io.err(`${clean(error.message)}\n`));
  return [...tools.values()].map(({ tool }) => tool);
}

/** A journal that is not there, or that cannot be read, is no reason not to look further. */
async function houseOfPast(config: Config): Promise<House | undefined> {
  const { existsSync } = await import('node:fs');
  if (!existsSync(config.data)) return undefined;
  const { openPast } = await import('../replay/folder.ts');
  try {
    const past = openPast(config);
    past.close();
    return past.house;
  } catch (error) {
    if (isGanglionError(error)) return undefined;
    throw error;
  }
}
