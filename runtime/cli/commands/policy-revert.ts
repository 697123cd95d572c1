import type { VersionReply } from '../../http/policies.ts';
import { wholeNumber } from '../arguments.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { clean } from '../text.ts';

export const policyRevertCommand = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'the policy' },
    version: { type: 'positional', required: true, description: 'a number of `policy versions`' },
  },
  notes: ['ganglion policy revert hall-night-light 3'],
  async run({ args, io }) {
    const version = wholeNumber(args.version, 'VERSION', 1, 999_999_999);
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const path = `/v1/policies/${encodeURIComponent(args.id)}/revert`;
    const made = await daemon.post<VersionReply>(path, { version });
    if (args.json === true) printJson(io, made);
    else if (made.text === null) io.out(`${clean(made.policy)} is taken out, as version ${version} was.\n`);
    else
      io.out(
        `${clean(made.policy)} is at work as version ${version} was; this is version ${made.version}.\n`,
      );
    return 0;
  },
});
