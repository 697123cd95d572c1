import { messageOf } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'its permissions forbid reading it',
  EPERM: 'its permissions forbid reading it',
  EISDIR: 'it is a folder',
};

/** Why a file could not be read, as the end of a sentence. */
export function fileReason(error: unknown): string {
  return REASONS[(error as { code?: string }).code ?? ''] ?? messageOf(error);
}
