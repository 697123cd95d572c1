import { fromHalf, toHalf } from '../gguf/encode.ts';

/** Weights that share one scale in ONNX Runtime's block-quantized operators, and in ggml's Q4_0 and Q8_0. */
export const BLOCK = 32;

/**
 * The operators MatMulNBits and GatherBlockQuantized read unsigned numbers: a weight is (stored − 2^(bits−1)) · scale.
 * Source: onnxruntime, docs/ContribOperators.md.
 */
export type BlockBits = 4 | 8;

/** (blocks × 32) weights → (blocks) scales. Both ways to call it see the same numbers, so scales and weights can be written apart. */
export function blockScales(values: Float32Array, bits: BlockBits): Float32Array {
  const scales = new Float32Array(values.length / BLOCK);
  for (let block = 0; block < scales.length; block++) scales[block] = scaleOf(values, block * BLOCK, bits);
  return scales;
}

/** (blocks × 32) weights → (blocks × 32 · bits / 8) bytes, two weights a byte at 4 bits, the first in the lower half. */
export function blockWeights(values: Float32Array, bits: BlockBits): Uint8Array {
  const bytes = new Uint8Array((values.length * bits) / 8);
  for (let from = 0; from < values.length; from += BLOCK) {
    const scale = scaleOf(values, from, bits);
    const inverse = scale === 0 ? 0 : 1 / scale;
    if (bits === 8) {
      for (let i = from; i < from + BLOCK; i++) bytes[i] = values[i]! * inverse + 128.5;
    } else {
      for (let i = from; i < from + BLOCK; i += 2) {
        bytes[i >> 1] = nibble(values[i]! * inverse) | (nibble(values[i + 1]! * inverse) << 4);
      }
    }
  }
  return bytes;
}

/** 0–15. Rounded by cutting off, which is faster than Math.round. */
function nibble(scaled: number): number {
  const stored = (scaled + 8.5) | 0;
  return stored > 15 ? 15 : stored < 0 ? 0 : stored;
}

/**
 * 8 bits: the largest weight is 127, so that what comes from Q8_0 comes out as it went in. 4 bits: the weight of the
 * largest magnitude is −8, which uses all sixteen values; the scale is then the one with the least squared error for the
 * numbers chosen. Source: quantize_row_q4_0_ref and make_qx_quants of ggml-quants.c.
 */
function scaleOf(values: Float32Array, from: number, bits: BlockBits): number {
  let largest = 0;
  for (let i = from; i < from + BLOCK; i++) {
    if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!;
  }
  if (bits === 8) return Math.fround(Math.abs(largest) / 127);
  const first = largest / -8;
  if (first === 0) return 0;
  const inverse = 1 / first;
  let product = 0;
  let square = 0;
  for (let i = from; i < from + BLOCK; i++) {
    const q = nibble(values[i]! * inverse) - 8;
    product += q * values[i]!;
    square += q * q;
  }
  return Math.fround(product / square);
}

/** ggml's Q8_0 blocks as numbers: a half-precision scale and 32 signed bytes each. */
export function decodeQ8(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array((bytes.length / 34) * BLOCK);
  for (let block = 0, at = 0; at < bytes.length; block++, at += 34) {
    const scale = fromHalf(view.getUint16(at, true));
    for (let i = 0; i < BLOCK; i++) values[block * BLOCK + i] = scale * view.getInt8(at + 2 + i);
  }
  return values;
}

let halves: Float32Array | undefined;

export function decodeF16(bytes: Uint8Array): Float32Array {
  // All 65 536 of them: a look-up is ten times as fast as working them out.
  halves ??= Float32Array.from({ length: 65_536 }, (_, half) => fromHalf(half));
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = halves[words[i]!]!;
  return values;
}

export function decodeBF16(bytes: Uint8Array): Float32Array {
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const bits = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
  return new Float32Array(bits.buffer);
}

export function halfBytes(values: Float32Array): Uint8Array {
  const words = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) words[i] = toHalf(values[i]!);
  return new Uint8Array(words.buffer);
}
