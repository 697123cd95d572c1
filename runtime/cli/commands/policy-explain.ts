import { parseMoment } from '../../lib/moment.ts';
import { GanglionError } from '../../errors.ts';
import type { Config } from '../../config/load.ts';
import type { PolicyAccount } from '../../replay/index.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { accountReport } from '../policies/account-report.ts';
import { readFiles, toolsOf } from '../policy-world.ts';

/** Replaying a day on a small board takes a while. */
const ANSWER_MS = 300_000;

export const policyExplainCommand = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'a policy' },
    at: {
      type: 'string',
      valueHint: 'TIME',
      description: 'a past moment: an ISO time, or a span back such as 2h',
    },
    'why-not': { type: 'boolean', description: 'only what stood in its way and what would have to change' },
  },
  notes: [
    'ganglion policy explain hall-night-light',
    'ganglion policy explain hall-night-light --at 2026-11-21T22:00 --why-not',
  ],
  async run({ args, io, style }) {
    const config = readConfig(io, args.config);
    const at = args.at === undefined ? undefined : momentOf(args.at, io.clock.wall());
    const account = await answer(args.id, at, config, io);
    if (args.json === true) printJson(io, account);
    else
      io.out(
        accountReport(account, { columns: io.columns, style, whyNot: args['why-not'] === true, config }),
      );
    return 0;
  },
});

/** From the running daemon, or its data folder. */
async function answer(
  id: string,
  atMs: number | undefined,
  config: Config,
  io: CommandContext['io'],
): Promise<PolicyAccount> {
  const daemon = new DaemonConnection(config);
  if (await daemon.running()) {
    const at = atMs === undefined ? undefined : String(atMs);
    return daemon.get<PolicyAccount>(`/v1/policies/${encodeURIComponent(id)}/explain`, { at }, ANSWER_MS);
  }
  const { openPast } = await import('../../replay/folder.ts');
  const { accountOf } = await import('../../replay/past.ts');
  const past = openPast(config);
  try {
    return await accountOf(
      { op: 'explain', id, atMs: atMs ?? io.clock.wall() },
      {
        files: config.policies === undefined ? [] : await readFiles([config.policies]),
        house: past.house,
        tools: await toolsOf(config, io),
        settings: config,
        recording: past.recording,
      },
    );
  } finally {
    past.close();
  }
}

/** Throws USAGE. */
function momentOf(text: string, nowMs: number): number {
  const ms = parseMoment(/^\d+(\.\d+)?[a-z]/.test(text) ? `-${text}` : text, nowMs);
  if (ms !== undefined && ms <= nowMs) return ms;
  throw new GanglionError('USAGE', {
    message: `Expected a past moment such as 2h or 2026-11-21T22:00 for --at but received ${text}.`,
  });
}
