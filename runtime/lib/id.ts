import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Characters of an id. */
export const ID_LENGTH = 20;

/** The id made last: within one millisecond, too, ids sort in the order they were made. */
let last = '';

/**
 * A 20-character id that sorts by time: 9 characters of wall clock milliseconds, 11 random ones (55 bits).
 * Crockford's base 32, as in the ULID specification, lower case, and monotonic as there: the second id of a millisecond
 * is the first plus one where chance would put it before.
 */
export function newId(wallMs: number, random: (size: number) => Uint8Array = randomBytes): string {
  let time = '';
  let rest = Math.floor(wallMs);
  for (let i = 0; i < 9; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  for (const byte of random(11)) tail += ALPHABET[byte & 31];
  const id = time + tail;
  last = id > last || !last.startsWith(time) ? id : successor(last);
  return last;
}

function successor(id: string): string {
  const digit = ALPHABET.indexOf(id.at(-1) ?? '0') + 1;
  return digit < ALPHABET.length ? id.slice(0, -1) + ALPHABET[digit] : `${successor(id.slice(0, -1))}0`;
}

/** When an id was made, wall clock ms; undefined for what is no id of ours. */
export function idTime(id: string): number | undefined {
  let ms = 0;
  for (const letter of id.slice(0, 9)) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) return undefined;
    ms = ms * 32 + digit;
  }
  return id.length < 9 ? undefined : ms;
}
