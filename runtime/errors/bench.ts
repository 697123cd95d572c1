import { spec } from './spec.ts';

export const BENCH_ERRORS = {
  BENCH_UNKNOWN: spec(
    'caller',
    (f: { name: string; known: string }) =>
      `Expected the name of a bench but received ${f.name} (${f.known}).`,
    'Name one of them, or `all`.',
  ),
  BENCH_OPTION: spec(
    'caller',
    (f: { option: string; expected: string; received: string }) =>
      `Expected ${f.expected} for ${f.option} but received ${f.received}.`,
    'Run `ganglion bench --help` to see the options of each bench.',
  ),
  BENCH_NEEDS: spec(
    'environment',
    (f: { what: string; reason: string }) => `Expected ${f.what} for this bench but ${f.reason}.`,
    'Install what is named (docs/benchmarks.md says how) and run the bench again.',
  ),
  BENCH_SYSTEM: spec(
    'environment',
    (f: { system: string; reason: string }) =>
      `Expected ${f.system} to run through its measurement but ${f.reason}.`,
    'Its last output is shown above; mend that and run the bench again.',
  ),
} as const;
