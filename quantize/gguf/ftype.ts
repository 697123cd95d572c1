/** llama.cpp's file types by name (`enum llama_ftype` of llama.h): those that need no importance matrix. */
export const QUANTIZATIONS = {
  F32: 0,
  F16: 1,
  BF16: 32,
  Q8_0: 7,
  Q6_K: 18,
  Q5_K_M: 17,
  Q5_K_S: 16,
  Q5_1: 9,
  Q5_0: 8,
  Q4_K_M: 15,
  Q4_K_S: 14,
  IQ4_NL: 25,
  IQ4_XS: 30,
  Q4_1: 3,
  Q4_0: 2,
  Q3_K_L: 13,
  Q3_K_M: 12,
  Q3_K_S: 11,
  Q2_K: 10,
} as const;

export type Quantization = keyof typeof QUANTIZATIONS;

export function isQuantization(name: string): name is Quantization {
  return Object.hasOwn(QUANTIZATIONS, name);
}

/** Files made elsewhere may have types we do not make. */
const OTHERS: Readonly<Record<number, string>> = {
  19: 'IQ2_XXS',
  20: 'IQ2_XS',
  21: 'Q2_K_S',
  22: 'IQ3_XS',
  23: 'IQ3_XXS',
  24: 'IQ1_S',
  26: 'IQ3_S',
  27: 'IQ3_M',
  28: 'IQ2_S',
  29: 'IQ2_M',
  31: 'IQ1_M',
  36: 'TQ1_0',
  37: 'TQ2_0',
  38: 'MXFP4_MOE',
  39: 'NVFP4',
  40: 'Q1_0',
  41: 'Q2_0',
};

/** The name of a file type's number, undefined if there is none. */
export function ftypeName(number: number | undefined): string | undefined {
  if (number === undefined) return undefined;
  return Object.entries(QUANTIZATIONS).find(([, value]) => value === number)?.[0] ?? OTHERS[number];
}
