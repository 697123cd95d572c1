import { tokenize } from './linker-tokenize.ts';

const NUMBERS: ReadonlyMap<string, string> = new Map(
  'zero one two three four five six seven eight nine ten eleven twelve'
    .split(' ')
    .map((word, value) => [word, String(value)]),
);
const ORDINALS: ReadonlyMap<string, readonly string[]> = new Map([
  ['first', ['1', 'st']],
  ['second', ['2', 'nd']],
  ['third', ['3', 'rd']],
  ['fourth', ['4', 'th']],
  ['fifth', ['5', 'th']],
]);
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+/gu;

/** `2` for `two`, up to twelve. */
export function digitsOf(word: string): string | undefined {
  return NUMBERS.get(word);
}

/**
 * The words of a name or sentence to compare: singular, numbers as digits, ordinals as `1 st`. Writing without spaces is cut
 * into pairs of neighbouring characters, so that a name is found in the middle of a sentence: `打开客厅灯` holds `客厅`.
 */
export function wordsOf(text: string): string[] {
  return tokenize(text.slice(0, 1000)).flatMap(({ text: word, stem }) => {
    const number = digitsOf(word);
    if (number !== undefined) return [number];
    const ordinal = ORDINALS.get(word);
    if (ordinal !== undefined) return ordinal;
    return word.search(CJK) >= 0 ? pairs(word) : [stem];
  });
}

function pairs(word: string): string[] {
  const out: string[] = [];
  let from = 0;
  for (const match of word.matchAll(CJK)) {
    if (match.index > from) out.push(word.slice(from, match.index));
    const characters = [...match[0]];
    if (characters.length === 1) out.push(...characters);
    for (let i = 1; i < characters.length; i++) out.push(characters[i - 1]! + characters[i]!);
    from = match.index + match[0].length;
  }
  if (from < word.length) out.push(word.slice(from));
  return out;
}
