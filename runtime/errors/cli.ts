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
  FILE_UNWRITABLE: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected to write ${f.file} but ${f.reason}.`,
    'Check the folder, its permissions and the free space of the disk.',
  ),
  STOP_TOO_SLOW: spec(
    'bug',
    (f: { seconds: number }) => `Expected the daemon to stop within ${f.seconds} s but it did not.`,
    'It was ended; what was acknowledged is in the journal. Please report it with the last lines of the log.',
  ),
} as const;
