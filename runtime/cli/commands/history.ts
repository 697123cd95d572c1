import type { HistoryPoint } from '../../contract/api.ts';
import { wholeNumber } from '../arguments.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { timeText, valueText } from '../format.ts';
import { table } from '../table.ts';

interface HistoryReply {
  readonly key: string;
  readonly points: readonly HistoryPoint[];
}

const BARS = '▁▂▃▄▅▆▇█';

export const historyCommand = defineCommand({
  args: {
    key: {
      type: 'positional',
      required: true,
      description: 'a property, such as sensor.kitchen.temperature',
    },
    since: {
      type: 'string',
      valueHint: 'WHEN',
      default: '24h',
      description: 'a span such as 1h, or an ISO time',
    },
    until: { type: 'string', valueHint: 'WHEN', default: 'now', description: 'likewise' },
    limit: { type: 'string', alias: 'n', valueHint: 'N', default: '20', description: 'the newest so many' },
  },
  notes: ['ganglion history sensor.kitchen.temperature --since 1h', 'ganglion history light.hall.state -n 5'],
  async run({ args, io, style }) {
    const limit = wholeNumber(args.limit, '--limit', 1, 100_000);
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const reply = await daemon.get<HistoryReply>('/v1/history', {
      key: args.key,
      from: moment(args.since),
      to: moment(args.until),
      limit: String(limit),
    });
    if (args.json === true) {
      printJson(io, reply);
      return 0;
    }
    const { points } = reply;
    if (points.length === 0) {
      io.out('No value was stored in that time.\n');
      return 0;
    }
    const nowMs = io.clock.wall();
    const rows = points.map(({ at, value }) => [timeText(at, nowMs), valueText(value)]);
    io.out(table([{ title: 'TIME', min: 19 }, { title: 'VALUE' }], rows, io.columns));
    const numbers = points.map(({ value }) => value).filter((value) => typeof value === 'number');
    if (numbers.length > 1) {
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      const span = `lowest ${valueText(Math.min(...numbers))}, mean ${valueText(mean)}, highest ${valueText(Math.max(...numbers))}`;
      io.out(`\n${style.accent(bars(numbers.slice(-60)))}  ${span}\n`);
    }
    return 0;
  },
});

/** `1h` means an hour back. */
function moment(text: string): string {
  return /^\d+(\.\d+)?[a-z]/.test(text) ? `-${text}` : text;
}

function bars(values: readonly number[]): string {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  return values.map((value) => BARS[range === 0 ? 3 : Math.round(((value - low) / range) * 7)]).join('');
}
