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
      `Expected a policy named ${f.id} but there is none${f.hint === '' ? '.' : `; ${f.hint}${f.hint.endsWith('?') ? '' : '.'}`}`,
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
    () => 'Expected a folder for policies in the configuration but received none.',
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
  TRAINING_EMPTY: spec(
    'data',
    (f: { policy: string }) => `Expected decisions to learn ${f.policy} from but there is none yet.`,
    'Let its slower rungs decide for a while (`ganglion policy distil ID` counts), or give a table with --data FILE.csv.',
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
  AUTHOR_DRAFT_UNKNOWN: spec(
    'caller',
    (f: { draft: string; hint: string }) =>
      `Expected a draft that was shown but received ${f.draft}${f.hint === '' ? '' : `; ${f.hint}`}.`,
    'Write the sentence again with `ganglion policy author`; its answer names the draft.',
  ),
  LEARNING_ABSENT: spec(
    'caller',
    (f: { policy: string; reason: string }) =>
      `Expected a policy that learns for ${f.policy} but ${f.reason}.`,
    'Policies with `decide` learn where `tree` stands among their rungs before a slower one, `learn` is not off, and they name no tree file of their own (`tree:`).',
  ),
  LEARNING_VERSION: spec(
    'caller',
    (f: { policy: string; version: number; known: string }) =>
      `Expected a version of the tree of ${f.policy} but received ${f.version}; there ${f.known}.`,
    'List them with `ganglion policy distil ID --versions`.',
  ),
  LEARNING_TREE: spec(
    'data',
    (f: { policy: string; expected: string; received: string }) =>
      `Expected ${f.expected} of a tree for policy ${f.policy} but received ${f.received}.`,
    'Train it anew for the policy as it is: `ganglion policy train ID`.',
  ),
  TRAINING_ONE_CHOICE: spec(
    'data',
    (f: { policy: string; rows: number; choice: string }) =>
      `Expected decisions of at least two kinds to learn ${f.policy} from but all ${f.rows} are ${f.choice}.`,
    'There is nothing to tell apart yet: wait for other decisions, or add rows with another choice.',
  ),
  EXPLORE_UNPROVEN: spec(
    'data',
    (f: { policy: string; reason: string }) =>
      `Expected what was learned about the choices of ${f.policy} to be better than the usual but it is not shown. ${f.reason}`,
    'Let it try more, and judge its decisions: `ganglion feedback ID REWARD`.',
  ),
} as const;
