import { spec } from './spec.ts';

export const CLI_ERRORS = {
  DAEMON_ANSWERED: spec(
    'caller',
    (f: { status: number; code: string; message: string; remedy: string }) => f.message,
    'Do what the answer of the daemon says.',
  ),
  FILE_EXISTS: spec(
    'caller',
    (f: { file: string }) => `Expected to write ${f.file} but it is there already.`,
    'Give --force to overwrite it, or choose another name.',
  ),
} as const;
