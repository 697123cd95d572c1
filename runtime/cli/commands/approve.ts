import type { ActionRecord } from '../../contract/api.ts';
import { idTime } from '../../lib/id.ts';
import { usage } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { callText, timeText } from '../format.ts';
import { table } from '../table.ts';
import { clean } from '../text.ts';

export const approveCommand = defineCommand({
  args: {
    id: { type: 'positional', required: false, description: 'the action; left out: list what waits' },
    deny: { type: 'boolean', description: 'refuse it instead' },
  },
  async run({ args, io }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    if (args.id === undefined) {
      if (args.deny === true)
        throw usage('Expected the ID of the action to deny but received nothing', 'approve');
      const { approvals } = await daemon.get<{ approvals: readonly ActionRecord[] }>('/v1/approvals');
      if (args.json === true) printJson(io, approvals);
      else list(approvals, io);
      return 0;
    }
    const verdict = args.deny === true ? 'deny' : 'approve';
    const record = await daemon.post<ActionRecord>(`/v1/approvals/${encodeURIComponent(args.id)}`, {
      verdict,
    });
    if (args.json === true) printJson(io, record);
    else io.out(`${verdict === 'deny' ? 'Denied' : 'Approved'} ${callText(record.action)}.\n`);
    return 0;
  },
});

function list(approvals: readonly ActionRecord[], io: CommandContext['io']): void {
  if (approvals.length === 0) {
    io.out('Nothing waits for you.\n');
    return;
  }
  const nowMs = io.clock.wall();
  const rows = approvals.map(({ action, code }) => [
    action.id,
    callText(action),
    code ?? '-',
    askedAt(action.decision, nowMs),
  ]);
  io.out(
    table(
      [
        { title: 'ID', min: 20 },
        { title: 'WHAT', min: 20 },
        { title: 'CODE', min: 6 },
        { title: 'ASKED AT' },
      ],
      rows,
      io.columns,
    ),
  );
  io.out(
    `\nganglion approve ${clean(approvals[0]!.action.id)}  carries it out; with --deny it is dropped.\n`,
  );
}

function askedAt(decision: string, nowMs: number): string {
  const ms = idTime(decision);
  return ms === undefined ? '-' : timeText(ms, nowMs);
}
