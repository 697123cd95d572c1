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
