import { gunzipSync, inflateSync } from 'node:zlib';
import { decompress as unzstd } from '@cloudpss/zstd';

export type Compression = 'gzip' | 'zlib' | 'zstd';

/** Which compression the bytes begin like; undefined: none. */
export function compressionOf(bytes: Uint8Array): Compression | undefined {
  if (bytes.length < 6) return undefined;
  const [a, b, c, d] = bytes as unknown as [number, number, number, number];
  if (a === 0x1f && b === 0x8b && c === 8) return 'gzip';
  // RFC 1950: deflate with a 32 KiB window, header divisible by 31, no preset dictionary.
  if (a === 0x78 && ((a << 8) | b) % 31 === 0 && (b & 0x20) === 0) return 'zlib';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  return undefined;
}

export type Inflated =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** It would be larger than the limit. */
  | { readonly kind: 'too large' }
  | { readonly kind: 'broken'; readonly reason: string };

/** Undoes one compression. Never allocates more than about `maxBytes`, whatever the data says of itself. */
export function inflate(format: Compression, bytes: Uint8Array, maxBytes: number): Inflated {
  try {
    if (format === 'zstd') return inflateZstd(bytes, maxBytes);
    const inflated = (format === 'gzip' ? gunzipSync : inflateSync)(bytes, { maxOutputLength: maxBytes });
    return { kind: 'bytes', bytes: inflated };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'too large' };
    return { kind: 'broken', reason: error instanceof Error ? error.message : String(error) };
  }
}

function inflateZstd(bytes: Uint8Array, maxBytes: number): Inflated {
  const bound = zstdBound(bytes);
  if (typeof bound === 'string') return { kind: 'broken', reason: bound };
  // Without a content size only the number of blocks bounds the output; give them half a block of benefit.
  if (bound > maxBytes + MAX_BLOCK / 2) return { kind: 'too large' };
  const inflated = unzstd(bytes);
  return inflated.length > maxBytes ? { kind: 'too large' } : { kind: 'bytes', bytes: inflated };
}

const MAX_BLOCK = 128 * 1024;
const MAX_WINDOW = 8 * 1024 * 1024;

/**
 * The most that a zstd frame (RFC 8878 §3.1.1) can become, found by walking its blocks without decoding them: what the
 * header says of the content's size, or the sum over the blocks where it says nothing or less than the truth. A reason
 * in words if this is not one whole frame.
 */
function zstdBound(bytes: Uint8Array): number | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const descriptor = bytes[4]!;
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  let at = 5;
  if (!single) {
    const window = bytes[at++]!;
    const base = 2 ** (10 + (window >> 3));
    if (base + (base / 8) * (window & 7) > MAX_WINDOW) return 'its window is larger than 8 MiB';
  }
  at += [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  if (at + sizeBytes > bytes.length) return 'it ends in its header';
  let declared = Infinity;
  if (sizeBytes === 1) declared = bytes[at]!;
  else if (sizeBytes === 2) declared = view.getUint16(at, true) + 256;
  else if (sizeBytes === 4) declared = view.getUint32(at, true);
  else if (sizeBytes === 8) declared = Number(view.getBigUint64(at, true));
  at += sizeBytes;
  let blocks = 0;
  for (let last = false; !last;) {
    if (at + 3 > bytes.length) return 'it ends in the middle';
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    at += 3;
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > MAX_BLOCK) return 'it has an invalid block';
    blocks += type === 2 ? MAX_BLOCK : size;
    at += type === 1 ? 1 : size;
    if (at > bytes.length) return 'it ends in the middle';
  }
  if ((descriptor & 4) !== 0) at += 4;
  if (at > bytes.length) return 'it ends in the middle';
  if (at < bytes.length) return 'more follows after its frame';
  // A size that is too great would be allocated before decoding fails; one that is too small fails while decoding.
  return declared === Infinity ? blocks : declared;
}
