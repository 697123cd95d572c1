import { defineCommand } from '../command.ts';
import { readConfig } from '../connection.ts';
import { runDaemon } from '../run/daemon.ts';

export const runCommand = defineCommand({
  args: {
    demo: {
      type: 'boolean',
      description: 'a simulated house with its own broker and the sensors of this machine',
    },
  },
  notes: ['ganglion run', 'ganglion run --demo', 'ganglion run --json | jq .'],
  async run({ args, io, style }) {
    return runDaemon({
      config: () => readConfig(io, args.config),
      demo: args.demo === true,
      json: args.json === true,
      io,
      style,
    });
  },
});
