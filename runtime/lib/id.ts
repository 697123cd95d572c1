import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Characters of an id. */
export const ID_LENGTH = 20;

/**
 * A 20-character id that sorts by time: 9 characters of wall clock milliseconds, 11 random ones (55 bits).
 * Crockford's base 32, as in the ULID specification, lower case.
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
  return time + tail;
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
