/** A word, number or sign of a request. */
export interface Token {
  /** Lower case, without accents; a number in plain digits. */
  readonly text: string;
  /** `text` as a singular noun; the same for anything that is no plural. */
  readonly stem: string;
  readonly number?: number;
  /** Whether a comma or semicolon stood before it. */
  readonly afterPause: boolean;
}

/** Longer requests are refused: nobody says so much in one breath. */
export const MAX_REQUEST_CHARS = 1000;

const PIECES =
  /(?<hex>#[0-9a-f]{6}\b)|(?<number>-?\d+(?:[.,]\d+)?)|(?<word>[\p{L}\p{M}_]+(?:['’][\p{L}]+)*)|(?<sign>[%°])|(?<pause>[,;])/gu;

/**
 * Splits a request into tokens: Unicode is normalised, accents go, apostrophes vanish (`what's` → `whats`).
 * Linear in the length of the text.
 */
export function tokenize(text: string): Token[] {
  const plain = text
    .slice(0, MAX_REQUEST_CHARS)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ß', 'ss');
  const tokens: Token[] = [];
  let afterPause = false;
  for (const match of plain.matchAll(PIECES)) {
    const groups = match.groups ?? {};
    if (groups['pause'] !== undefined) {
      afterPause = true;
      continue;
    }
    tokens.push(...tokensOf(groups, afterPause));
    afterPause = false;
  }
  return tokens;
}

function tokensOf(groups: Record<string, string | undefined>, afterPause: boolean): Token[] {
  const number = groups['number'];
  if (number !== undefined) {
    const value = Number(number.replace(',', '.'));
    if (!Number.isFinite(value)) return [{ text: number, stem: number, afterPause }];
    return [{ text: String(value), stem: String(value), number: value, afterPause }];
  }
  const sign = groups['sign'] ?? groups['hex'];
  if (sign !== undefined) return [{ text: sign, stem: sign, afterPause }];
  const words = (groups['word'] ?? '')
    // Without its apostrophe it would be another word.
    .replace(/^we['’]re$/u, 'we_are')
    .replaceAll(/['’]/g, '')
    .split('_')
    .filter((word) => word !== '');
  return words.map((word, index) => ({
    text: word,
    stem: singular(word),
    afterPause: afterPause && index === 0,
  }));
}

const IRREGULAR = new Map([
  ['shelves', 'shelf'],
  ['people', 'person'],
  ['children', 'child'],
  ['leds', 'led'],
]);
const NO_PLURALS = new Set([
  'gas',
  'glass',
  'always',
  'this',
  'is',
  'us',
  'was',
  'has',
  'does',
  'its',
  'bus',
  'bias',
  'christmas',
  'brightness',
  'status',
  'plus',
  'bass',
  'address',
  'less',
  'yes',
  'his',
]);

/** The singular of an English noun, by rule: `lights` → `light`, `switches` → `switch`, `batteries` → `battery`. */
export function singular(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length < 4 || !word.endsWith('s') || word.endsWith('ss') || NO_PLURALS.has(word)) return word;
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ch|sh|x|ss)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}
