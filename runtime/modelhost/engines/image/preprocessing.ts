import { readSidecar } from './sidecar.ts';

/** How a model wants its pixels, by the preprocessor_config.json of Hugging Face; plain 0–1 where there is none. */
export interface Preprocessing {
  /** What a pixel's 0–255 is multiplied by before mean and deviation. */
  readonly scale: number;
  /** (channels) Subtracted after scaling. */
  readonly mean: readonly number[];
  /** (channels) Divided by after that. */
  readonly std: readonly number[];
  /** Width and height the model was trained at, where it says so. */
  readonly size?: Size;
  /** An image's shorter side is brought to this many pixels and its middle is cut out; absent: it is stretched. */
  readonly shortestEdge?: number;
  readonly kernel: Kernel;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Kernel = 'nearest' | 'lanczos3' | 'linear' | 'cubic';

/** The numbers of Pillow's resampling filters, which `resample` holds. */
const KERNELS: readonly Kernel[] = ['nearest', 'lanczos3', 'linear', 'cubic'];

/** Sides beyond this are a mistake in the file. */
const MAX_SIDE = 8192;

/**
 * @param folder where the model lies
 * @param channels 1 or 3; a grey model takes the first of three means
 * @param plainScale what pixels are multiplied by where nothing is said: 1/255, or 1 for models that scale themselves
 * Throws MODEL_FILE_INVALID.
 */
export function readPreprocessing(folder: string, channels: number, plainScale: number): Preprocessing {
  const sidecar = readSidecar(folder, 'preprocessor_config.json');
  const plain: Preprocessing = {
    scale: plainScale,
    mean: Array.from({ length: channels }, () => 0),
    std: Array.from({ length: channels }, () => 1),
    kernel: 'linear',
  };
  if (sidecar === undefined) return plain;
  const { data } = sidecar;
  const perChannel = (name: string, otherwise: readonly number[]): readonly number[] => {
    const given = data[name];
    if (given === undefined || given === null || data['do_normalize'] === false) return otherwise;
    const values = Array.isArray(given) ? given.slice(0, channels) : [];
    const usable = (value: unknown): value is number =>
      typeof value === 'number' && Number.isFinite(value) && (name !== 'image_std' || value > 0);
    if (values.length !== channels || !values.every(usable))
      throw sidecar.invalid(`${channels} numbers for ${name}`, given);
    return values;
  };
  const factor = data['rescale_factor'] ?? 1 / 255;
  if (typeof factor !== 'number' || !Number.isFinite(factor) || factor === 0)
    throw sidecar.invalid('a number for rescale_factor', factor);
  const sides = sizeOf(data['size']);
  const cropped = data['do_center_crop'] === true ? sizeOf(data['crop_size']) : undefined;
  const size = cropped?.size ?? sides?.size;
  const shortestEdge = sides?.shortestEdge ?? (cropped === undefined ? undefined : edgeOf(sides?.size));
  return {
    scale: data['do_rescale'] === false ? 1 : factor,
    mean: perChannel('image_mean', plain.mean),
    std: perChannel('image_std', plain.std),
    kernel: KERNELS[typeof data['resample'] === 'number' ? data['resample'] : 2] ?? 'linear',
    ...(size === undefined ? {} : { size }),
    ...(shortestEdge === undefined ? {} : { shortestEdge }),
  };
}

/** The forms `size` has had over the years: one side, both, or the shorter one. A shorter side alone means a square. */
function sizeOf(value: unknown): { readonly size: Size; readonly shortestEdge?: number } | undefined {
  if (isSide(value)) return { size: { width: value, height: value } };
  if (typeof value !== 'object' || value === null) return undefined;
  const { width, height, shortest_edge: edge } = value as Readonly<Record<string, unknown>>;
  if (isSide(width) && isSide(height)) return { size: { width, height } };
  return isSide(edge) ? { size: { width: edge, height: edge }, shortestEdge: edge } : undefined;
}

function edgeOf(size: Size | undefined): number | undefined {
  return size === undefined ? undefined : Math.min(size.width, size.height);
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_SIDE;
}
