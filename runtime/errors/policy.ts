import { spec } from './spec.ts';

export const POLICY_ERRORS = {
  POLICY_INVALID: spec(
    'caller',
    (f: { problems: readonly string[] }) =>
      `Expected policies without problems but found ${f.problems.length}:\n${f.problems.map((p) => `  - ${p}`).join('\n')}`,
    'Mend each line; docs/rules.md describes every key, condition and call. The other policies work meanwhile.',
  ),
  POLICY_UNKNOWN: spec(
    'caller',
    (f: { id: string; hint: string }) =>
      `Expected a policy named ${f.id} but there is none${f.hint === '' ? '' : `; ${f.hint}`}.`,
    'List them with `ganglion policy list`.',
  ),
  POLICY_VERSION_UNKNOWN: spec(
    'caller',
    (f: { policy: string; version: number; kept: string }) =>
      `Expected a version ${f.version} of policy ${f.policy} but there is none; ${f.kept}.`,
    'List them with `ganglion policy versions ID`.',
  ),
  POLICY_UNWRITABLE: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected to write ${f.file} but ${f.reason}.`,
    'Nothing has changed. Mend what it says and try again; the policies that run go on.',
  ),
  POLICY_FILE_BROKEN: spec(
    'caller',
    (f: { file: string; reason: string }) =>
      `Expected ${f.file} to be readable but ${f.reason}; what it said before stays in force.`,
    'Mend the file; it is read again as soon as it is saved.',
  ),
  POLICY_TWICE: spec(
    'caller',
    (f: { id: string; files: readonly string[] }) =>
      `Expected policy ${f.id} in one file but it is in ${f.files.join(' and ')}; the first one counts.`,
    'Take it out of all files but one by hand, then try again.',
  ),
  POLICY_NO_PLACE: spec(
    'caller',
    (_: Readonly<Record<string, never>>) =>
      'Expected a folder for policies in the configuration but received none.',
    'Add `policies: policies/` to ganglion.yaml, make the folder, and start the daemon again.',
  ),
  POLICY_LOOP: spec(
    'data',
    (f: { policy: string; limit: number; pausedS: number }) =>
      `Expected policy ${f.policy} to fire at most ${f.limit} times a minute but it fired more often; it is paused for ${f.pausedS} s.`,
    'Give it a cooldown, or a condition that its own actions do not change back and forth.',
  ),
  RECORDING_INVALID: spec(
    'caller',
    (f: { file: string; reason: string }) =>
      `Expected a recording with lines of time,key,value in ${f.file} but ${f.reason}.`,
    'docs/policy-tools.md shows what a recording looks like.',
  ),
  REPLAY_BUSY: spec(
    'caller',
    () => 'Expected to be the only one who looks at the past but another replay is running.',
    'Try again when it is over; one runs at a time, so that the house does not wait for it.',
  ),
  TIMEZONE_UNKNOWN: spec(
    'caller',
    (f: { timezone: string }) => `Expected an IANA time zone for site.timezone but received ${f.timezone}.`,
    'Use a name such as Europe/Berlin or UTC.',
  ),
  TREE_INVALID: spec(
    'caller',
    (f: { file: string; path: string; reason: string }) =>
      `Expected a decision tree in ${f.file} but at ${f.path} ${f.reason}.`,
    'Mend or retrain the tree; its format is described in docs/rules.md. The decision falls to the next rung meanwhile.',
  ),
  TRAINING_DATA: spec(
    'data',
    (f: { what: string; expected: string; received: string }) =>
      `Expected ${f.expected} for ${f.what} of the training data but received ${f.received}.`,
    'Give as many labels as rows, one value per row and feature, and only labels of listed choices.',
  ),
  TREE_IMPORT: spec(
    'data',
    (f: { file: string; expected: string; received: string }) =>
      `Expected ${f.expected} in ${f.file} but received ${f.received}.`,
    'Only single decision trees that classify can be imported. Export one tree, not a forest, or use the file with rung onnx.',
  ),
  LEARNING_STATE: spec(
    'data',
    (f: { policy: string; reason: string }) =>
      `Expected what was learned for policy ${f.policy} to fit it but ${f.reason}.`,
    'Learning starts anew for this policy; put back features and choices as they were, or delete the file.',
  ),
} as const;
