import type { VersionReply } from '../../http/policies.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { clean } from '../text.ts';

export const policyRemoveCommand = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'the policy' },
    note: { type: 'string', valueHint: 'TEXT', description: 'why; kept with the version' },
  },
  async run({ args, io }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const made = await daemon.delete<VersionReply>(`/v1/policies/${encodeURIComponent(args.id)}`, {
      note: args.note,
    });
    if (args.json === true) printJson(io, made);
    else {
      const id = clean(made.policy);
      const back = made.version > 1 ? ` ganglion policy revert ${id} ${made.version - 1}  puts it back.` : '';
      io.out(`${id} is taken out of its file and of work.${back}\n`);
    }
    return 0;
  },
});
