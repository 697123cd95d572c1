import { spec } from './spec.ts';

/** Models that come from elsewhere: fetched from a server, or asked there. */
export const NETWORK_ERRORS = {
  MODEL_REFERENCE_INVALID: spec(
    'caller',
    (f: { reference: string; expected: string }) =>
      `Expected ${f.expected} for the model but received ${f.reference}.`,
    'Write hf:OWNER/REPO/FILE.gguf, hf:OWNER/REPO:Q4_K_M (either with @REVISION) or https://…/FILE.gguf.',
  ),
  MODEL_PULL_REFUSED: spec(
    'caller',
    (f: { reference: string; reason: string }) => `Expected to fetch ${f.reference} but ${f.reason}.`,
    'Check the reference; for a private or gated repository set HF_TOKEN to a token that may read it.',
  ),
  MODEL_PULL_FAILED: spec(
    'environment',
    (f: { reference: string; reason: string }) => `Expected to fetch ${f.reference} but ${f.reason}.`,
    'Check the network and try again: what has arrived is kept, and the next try goes on from there.',
  ),
  MODEL_PULL_CHECKSUM: spec(
    'data',
    (f: { reference: string; expected: string; received: string }) =>
      `Expected ${f.reference} to have the sha256 ${f.expected} but received ${f.received}.`,
    'What arrived was removed. Try again; if it stays so, the file was changed on the way or at its source.',
  ),
  MODEL_PULL_SPACE: spec(
    'environment',
    (f: { reference: string; folder: string; needed: string; free: string }) =>
      `Expected ${f.needed} of free space in ${f.folder} for ${f.reference} but received ${f.free}.`,
    'Make room, choose a smaller model, or set models_folder to a folder on a larger disk.',
  ),
  MODEL_PULL_STOPPED: spec(
    'caller',
    (f: { reference: string; received: string }) =>
      `Expected to fetch ${f.reference} but it was stopped; ${f.received} are kept.`,
    'Fetch it again to go on from there.',
  ),
  REMOTE_UNREACHABLE: spec(
    'environment',
    (f: { server: string; reason: string }) =>
      `Expected an answer from the model server ${f.server} but ${f.reason}.`,
    'Check that the server runs and that `remote.url` is its address, ending in /v1 mostly.',
  ),
  REMOTE_REFUSED: spec(
    'environment',
    (f: { server: string; reason: string }) =>
      `Expected the model server ${f.server} to take the request but ${f.reason}.`,
    'Check `remote.model` and `remote.key`, and what the server logged.',
  ),
  REMOTE_ANSWER_INVALID: spec(
    'data',
    (f: { server: string; expected: string; received: string }) =>
      `Expected ${f.expected} from the model server ${f.server} but received ${f.received}.`,
    'Use a server that follows `response_format` with a JSON schema; the answer was not used.',
  ),
  REMOTE_PAUSED: spec(
    'environment',
    (f: { server: string; reason: string; seconds: number }) =>
      `Expected to ask the model server ${f.server} but ${f.reason}, and it is left alone for ${f.seconds} s more.`,
    'Nothing to do: it is tried again by itself. Meanwhile the other rungs decide.',
  ),
} as const;
