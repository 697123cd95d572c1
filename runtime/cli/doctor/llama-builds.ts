import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const GPU_KINDS = ['cuda', 'vulkan', 'metal'] as const;
export type GpuKind = (typeof GPU_KINDS)[number];

export interface LlamaBuilds {
  /** node-llama-cpp's name of this system: `linux-arm64`. */
  readonly system: string;
  /** The GPU builds its authors publish for this system. */
  readonly published: readonly GpuKind[];
  /** Those of them that lie in node_modules. */
  readonly installed: readonly GpuKind[];
  /** The folder that holds node_modules: where commands of its packages work. */
  readonly folder: string;
}

const SYSTEMS: Readonly<Record<string, string>> = { darwin: 'mac', win32: 'win' };
const ARCHITECTURES: Readonly<Record<string, string>> = { arm: 'armv7l' };

/**
 * Which builds of llama.cpp there are for this system, by the optional packages node-llama-cpp names: nothing is loaded.
 * Undefined if it is not installed.
 */
export function llamaBuilds(
  from: string = import.meta.url,
  running: Pick<NodeJS.Process, 'platform' | 'arch'> = process,
): LlamaBuilds | undefined {
  const home = packageFolder(from, 'node-llama-cpp');
  if (home === undefined) return undefined;
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  };
  const { platform, arch } = running;
  const system = `${SYSTEMS[platform] ?? platform}-${ARCHITECTURES[arch] ?? arch}`;
  const packageOf = (kind: GpuKind): string => `@node-llama-cpp/${system}-${kind}`;
  const published = GPU_KINDS.filter((kind) => Object.hasOwn(optionalDependencies, packageOf(kind)));
  const places = [join(home, 'node_modules'), dirname(home)];
  const installed = published.filter((kind) =>
    places.some((place) => existsSync(join(place, packageOf(kind)))),
  );
  return { system, published, installed, folder: dirname(dirname(home)) };
}

/** Where a package is installed, as seen from a module. */
export function packageFolder(from: string, name: string): string | undefined {
  const places = createRequire(from).resolve.paths(name) ?? [];
  const place = places.find((folder) => existsSync(join(folder, name, 'package.json')));
  return place === undefined ? undefined : join(place, name);
}

/** Compiles llama.cpp for a GPU on this machine. Syntax: `node-llama-cpp source download --help` of 3.21. */
export function buildCommand(folder: string, kind: GpuKind): string {
  return `cd ${shellQuoted(folder)} && npx --no node-llama-cpp source download --gpu ${kind}`;
}

export function shellQuoted(path: string): string {
  return /^[\w./@-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
