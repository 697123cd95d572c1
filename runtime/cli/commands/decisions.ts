import type { DecisionRecord } from '../../contract/api.ts';
import { wholeNumber } from '../arguments.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { latencyText, outcomeText, timeText, whatText } from '../format.ts';
import { rungStyle, statusStyle } from '../style.ts';
import { table } from '../table.ts';
import { clean } from '../text.ts';

/** Enough of an id to name a decision: nine characters of time and three of chance. */
const ID_LENGTH = 12;

export const decisionsCommand = defineCommand({
  args: {
    policy: { type: 'string', valueHint: 'ID', description: 'only those of this policy' },
    entity: { type: 'string', valueHint: 'ENTITY', description: 'only those that act on it' },
    limit: {
      type: 'string',
      alias: 'n',
      valueHint: 'N',
      default: '20',
      description: 'the latest so many, at most 1000',
    },
  },
  async run({ args, io, style }) {
    const limit = wholeNumber(args.limit, '--limit', 1, 1000);
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const { policy, entity } = args;
    const query = { limit: String(limit), policy, entity };
    const { decisions } = await daemon.get<{ decisions: readonly DecisionRecord[] }>('/v1/decisions', query);
    if (args.json === true) {
      printJson(io, decisions);
      return 0;
    }
    if (decisions.length === 0) {
      io.out('Nothing has been decided yet.\n');
      return 0;
    }
    const nowMs = io.clock.wall();
    const rows = decisions.map((record) => [
      record.decision.id.slice(0, ID_LENGTH),
      timeText(record.decision.at, nowMs),
      record.decision.rung,
      whatText(record.decision),
      latencyText(record.decision.latencyMs),
      outcomeText(record),
    ]);
    const columns = [
      { title: 'ID', min: ID_LENGTH },
      { title: 'TIME' },
      { title: 'RUNG', min: 4, style: (padded: string, rung: string) => rungStyle(style, rung)(padded) },
      { title: 'WHAT', min: 16 },
      { title: 'LATENCY', align: 'right' as const },
      { title: 'OUTCOME', style: (padded: string, status: string) => statusStyle(style, status)(padded) },
    ];
    io.out(table(columns, rows, io.columns));
    io.out(`\nganglion explain ${clean(decisions[0]!.decision.id.slice(0, ID_LENGTH))}  says why.\n`);
    return 0;
  },
});
