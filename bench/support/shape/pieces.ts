import type { Shape } from './shapes.ts';

const CONTRACTION = "'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])";
const REST = '\\s+(?!\\S)|\\s+';

/** The pieces merges stay within. Source: the regular expressions of llama.cpp's src/llama-vocab.cpp. */
const PIECES: Readonly<Record<Shape['pre'], RegExp>> = {
  qwen2: new RegExp(
    `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|${REST}`,
    'gu',
  ),
  'llama-bpe': new RegExp(
    `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|${REST}`,
    'gu',
  ),
  smollm: new RegExp(`\\p{N}|'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?[^\\s\\p{L}\\p{N}]+|${REST}`, 'gu'),
};

export function piecesOf(text: string, pre: Shape['pre']): readonly string[] {
  return text.match(PIECES[pre]) ?? [];
}
