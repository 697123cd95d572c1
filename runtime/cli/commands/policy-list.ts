import { basename, relative } from 'node:path';
import type { PolicyInfo } from '../../contract/api.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { timeText } from '../format.ts';
import { table } from '../table.ts';

export const policyListCommand = defineCommand({
  args: {},
  async run({ args, io }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const { policies } = await daemon.get<{ policies: readonly PolicyInfo[] }>('/v1/policies');
    if (args.json === true) {
      printJson(io, policies);
      return 0;
    }
    if (policies.length === 0) {
      io.out('No policy is at work. docs/rules.md says how to write one.\n');
      return 0;
    }
    const nowMs = io.clock.wall();
    const rows = policies.map(({ id, type, mode, fired, lastFired, file, summary }) => [
      id,
      type,
      mode,
      type === 'veto' ? '-' : String(fired),
      lastFired === undefined ? '-' : timeText(lastFired, nowMs),
      nearPath(io.cwd, file),
      summary,
    ]);
    const columns = [
      { title: 'ID', min: Infinity },
      { title: 'TYPE', min: 6 },
      { title: 'MODE', min: 7 },
      { title: 'FIRED', min: 5, align: 'right' as const },
      { title: 'LAST' },
      { title: 'FILE' },
      { title: 'WHAT', min: 16 },
    ];
    io.out(table(columns, rows, io.columns));
    return 0;
  },
});

/** From here; a file somewhere else by its name, `--json` has the whole path. */
function nearPath(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith('..') ? basename(file) : path;
}
