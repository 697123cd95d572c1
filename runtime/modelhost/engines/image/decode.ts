import { GanglionError, messageOf } from '../../../errors.ts';
import type { Kernel, Size } from './preprocessing.ts';

export interface DecodeOptions extends Size {
  /** 3: red, green, blue. 1: grey. */
  readonly channels: 1 | 3;
  readonly kernel?: Kernel;
  /** The shorter side becomes this long and the middle is cut out; absent: stretched to the size. Pixels. */
  readonly shortestEdge?: number;
  /** The model the image is for, named in errors. */
  readonly file: string;
}

/** A camera's largest still; a compressed bomb would be more. */
const MAX_PIXELS = 64_000_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The pixels of a JPEG, PNG or WebP image: (height × width × channels) row by row, 0–255, turned as its camera was held,
 * transparency over black. Throws MODEL_QUESTION_INVALID.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<Uint8Array> {
  const { width, height, channels, shortestEdge, kernel = 'linear', file } = options;
  const refused = (received: string, cause?: unknown): GanglionError =>
    new GanglionError(
      'MODEL_QUESTION_INVALID',
      { file, expected: 'a JPEG, PNG or WebP image', received },
      { cause },
    );
  // Other formats of the library are not let near it: what a camera's topic carries may come from anybody.
  if (!isKnownImage(bytes)) throw refused(`${bytes.length} bytes that begin otherwise`);
  if (bytes.length > MAX_BYTES) throw refused(`${bytes.length} bytes, more than ${MAX_BYTES}`);
  const { default: sharp } = await import('sharp');
  // One image at a time: what it keeps for the next costs more memory than it saves time.
  sharp.cache(false);
  sharp.concurrency(1);
  const crop = shortestEdge !== undefined && shortestEdge >= Math.max(width, height);
  try {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
      .autoOrient()
      .flatten({ background: '#000' });
    if (crop) {
      image.resize(shortestEdge, shortestEdge, { fit: 'cover', kernel }).extract({
        left: Math.floor((shortestEdge - width) / 2),
        top: Math.floor((shortestEdge - height) / 2),
        width,
        height,
      });
    } else {
      // A shorter side below the model's own cannot be met; cutting the middle out still keeps the proportions.
      image.resize(width, height, { fit: shortestEdge === undefined ? 'fill' : 'cover', kernel });
    }
    const { data } = await image
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (data.length !== width * height * channels)
      throw refused(`one that decodes to ${data.length} values and not ${width * height * channels}`);
    return data;
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw refused(`one that cannot be decoded: ${messageOf(error).split('\n')[0]!.slice(0, 200)}`, error);
  }
}

function isKnownImage(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  return (
    head.startsWith('\u00FF\u00D8\u00FF') ||
    head.startsWith('\u0089PNG\r\n\u001A\n') ||
    (head.startsWith('RIFF') && head.slice(8) === 'WEBP')
  );
}
