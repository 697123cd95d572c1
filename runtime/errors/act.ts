import { spec } from './spec.ts';

export const ACT_ERRORS = {
  JOURNAL_UNWRITABLE: spec(
    'environment',
    (f: { path: string; reason: string }) => `Expected to write the journal at ${f.path} but ${f.reason}.`,
    'Free disk space or mend permissions; until then QoS 1 messages are not acknowledged and critical actions are refused.',
  ),
  JOURNAL_CORRUPT: spec(
    'environment',
    (f: { path: string; reason: string }) => `Expected a journal at ${f.path} but ${f.reason}.`,
    'Move the folder away to start with an empty journal, and restore it from a backup if you have one.',
  ),
  JOURNAL_ABSENT: spec(
    'caller',
    (f: { path: string }) => `Expected a journal in ${f.path} but there is none.`,
    'Name the folder with `data:` in ganglion.yaml, give a recording, or let the daemon run for a while first.',
  ),
  JOURNAL_UNREADABLE: spec(
    'environment',
    (f: { path: string; reason: string }) => `Expected to read the journal ${f.path} but ${f.reason}.`,
    'Check who owns the files, and that you may read them.',
  ),
  JOURNAL_LOCKED: spec(
    'environment',
    (f: { path: string; pid: string }) =>
      `Expected to own the journal at ${f.path} but the daemon with process id ${f.pid} does.`,
    'Stop the other daemon, or give this one another `data:` folder.',
  ),
  QUEUE_FULL: spec(
    'environment',
    (f: { queue: string; limit: number }) =>
      `Expected room in the ${f.queue} queue but its ${f.limit} places are taken.`,
    'The devices or the broker are slower than the decisions; raise the limit or calm the rules down.',
  ),
  ACTION_UNKNOWN: spec(
    'caller',
    (f: { id: string }) => `Expected an action or decision with id ${f.id} but there is none.`,
    'List them with `ganglion decisions`.',
  ),
  APPROVAL_INVALID: spec(
    'caller',
    (f: { id: string; reason: string }) => `Expected to approve ${f.id} but ${f.reason}.`,
    'See what waits with `ganglion approve` without arguments.',
  ),
  FEEDBACK_INVALID: spec(
    'caller',
    (f: { reason: string }) =>
      `Expected feedback as a decision id and a reward from -1 to 1 but ${f.reason}.`,
    'Send {"decision": "<id>", "reward": 1}.',
  ),
  BROKER_SILENT: spec(
    'environment',
    (f: { what: string }) =>
      `Expected ${f.what} from the broker before the action's deadline but nothing came.`,
    'Check that the broker runs and can be reached; the action was given up and will not be sent later.',
  ),
  HANDLER_FAILED: spec(
    'data',
    (f: { handler: string; reason: string }) => `Expected handler ${f.handler} to finish but ${f.reason}.`,
    'Mend the handler module; the daemon went on without it.',
  ),
} as const;
