import type { ClassifyRequest } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';
import { decodeImage } from './decode.ts';
import { readPreprocessing, type Preprocessing, type Size } from './preprocessing.ts';
import { readSidecar } from './sidecar.ts';

/** Where the channels are: (1, channels, height, width) or (1, height, width, channels). */
export type Layout = 'nchw' | 'nhwc';

export interface ImageInput extends Size {
  readonly layout: Layout;
  readonly channels: 1 | 3;
}

/** A side of an input: pixels, or a name or nothing where it is free. */
export type Side = number | string | null | undefined;

export interface ImageModel {
  /** Named in errors. */
  readonly file: string;
  /** Where its preprocessor_config.json and config.json may lie. */
  readonly folder: string;
  /** The four sides of its input. */
  readonly shape: readonly Side[];
  /** What pixels are multiplied by where no file says it. */
  readonly plainScale: number;
}

/** Brings pixels and image files into the form a model of images wants. */
export class ImageReader {
  readonly input: ImageInput;
  readonly preprocessing: Preprocessing;
  readonly #file: string;

  constructor(file: string, input: ImageInput, preprocessing: Preprocessing) {
    this.#file = file;
    this.input = input;
    this.preprocessing = preprocessing;
  }

  /** (1, …) in the order of the input's layout. */
  get shape(): readonly [number, number, number, number] {
    const { layout, channels, height, width } = this.input;
    return layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
  }

  /** Scaled and normalised values in the order of `shape`. Throws MODEL_QUESTION_INVALID. */
  async read(request: ClassifyRequest): Promise<Float32Array> {
    const { width, height, channels } = this.input;
    const pixels = request.image === undefined ? request.features : await this.#decode(request.image);
    if (pixels.length !== width * height * channels) {
      throw new GanglionError('MODEL_QUESTION_INVALID', {
        file: this.#file,
        expected: `an image file or ${height} × ${width} × ${channels} = ${width * height * channels} pixel values`,
        received: `${pixels.length} features`,
      });
    }
    return arranged(pixels, this.input, this.preprocessing);
  }

  async #decode(image: Uint8Array): Promise<Uint8Array> {
    const { width, height, channels } = this.input;
    const { kernel, shortestEdge } = this.preprocessing;
    return decodeImage(image, {
      width,
      height,
      channels,
      kernel,
      file: this.#file,
      ...(shortestEdge === undefined ? {} : { shortestEdge }),
    });
  }
}

/**
 * The reader for a model whose input has four sides. Sides that are free are looked up in preprocessor_config.json.
 * Throws MODEL_UNSUPPORTED for an input that is no image of one or three channels, MODEL_FILE_INVALID.
 */
export function imageReader(model: ImageModel): ImageReader {
  const { file, folder, shape, plainScale } = model;
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  const [rows] = shape;
  if (typeof rows === 'number' && rows > 1) throw unsupported(`it takes ${rows} images at once and not one`);
  const { layout, channels } = channelsOf(folder, shape) ?? {};
  if (layout === undefined || channels === undefined) {
    throw unsupported(
      `its input [${shape.map((side) => side ?? '?').join(', ')}] is no image of one or three channels`,
    );
  }
  const preprocessing = readPreprocessing(folder, channels, plainScale);
  const [vertical, horizontal] = layout === 'nchw' ? [shape[2], shape[3]] : [shape[1], shape[2]];
  const height = typeof vertical === 'number' ? vertical : preprocessing.size?.height;
  const width = typeof horizontal === 'number' ? horizontal : preprocessing.size?.width;
  if (height === undefined || width === undefined)
    throw unsupported('neither it nor a preprocessor_config.json beside it says how large its images are');
  return new ImageReader(file, { layout, channels, height, width }, preprocessing);
}

/** Whether four sides are those of an image of one or three channels, and not of a spectrogram or the like. */
export function isImageShape(folder: string, shape: readonly Side[]): boolean {
  return shape.length === 4 && channelsOf(folder, shape) !== undefined;
}

/** Channels come first or last; where no side tells them, the model's config.json may, and such exports have them first. */
function channelsOf(
  folder: string,
  [, first, , last]: readonly Side[],
): { readonly layout: Layout; readonly channels: 1 | 3 } | undefined {
  if (first === 3 || (first === 1 && last !== 1 && last !== 3)) return { layout: 'nchw', channels: first };
  if (last === 3 || last === 1) return { layout: 'nhwc', channels: last };
  if (typeof first === 'number' || typeof last === 'number') return undefined;
  if (readSidecar(folder, 'preprocessor_config.json') === undefined) return undefined;
  const said = readSidecar(folder, 'config.json')?.data['num_channels'] ?? 3;
  return said === 1 || said === 3 ? { layout: 'nchw', channels: said } : undefined;
}

/** Pixels (height × width × channels), 0–255 → (pixel · scale − mean) / deviation in the model's order. */
export function arranged(
  pixels: ArrayLike<number>,
  { layout, channels }: Pick<ImageInput, 'layout' | 'channels'>,
  { scale, mean, std }: Pick<Preprocessing, 'scale' | 'mean' | 'std'>,
): Float32Array {
  const values = new Float32Array(pixels.length);
  const area = pixels.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const factor = scale / std[channel]!;
    const offset = mean[channel]! / std[channel]!;
    const step = layout === 'nchw' ? 1 : channels;
    let at = layout === 'nchw' ? channel * area : channel;
    for (let from = channel; from < pixels.length; from += channels, at += step)
      values[at] = pixels[from]! * factor - offset;
  }
  return values;
}
