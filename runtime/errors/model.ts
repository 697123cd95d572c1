import { spec } from './spec.ts';

export const MODEL_ERRORS = {
  MODEL_FILE_UNREADABLE: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected a readable model file at ${f.file} but ${f.reason}.`,
    'Check the path and its permissions; `ganglion model list` shows the models there are.',
  ),
  MODEL_FILE_INVALID: spec(
    'data',
    (f: { file: string; expected: string; received: string }) =>
      `Expected ${f.expected} in ${f.file} but received ${f.received}.`,
    'The file is damaged, cut short or of another format; fetch or convert it again.',
  ),
  MODEL_FILE_UNWRITABLE: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected to write the model file ${f.file} but ${f.reason}.`,
    'Check free disk space and the permissions of the folder.',
  ),
  GGUF_UNFIT: spec(
    'caller',
    (f: { file: string; expected: string; received: string }) =>
      `Expected ${f.expected} to be written to ${f.file} but received ${f.received}.`,
    'Mend the metadata or the tensor; GGUF cannot hold it as it is.',
  ),
  ONNX_UNFIT: spec(
    'caller',
    (f: { file: string; expected: string; received: string }) =>
      `Expected ${f.expected} to be written to ${f.file} but received ${f.received}.`,
    'Mend the graph or the tensor; ONNX cannot hold it as it is.',
  ),
  MODEL_UNSUPPORTED: spec(
    'data',
    (f: { file: string; reason: string }) =>
      `Expected a model this runtime can use in ${f.file} but ${f.reason}.`,
    'Use a GGUF language model with a vocabulary, or an ONNX or TensorFlow.js classifier of one row of numbers or one image.',
  ),
  MODEL_LOAD_FAILED: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected ${f.file} to load but ${f.reason}.`,
    'Try a smaller model, a shorter context or more memory; `ganglion doctor` checks the native libraries.',
  ),
  MODEL_OVER_BUDGET: spec(
    'environment',
    (f: { file: string; neededMb: number; budgetMb: number }) =>
      `Expected ${f.file} to fit into ${f.budgetMb.toFixed(0)} MB for all models but it needs about ${f.neededMb.toFixed(0)} MB.`,
    'Raise `model.memory`, shorten `model.context`, or take a smaller model: `ganglion model recommend` names some.',
  ),
  MODEL_DEVICE_MISSING: spec(
    'environment',
    (f: { file: string; device: string; reason: string }) =>
      `Expected to run ${f.file} on ${f.device} but ${f.reason}.`,
    'Use the device cpu, or auto for the best there is; `ganglion doctor` shows what this machine has.',
  ),
  MODEL_GIVEN_UP: spec(
    'data',
    (f: { file: string; crashes: number; reason: string }) =>
      `Expected ${f.file} to run but it ended the model host ${f.crashes} times in a row: ${f.reason}.`,
    'Use another model or a higher memory limit; restart the daemon to try this one again.',
  ),
  MODEL_NOT_READY: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected ${f.file} to be loaded but ${f.reason}.`,
    'Wait until the model is loaded; `ganglion doctor` shows what became of it.',
  ),
  MODEL_HOST_DIED: spec(
    'environment',
    (f: { reason: string }) => `Expected an answer from the model host but it ended: ${f.reason}.`,
    'Nothing to do once: it is restarted and the models are loaded again. If it keeps happening, see the log.',
  ),
  MODEL_HOST_STOPPED: spec(
    'caller',
    () => 'Expected a running model host but it is stopped.',
    'Start the model host before asking it.',
  ),
  MODEL_QUESTION_INVALID: spec(
    'caller',
    (f: { file: string; expected: string; received: string }) =>
      `Expected ${f.expected} for ${f.file} but received ${f.received}.`,
    'Give the policy choices and features that fit the model.',
  ),
  MODEL_PROMPT_TOO_LONG: spec(
    'caller',
    (f: { file: string; tokens: number; limit: number }) =>
      `Expected a prompt of at most ${f.limit} tokens for ${f.file} but received ${f.tokens}.`,
    'Raise `model.context`, or give the policy fewer choices and shorter guidance.',
  ),
  MODEL_DEADLINE: spec(
    'environment',
    (f: { file: string; deadlineMs: number; stage: 'queue' | 'run' }) =>
      `Expected an answer from ${f.file} within ${f.deadlineMs} ms but ${
        f.stage === 'queue' ? 'it was still waiting for its turn' : 'it was still being worked out'
      }.`,
    'Use a smaller model, ask less often or allow more time.',
  ),
  MODEL_ABORTED: spec(
    'caller',
    (f: { file: string }) => `Expected an answer from ${f.file} but the request was withdrawn.`,
    'Nothing to do: whoever asked no longer wants the answer.',
  ),
  MODEL_ASKED_IN_LOOP: spec(
    'caller',
    (f: { policy: string; asks: number; seconds: number }) =>
      `Expected policy ${f.policy} to ask something new but it asked the same more than ${f.asks} times within ${f.seconds} s.`,
    'Look at what sets the policy off: perhaps its own actions do. Give it a `cooldown` or fewer properties to listen to.',
  ),
  MODEL_ANSWER_FAILED: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected an answer from ${f.file} but ${f.reason}.`,
    'Try another model; `ganglion doctor` checks the native libraries.',
  ),
  MODEL_NOT_MEASURED: spec(
    'environment',
    (f: { file: string; reason: string }) =>
      `Expected to measure ${f.file} but no setting worked; the first ended so: ${f.reason}.`,
    'Take a smaller model (`ganglion model recommend`), or raise `model.memory` if the board has more to give.',
  ),
  QUANTIZE_REFUSED: spec(
    'caller',
    (f: { file: string; reason: string }) => `Expected to quantize ${f.file} but ${f.reason}.`,
    'See `ganglion quantize --help`.',
  ),
  QUANTIZE_FAILED: spec(
    'environment',
    (f: { file: string; reason: string }) => `Expected ${f.file} to be quantized but ${f.reason}.`,
    'Nothing was written. Check free disk space and memory, and that the model is f32, f16 or bf16.',
  ),
  QUANTIZE_LIBRARY: spec(
    'environment',
    (f: { reason: string }) =>
      `Expected the llama.cpp library that comes with node-llama-cpp but ${f.reason}.`,
    'Install the packages again with `npm ci`, with the versions of the lock file.',
  ),
} as const;
