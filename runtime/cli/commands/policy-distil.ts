import type { LearningReport, LearningSummary } from '../../contract/learning.ts';
import { usage, wholeNumber } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { reportText, versionsText } from '../learning/words.ts';
import { table } from '../table.ts';
import { clean, wrap } from '../text.ts';

export const policyDistilCommand = defineCommand({
  args: {
    id: { type: 'positional', required: false, description: 'a policy; left out: all that learn' },
    versions: {
      type: 'boolean',
      description: 'every version of its tree, and what changed from one to the next',
    },
    revert: { type: 'string', valueHint: 'N', description: 'go back to version N of its tree' },
    live: { type: 'boolean', description: 'of equally good choices, take what was worth most from now on' },
    usual: { type: 'boolean', description: 'of equally good choices, take the usual one again' },
  },
  notes: [
    'ganglion policy distil',
    'ganglion policy distil fresh-air --versions',
    'ganglion policy distil fresh-air --revert 2',
  ],
  async run({ args, io, style }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const orders = [args.revert, args.live, args.usual].filter((one) => one !== undefined && one !== false);
    if (orders.length > 1)
      throw usage('Expected one of --revert, --live and --usual but received several', 'policy distil');
    const { id } = args;
    if (id === undefined) {
      if (orders.length > 0 || args.versions === true)
        throw usage('Expected the id of a policy but received none', 'policy distil');
      const { policies } = await daemon.get<{ policies: readonly LearningSummary[] }>('/v1/learning');
      if (args.json === true) printJson(io, policies);
      else io.out(listText(policies, io));
      return 0;
    }
    const path = `/v1/policies/${encodeURIComponent(id)}/learning`;
    let report: LearningReport;
    if (args.revert !== undefined) {
      const version = wholeNumber(args.revert, '--revert', 1, 1_000_000);
      report = await daemon.post<LearningReport>(`${path}/revert`, { version });
    } else if (args.live === true || args.usual === true)
      report = await daemon.post<LearningReport>(`${path}/explore`, { live: args.live === true });
    else report = await daemon.get<LearningReport>(path);
    if (args.json === true) printJson(io, args.versions === true ? report.versions : report);
    else if (args.versions === true) io.out(versionsText(report.versions, io, style));
    else io.out(reportText(report, io, style));
    return 0;
  },
});

function listText(policies: readonly LearningSummary[], io: CommandContext['io']): string {
  if (policies.length === 0)
    return `${wrap(
      'No policy learns: one with `decide` does where `tree` stands among its rungs before a slower one and it names no tree file of its own (`tree:`).',
      io.columns,
    )}\n`;
  const share = (one: LearningSummary): string =>
    one.decisions === 0 ? '-' : `${Math.round((100 * one.answered) / one.decisions)} %`;
  const rows = policies.map((one) => [
    one.policy,
    one.version === undefined ? '-' : String(one.version),
    String(one.examples),
    share(one),
    one.text,
  ]);
  const columns = [
    { title: 'POLICY', min: Infinity },
    { title: 'VERSION', align: 'right' as const },
    { title: 'EXAMPLES', align: 'right' as const },
    { title: 'BY TREE', align: 'right' as const },
    { title: 'HOW IT STANDS', min: 20 },
  ];
  return `${table(columns, rows, io.columns)}\nganglion policy distil ${clean(policies[0]!.policy)}  says more.\n`;
}
