import { spec } from './spec.ts';

export const CONFIG_ERRORS = {
  CONFIG_UNREADABLE: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected to read ${f.file} but ${f.reason}.`,
    'Check the path and its permissions. Where there is no configuration yet, `ganglion init` writes one.',
  ),
  CONFIG_SYNTAX: spec(
    'caller',
    (f: { file: string; line: number; reason: string }) =>
      `Expected YAML in ${f.file} but line ${f.line} cannot be read: ${f.reason}.`,
    'Mend that line; indentation and unquoted colons are the usual causes.',
  ),
  CONFIG_INVALID: spec(
    'caller',
    (f: { file: string; problems: readonly string[] }) =>
      `${f.file} has ${f.problems.length} problem${f.problems.length === 1 ? '' : 's'}:\n${f.problems.map((p) => `  - ${p}`).join('\n')}`,
    'Mend each line; `ganglion run --help` and docs/configuration.md list every key.',
  ),
  EXTENSION_INVALID: spec(
    'caller',
    (f: { module: string; reason: string }) =>
      `Expected an extension as default export of ${f.module} but ${f.reason}.`,
    'See examples/ for one extension of each kind.',
  ),
  USAGE: spec('caller', (f: { message: string }) => f.message, 'Run the command with --help.'),
  DAEMON_UNREACHABLE: spec(
    'environment',
    (f: { url: string; reason: string }) => `Expected a running daemon at ${f.url} but ${f.reason}.`,
    'Start it with `ganglion run`, or name its configuration with --config.',
  ),
  PORT_IN_USE: spec(
    'environment',
    (f: { what: string; address: string }) =>
      `Expected to listen on ${f.address} for ${f.what} but another program already does.`,
    'Stop that program or choose another port in the configuration.',
  ),
  NOT_STARTED: spec(
    'caller',
    (_f: object) => 'Expected a started runtime but `start` has not resolved yet.',
    'Await `runtime.start()` first.',
  ),
} as const;
