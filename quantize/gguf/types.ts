/** Tensor types of ggml: name → [number, elements per block, bytes per block]. Source: ggml.h and ggml-common.h. */
const TENSOR_TYPES = {
  F32: [0, 1, 4],
  F16: [1, 1, 2],
  Q4_0: [2, 32, 18],
  Q4_1: [3, 32, 20],
  Q5_0: [6, 32, 22],
  Q5_1: [7, 32, 24],
  Q8_0: [8, 32, 34],
  Q8_1: [9, 32, 36],
  Q2_K: [10, 256, 84],
  Q3_K: [11, 256, 110],
  Q4_K: [12, 256, 144],
  Q5_K: [13, 256, 176],
  Q6_K: [14, 256, 210],
  Q8_K: [15, 256, 292],
  IQ2_XXS: [16, 256, 66],
  IQ2_XS: [17, 256, 74],
  IQ3_XXS: [18, 256, 98],
  IQ1_S: [19, 256, 50],
  IQ4_NL: [20, 32, 18],
  IQ3_S: [21, 256, 110],
  IQ2_S: [22, 256, 82],
  IQ4_XS: [23, 256, 136],
  I8: [24, 1, 1],
  I16: [25, 1, 2],
  I32: [26, 1, 4],
  I64: [27, 1, 8],
  F64: [28, 1, 8],
  IQ1_M: [29, 256, 56],
  BF16: [30, 1, 2],
  TQ1_0: [34, 256, 54],
  TQ2_0: [35, 256, 66],
  MXFP4: [39, 32, 17],
  NVFP4: [40, 64, 36],
  Q1_0: [41, 128, 18],
  Q2_0: [42, 64, 18],
} as const satisfies Record<string, readonly [number, number, number]>;

export type GgmlType = keyof typeof TENSOR_TYPES;

const BY_NUMBER = new Map(
  Object.entries(TENSOR_TYPES).map(([name, [number]]) => [number as number, name as GgmlType]),
);

export function ggmlTypeOf(number: number): GgmlType | undefined {
  return BY_NUMBER.get(number);
}

export function ggmlTypeNumber(type: GgmlType): number {
  return TENSOR_TYPES[type][0];
}

/** Elements per block: a row's length must be a multiple of it. */
export function blockElements(type: GgmlType): number {
  return TENSOR_TYPES[type][1];
}

/** Bytes of a tensor of `elements` elements, which must be whole blocks. */
export function tensorBytes(type: GgmlType, elements: number): number {
  const [, perBlock, bytes] = TENSOR_TYPES[type];
  return (elements / perBlock) * bytes;
}

/** Value types of GGUF metadata, in the order of their numbers (8 is string, 9 array). */
export const GGUF_VALUE_TYPES = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'float32',
  'bool',
  'string',
  'array',
  'uint64',
  'int64',
  'float64',
] as const;

export type GgufScalarType = Exclude<(typeof GGUF_VALUE_TYPES)[number], 'array'>;
export type GgufScalar = number | bigint | boolean | string;

/** Least bytes one value takes in the file; a string is at least its length field. */
export const VALUE_BYTES: Readonly<Record<GgufScalarType, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  string: 8,
  uint64: 8,
  int64: 8,
  float64: 8,
};

/** A metadata array. `values` is undefined where the reader was told not to keep arrays of this length. */
export interface GgufArray {
  readonly type: 'array';
  readonly items: GgufScalarType;
  readonly length: number;
  readonly values: ArrayLike<GgufScalar> | undefined;
}

/** 64-bit integers are bigint, other numbers number. */
export type GgufValue = { readonly type: GgufScalarType; readonly value: GgufScalar } | GgufArray;

export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** Largest values the reader believes; real models stay far below. */
export const GGUF_LIMITS = {
  entries: 65_536,
  tensors: 1_048_576,
  keyBytes: 65_535,
  stringBytes: 16 << 20,
  arrayItems: 16 << 20,
  dimensions: 4,
  alignment: 1 << 20,
} as const;
