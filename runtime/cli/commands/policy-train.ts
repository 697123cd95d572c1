import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TrainedTree, TrainingData } from '../../../policies/index.ts';
import type { LearningExample, LearningReport } from '../../contract/learning.ts';
import { GanglionError, messageOf } from '../../errors.ts';
import { fileReason } from '../../lib/file-reason.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { csvData } from '../learning/csv.ts';
import { exampleData } from '../learning/examples.ts';
import { clean, wrap } from '../text.ts';

const EXAMPLES = 8192;
/** Rows in the order of time, whose neighbours are alike: blocks of them are left out in turn. */
const OPTIONS = { criterion: 'entropy', folds: 5, foldsBy: 'blocks', maxDepth: 12 } as const;

interface ExamplesReply {
  readonly features: readonly string[];
  readonly choices: readonly string[];
  readonly examples: readonly LearningExample[];
}

export const policyTrainCommand = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'a policy with decide' },
    data: {
      type: 'string',
      valueHint: 'FILE.csv|history',
      default: 'history',
      description: 'rows with a column for each feature and one for the choice',
    },
    label: {
      type: 'string',
      valueHint: 'COLUMN',
      default: 'choice',
      description: 'the column of the choice',
    },
    out: {
      type: 'string',
      valueHint: 'FILE',
      description: 'write the tree there; do not give it to the daemon',
    },
    'dry-run': { type: 'boolean', description: 'say what would be learned, and leave it at that' },
  },
  notes: [
    'ganglion policy train fresh-air',
    'ganglion policy train fresh-air --data air.csv --out air.tree.json',
  ],
  async run({ args, io, style }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const path = `/v1/policies/${encodeURIComponent(args.id)}/learning`;
    const limit = args.data === 'history' ? String(EXAMPLES) : '1';
    const recorded = await daemon.get<ExamplesReply>(`${path}/examples`, { limit });
    const data: TrainingData =
      args.data === 'history'
        ? exampleData(recorded)
        : csvData({
            file: args.data,
            text: readText(resolve(io.cwd, args.data)),
            label: args.label,
            ...recorded,
          });
    needTwoChoices(args.id, data);
    const { trainTree, treeToText } = await import('../../../policies/index.ts');
    const trained = trainTree(data, OPTIONS);
    const text = treeToText(trained.tree);
    let report: LearningReport | undefined;
    if (args.out !== undefined)
      writeText(resolve(io.cwd, args.out), `${JSON.stringify(trained.tree, null, 2)}\n`);
    else if (args['dry-run'] !== true) {
      const { tree, rows, error } = trained;
      report = await daemon.post<LearningReport>(`${path}/tree`, { tree, rows, error });
    }
    if (args.json === true) {
      const { tree, rows, error } = trained;
      printJson(io, { rows, error, tree, ...(report === undefined ? {} : { report }) });
      return 0;
    }
    io.out(`${wrap(learnedText(trained, data), io.columns)}\n\n${text.split('\n').map(clean).join('\n')}\n`);
    io.out(`${style.dim(wrap(nextText(args.id, args.out, report), io.columns))}\n`);
    return 0;
  },
});

/** Throws TRAINING_ONE_CHOICE, TRAINING_EMPTY. */
function needTwoChoices(policy: string, { labels, choices }: TrainingData): void {
  const [first] = labels;
  if (first === undefined) throw new GanglionError('TRAINING_EMPTY', { policy });
  if (labels.every((label) => label === first))
    throw new GanglionError('TRAINING_ONE_CHOICE', { policy, rows: labels.length, choice: choices[first]! });
}

function learnedText({ rows, error, tree }: TrainedTree, { labels, choices }: TrainingData): string {
  const counts = choices.map((choice, i) => [labels.filter((label) => label === i).length, choice] as const);
  const most = Math.max(...counts.map(([count]) => count));
  const leaves = tree.nodes.filter((node) => 'choice' in node).length;
  const kinds = counts.filter(([count]) => count > 0).map(([count, choice]) => `${count} ${choice}`);
  const always = percent(1 - most / labels.length);
  return `Learned from ${rows} decisions (${kinds.join(', ')}): ${leaves} leaves, ${percent(error)} wrong on rows it was not learned from; always the same choice would be ${always} wrong.`;
}

function nextText(id: string, out: string | undefined, report: LearningReport | undefined): string {
  if (out !== undefined)
    return `Written to ${out}. Its leaves have no certificate and answer nothing: without --out the daemon compares it with the policy's teacher first.`;
  if (report === undefined) return 'Nothing was changed.';
  return `${report.text} ganglion policy distil ${id} tells how it goes.`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GanglionError('CONFIG_UNREADABLE', { file, reason: fileReason(error) }, { cause: error });
  }
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new GanglionError('FILE_UNWRITABLE', { file, reason: messageOf(error) }, { cause: error });
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
