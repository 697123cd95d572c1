import type { CommandEntry } from './command.ts';

/** Every command. Each is loaded only when it is run: looking at the state must not load a model library. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'start the daemon; --demo: a simulated house with its own broker',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'init',
    summary: 'write ganglion.yaml from what this machine and its broker show',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    name: 'doctor',
    summary: 'check board, memory, native modules, broker, model, clock and disk',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'profile',
    summary: 'latency and CPU of each stage of the running daemon, and its bottleneck',
    load: async () => (await import('./commands/profile.ts')).profileCommand,
  },
  {
    name: 'ask',
    summary: 'one request in words: the decision, its actions and what came of them',
    load: async () => (await import('./commands/ask.ts')).askCommand,
  },
  {
    name: 'state',
    summary: 'what the daemon knows about the house now',
    load: async () => (await import('./commands/state.ts')).stateCommand,
  },
  {
    name: 'devices',
    summary: 'devices, their entities and the commands they take',
    load: async () => (await import('./commands/devices.ts')).devicesCommand,
  },
  {
    name: 'history',
    summary: 'past values of one property',
    load: async () => (await import('./commands/history.ts')).historyCommand,
  },
  {
    name: 'decisions',
    summary: 'the latest decisions with rung, latency and outcome',
    load: async () => (await import('./commands/decisions.ts')).decisionsCommand,
  },
  {
    name: 'explain',
    summary: 'why one decision came out as it did',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  {
    name: 'feedback',
    summary: 'tell whether a decision was good, from -1 to 1',
    load: async () => (await import('./commands/feedback.ts')).feedbackCommand,
  },
  {
    name: 'approve',
    summary: 'list what waits for a person, approve or deny it',
    load: async () => (await import('./commands/approve.ts')).approveCommand,
  },
  {
    name: 'policy check',
    summary: 'check policy files against the house',
    load: async () => (await import('./commands/policy-check.ts')).policyCheckCommand,
  },
  {
    name: 'policy test',
    summary: 'run given-when-then tests of policies',
    load: async () => (await import('./commands/policy-test.ts')).policyTestCommand,
  },
  {
    name: 'policy replay',
    summary: 'what policies would have done in the past',
    load: async () => (await import('./commands/policy-replay.ts')).policyReplayCommand,
  },
  {
    name: 'policy explain',
    summary: 'why a policy does or does not fire, now or at a past time',
    load: async () => (await import('./commands/policy-explain.ts')).policyExplainCommand,
  },
  {
    name: 'policy import',
    summary: 'turn rules of json-rules-engine into policies that suggest',
    load: async () => (await import('./commands/policy-import.ts')).policyImportCommand,
  },
  {
    name: 'policy list',
    summary: 'the policies at work, with mode, file and how often they fired',
    load: async () => (await import('./commands/policy-list.ts')).policyListCommand,
  },
  {
    name: 'policy versions',
    summary: 'what a policy said before, and what each change changed',
    load: async () => (await import('./commands/policy-versions.ts')).policyVersionsCommand,
  },
  {
    name: 'policy revert',
    summary: 'put an earlier version of a policy back to work',
    load: async () => (await import('./commands/policy-revert.ts')).policyRevertCommand,
  },
  {
    name: 'policy install',
    summary: 'check the policies of a file and put them to work at once',
    load: async () => (await import('./commands/policy-install.ts')).policyInstallCommand,
  },
  {
    name: 'policy remove',
    summary: 'take a policy out of its file and out of work',
    load: async () => (await import('./commands/policy-remove.ts')).policyRemoveCommand,
  },
  {
    name: 'model list',
    summary: 'the model files of a folder, and those that were fetched',
    load: async () => (await import('./commands/model-list.ts')).modelListCommand,
  },
  {
    name: 'model pull',
    summary: 'fetch a model from the Hugging Face hub or an address',
    load: async () => (await import('./commands/model-pull.ts')).modelPullCommand,
  },
  {
    name: 'model inspect',
    summary: 'what is inside a GGUF or ONNX file',
    load: async () => (await import('./commands/model-inspect.ts')).modelInspectCommand,
  },
  {
    name: 'model tune',
    summary: 'measure how a model runs best on this board and keep it for the daemon',
    load: async () => (await import('./commands/model-tune.ts')).modelTuneCommand,
  },
  {
    name: 'model recommend',
    summary: 'models for this board, the best first, and why others do not fit',
    load: async () => (await import('./commands/model-recommend.ts')).modelRecommendCommand,
  },
  {
    name: 'quantize',
    summary: 'make a smaller GGUF model of a large one',
    load: async () => (await import('./commands/quantize.ts')).quantizeCommand,
  },
  {
    name: 'bench',
    summary: 'measure this machine against the budgets and competitors',
    load: async () => (await import('./commands/bench.ts')).benchCommand,
  },
];
