import { messageOf } from '../../../errors.ts';

const MAX_LENGTH = 300;

/** The first line of an error of the library, as the end of a sentence: `… but llama.cpp says: failed to load`. */
export function librarySays(error: unknown): string {
  const line = messageOf(error).split('\n')[0]!.slice(0, MAX_LENGTH).trim().replace(/\.$/, '');
  return `llama.cpp says: ${line}`;
}
