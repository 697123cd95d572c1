/** Writes the half-precision bits of `values` at `offset`, little-endian, rounding to nearest even. Returns the end. */
export function encodeF16(values: Float32Array, target: DataView, offset: number): number {
  for (const value of values) {
    target.setUint16(offset, toHalf(value), true);
    offset += 2;
  }
  return offset;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE 754 binary16 bits of a number, rounded to nearest even; too large becomes infinity, NaN stays NaN. */
export function toHalf(value: number): number {
  float[0] = value;
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  if (magnitude < 0x3880_0000) {
    // Subnormal halves are multiples of 2^-24; scaling is exact, rounding is ours.
    return sign | roundEven(Math.abs(float[0]) * 0x100_0000);
  }
  // The carry of rounding runs into the exponent, which is what is wanted.
  const kept = (magnitude - 0x3800_0000) >>> 13;
  const rest = magnitude & 0x1fff;
  const up = rest > 0x1000 || (rest === 0x1000 && (kept & 1) === 1) ? 1 : 0;
  return sign | (kept + up);
}

/** The number half-precision bits stand for. */
export function fromHalf(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** (32) weights a block: a half-precision scale, then 32 signed bytes. Source: quantize_row_q8_0_ref of ggml-quants.c. */
export function encodeQ8(values: Float32Array, target: DataView, offset: number): number {
  for (let block = 0; block < values.length; block += 32) {
    let largest = 0;
    for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[block + i]!));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    target.setUint16(offset, toHalf(scale), true);
    offset += 2;
    for (let i = 0; i < 32; i++) {
      const scaled = Math.fround(values[block + i]! * inverse);
      // C's roundf: halves away from zero.
      target.setInt8(offset++, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
    }
  }
  return offset;
}

export function encodeF32(values: Float32Array, target: DataView, offset: number): number {
  for (const value of values) {
    target.setFloat32(offset, value, true);
    offset += 4;
  }
  return offset;
}
