import { memoryNeed, type ModelShape } from '../model-shape.ts';
import type { HostProbe } from '../probe.ts';
import type { Profile } from '../profiles.ts';
import type { TuneSpec } from './measurement.ts';

/** In this order: each is searched with the best of those before it. */
export const COORDINATES = ['gpuLayers', 'threads', 'batchTokens', 'kvType', 'contextTokens'] as const;
export type Coordinate = (typeof COORDINATES)[number];

/** The values to try of each coordinate, the cheapest first: of two that are equally fast the earlier one is taken. */
export type TuneSpace = { readonly [C in Coordinate]: readonly TuneSpec[C][] };

export interface SpaceOptions {
  readonly probe: HostProbe;
  readonly profile: Profile;
  readonly shape: ModelShape;
  readonly layers: number;
  /** Tokens the model was trained on. */
  readonly trainedTokens?: number;
  /** What the configuration says already: it is not searched. */
  readonly fixed: Partial<TuneSpec>;
  readonly quick: boolean;
}

/** Contexts worth having, tokens. */
const CONTEXTS = [8192, 4096, 2048, 1024, 512] as const;

/** Where the search begins: what the profile of the board recommends, and the configuration where it says something. */
export function startOf(options: SpaceOptions): TuneSpec {
  const { profile, fixed } = options;
  const start = {
    threads: profile.modelThreads,
    batchTokens: profile.batchTokens,
    contextTokens: profile.contextTokens,
    kvType: profile.kvType,
    gpuLayers: Math.min(profile.gpuLayers, allLayers(options.layers)),
    device: 'auto' as const,
    ...fixed,
  };
  if (fixed.contextTokens !== undefined) return start;
  const fitting = CONTEXTS.find((tokens) => tokens <= profile.contextTokens && fits(options, start, tokens));
  return { ...start, contextTokens: fitting ?? CONTEXTS.at(-1)! };
}

function fits(
  { shape, profile, trainedTokens }: SpaceOptions,
  spec: TuneSpec,
  contextTokens: number,
): boolean {
  if (contextTokens > (trainedTokens ?? Infinity)) return false;
  return memoryNeed(shape, { ...spec, contextTokens }).totalBytes <= profile.modelBytes;
}

export function spaceOf(options: SpaceOptions): TuneSpace {
  const { probe, fixed, quick } = options;
  const start = startOf(options);
  const graphics = probe.accelerators.some(({ backend }) => backend !== undefined);
  const values = <C extends Coordinate>(name: C, all: readonly TuneSpec[C][]): readonly TuneSpec[C][] =>
    fixed[name] === undefined ? unique(all, start[name]) : [start[name]];
  return {
    gpuLayers: values('gpuLayers', graphics ? gpuLayers(options.layers, quick) : [start.gpuLayers]),
    threads: values('threads', threads(probe, quick)),
    batchTokens: values('batchTokens', quick ? [32, 128] : [32, 64, 128, 256, 512]),
    kvType: values('kvType', quick ? ['f16'] : ['f16', 'q8_0']),
    // The largest first: room for a larger house is worth more than the memory it takes, as long as there is any.
    contextTokens: values(
      'contextTokens',
      quick ? [] : CONTEXTS.filter((tokens) => fits(options, start, tokens)),
    ),
  };
}

/** The layers and, above them, what turns the last one into tokens. */
function allLayers(layers: number): number {
  return layers + 1;
}

/** None, half of them, all: between those, speed follows the share. */
function gpuLayers(layers: number, quick: boolean): number[] {
  return quick ? [0, allLayers(layers)] : [0, Math.ceil(layers / 2), allLayers(layers)];
}

/** Never all processors: the main loop needs one. Big cores alone are tried too, and whole cores alone. */
function threads({ cpu }: HostProbe, quick: boolean): number[] {
  const most = Math.max(1, cpu.cores - 1);
  const all = Array.from({ length: most }, (_, i) => i + 1);
  const marks = [cpu.clusters[0]?.cores ?? most, cpu.physicalCores, cpu.physicalCores - 1, most];
  if (quick) return [Math.ceil(most / 2), ...marks].filter((one) => all.includes(one));
  return all.filter((one) => one <= 4 || one % 4 === 0 || marks.includes(one));
}

/** With `start` in it, each once, in the order given; `start` last if it is new. */
function unique<T>(values: readonly T[], start: T): readonly T[] {
  return [...new Set([...values, start])];
}
