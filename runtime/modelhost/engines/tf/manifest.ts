import type { GanglionError } from '../../../errors.ts';

/** One tensor in the shards. */
export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string' | 'complex64';
  readonly quantization?: {
    readonly dtype: 'float16' | 'uint8' | 'uint16';
    readonly [field: string]: unknown;
  };
}

/** Tensors one after the other in shards one after the other. */
export interface WeightGroup {
  /** Files beside model.json, in order. */
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
  /** What the weights take in the shards; undefined where texts are among them, whose length only the shards tell. */
  readonly bytes: number | undefined;
}

const LOADED_BYTES = { float32: 4, int32: 4, bool: 1, string: 0, complex64: 8 } as const;
const STORED_BYTES = { float16: 2, uint8: 1, uint16: 2 } as const;

const MAX_RANK = 6;

/** @param invalid MODEL_FILE_INVALID about the file the manifest is in. Throws it. */
export function checkManifest(
  manifest: unknown,
  invalid: (expected: string, received: string) => GanglionError,
): readonly WeightGroup[] {
  if (!Array.isArray(manifest)) throw invalid('a weightsManifest', 'none');
  return manifest.map((group: unknown): WeightGroup => {
    const { paths, weights } = (group ?? {}) as { readonly paths?: unknown; readonly weights?: unknown };
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string' && path !== ''))
      throw invalid('a list of file names for weightsManifest.paths', JSON.stringify(paths) ?? 'none');
    if (!Array.isArray(weights)) throw invalid('a list for weightsManifest.weights', 'none');
    const entries = weights.map((weight: unknown) => checkEntry(weight, invalid));
    return { paths, weights: entries, bytes: storedBytes(entries) };
  });
}

function checkEntry(
  value: unknown,
  invalid: (expected: string, received: string) => GanglionError,
): WeightEntry {
  const { name, shape, dtype, quantization } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const what = typeof name === 'string' ? `the weight ${name.slice(0, 80)}` : 'a weight without a name';
  const isSide = (side: unknown): boolean => Number.isSafeInteger(side) && (side as number) >= 0;
  if (typeof name !== 'string') throw invalid('a name for every weight', 'none');
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isSide))
    throw invalid(`a shape for ${what}`, JSON.stringify(shape) ?? 'none');
  if (typeof dtype !== 'string' || !Object.hasOwn(LOADED_BYTES, dtype))
    throw invalid(`a type TensorFlow.js knows for ${what}`, JSON.stringify(dtype) ?? 'none');
  if (quantization !== undefined) {
    const stored = isRecord(quantization) ? quantization['dtype'] : undefined;
    if (typeof stored !== 'string' || !Object.hasOwn(STORED_BYTES, stored))
      throw invalid(
        `float16, uint8 or uint16 as the quantization of ${what}`,
        JSON.stringify(stored) ?? 'none',
      );
  }
  return value as WeightEntry;
}

/** Numbers in a tensor; a scalar is one. */
export function elements({ shape }: WeightEntry): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Bytes the tensor takes once it is loaded: half-precision and 8-bit weights become float32. */
export function loadedBytes(entry: WeightEntry): number {
  return elements(entry) * LOADED_BYTES[entry.dtype];
}

function storedBytes(entries: readonly WeightEntry[]): number | undefined {
  if (entries.some(({ dtype }) => dtype === 'string')) return undefined;
  return entries.reduce((sum, entry) => {
    const { quantization, dtype } = entry;
    return (
      sum +
      elements(entry) * (quantization === undefined ? LOADED_BYTES[dtype] : STORED_BYTES[quantization.dtype])
    );
  }, 0);
}

/** How the weights are stored: `float16`, `float32 and uint8`. */
export function storedTypes(groups: readonly WeightGroup[]): string {
  const types = groups.flatMap(({ weights }) =>
    weights.map(({ dtype, quantization }) => quantization?.dtype ?? dtype),
  );
  return [...new Set(types)].toSorted().join(' and ');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
