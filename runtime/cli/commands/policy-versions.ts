import type { VersionReply } from '../../http/policies.ts';
import { wholeNumber } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { timeText } from '../format.ts';
import { diffLines, diffWords } from '../policies/diff.ts';
import { clean, fit } from '../text.ts';

export const policyVersionsCommand = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'the policy' },
    limit: {
      type: 'string',
      alias: 'n',
      default: '10',
      valueHint: 'COUNT',
      description: 'the latest so many (default: 10)',
    },
  },
  notes: ['ganglion policy versions hall-night-light', 'ganglion policy revert hall-night-light 3'],
  async run({ args, io, style }) {
    const limit = wholeNumber(args.limit, '--limit', 1, 1000);
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const path = `/v1/policies/${encodeURIComponent(args.id)}/versions`;
    const { versions } = await daemon.get<{ versions: readonly VersionReply[] }>(path);
    const compared = versions.map((one, i) => {
      // Before the first one kept, something may have been that is kept no longer.
      const before = i === 0 ? undefined : versions[i - 1]!.text;
      const lines = before === undefined ? [] : diffLines(before ?? '', one.text ?? '');
      return { ...one, change: diffWords(before, one.text), diff: lines };
    });
    const shown = compared.slice(-limit);
    if (args.json === true) printJson(io, shown);
    else if (shown.length === 0) io.out('No version of it is kept yet.\n');
    else print(shown, io, style);
    return 0;
  },
});

interface Compared extends VersionReply {
  readonly change: string;
  readonly diff: readonly { readonly sign: '-' | '+'; readonly text: string }[];
}

function print(shown: readonly Compared[], io: CommandContext['io'], style: CommandContext['style']): void {
  const nowMs = io.clock.wall();
  for (const { version, at, origin, note, change, diff } of shown) {
    const said = note === null ? '' : `  "${clean(note)}"`;
    const head = `${style.bold(String(version))}  ${timeText(at, nowMs)}  ${origin}: ${clean(change)}`;
    io.out(`${head}${style.dim(fit(said, Math.max(20, io.columns - 40)))}\n`);
    for (const { sign, text } of diff) {
      const line = fit(`${sign} ${clean(text.replaceAll('\t', '  '))}`, Math.max(20, io.columns - 3));
      io.out(`   ${sign === '-' ? style.bad(line) : style.good(line)}\n`);
    }
  }
  const [{ policy }] = shown as [Compared];
  io.out(`\nganglion policy revert ${clean(policy)} NUMBER  puts one of them back to work.\n`);
}
