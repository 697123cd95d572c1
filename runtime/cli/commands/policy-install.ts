import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GanglionError } from '../../errors.ts';
import type { VersionReply } from '../../http/policies.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { piecesOf } from '../../policies/policy-text.ts';
import { fileReason } from '../../lib/file-reason.ts';
import { clean } from '../text.ts';

export const policyInstallCommand = defineCommand({
  args: {
    file: { type: 'positional', required: true, description: 'a file with policies; - is standard input' },
    note: { type: 'string', valueHint: 'TEXT', description: 'why; kept with the versions' },
  },
  notes: ['ganglion policy install new-rule.yaml', 'ganglion policy install - < new-rule.yaml'],
  async run({ args, io }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const whole = readText(args.file === '-' ? 0 : resolve(io.cwd, args.file), args.file);
    // A list is installed one by one; anything else is for the daemon to judge.
    if (whole.trim() === '')
      throw new GanglionError('USAGE', { message: `Expected policies in ${args.file} but it is empty.` });
    const pieces = piecesOf(whole);
    const texts = pieces === undefined || pieces.length === 0 ? [whole] : pieces.map(({ text }) => text);
    const made: VersionReply[] = [];
    for (const text of texts) {
      const body = { text, origin: 'import', ...(args.note === undefined ? {} : { note: args.note }) };
      const one = await daemon.post<VersionReply>('/v1/policies', body);
      made.push(one);
      if (args.json !== true) io.out(`${clean(one.policy)} is at work as version ${one.version}.\n`);
    }
    if (args.json === true) printJson(io, made);
    return 0;
  },
});

function readText(file: string | 0, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GanglionError('CONFIG_UNREADABLE', { file: name, reason: fileReason(error) }, { cause: error });
  }
}
