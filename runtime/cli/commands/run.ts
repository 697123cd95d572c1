import { defineCommand } from '../command.ts';
import { readConfig } from '../connection.ts';
import { DEVICE_ARGUMENT, withDevice } from '../device.ts';
import { runDaemon } from '../run/daemon.ts';

export const runCommand = defineCommand({
  args: {
    demo: {
      type: 'boolean',
      description: 'a simulated house with its own broker and the sensors of this machine',
    },
    device: DEVICE_ARGUMENT,
  },
  notes: ['ganglion run', 'ganglion run --demo', 'ganglion run --json | jq .'],
  async run({ args, io, style }) {
    return runDaemon({
      config: () => withDevice(readConfig(io, args.config), args.device),
      demo: args.demo === true,
      json: args.json === true,
      io,
      style,
    });
  },
});
