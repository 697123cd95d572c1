import type { Feedback } from '../../contract/action.ts';
import { usage } from '../arguments.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { clean } from '../text.ts';

export const feedbackCommand = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'a decision id, or the start of one' },
    reward: { type: 'positional', required: true, description: '+1 good, -1 bad, or any number between' },
    choice: {
      type: 'string',
      valueHint: 'CHOICE',
      description: 'which of the choices of its policy would have been right',
    },
    note: { type: 'string', valueHint: 'TEXT', description: 'why, in your words' },
  },
  notes: [
    'ganglion feedback 01jq3f8k2m1p -1 --choice none',
    'ganglion feedback 01jq3f8k2m1p +1',
    'ganglion feedback 01jq3f8k2m1p -0.5 --note "too bright"',
  ],
  async run({ args, io }) {
    const reward = Number(args.reward);
    if (!/^[+-]?\d*\.?\d+$/.test(args.reward) || Math.abs(reward) > 1) {
      throw usage(`Expected a number from -1 to 1 for REWARD but received ${args.reward}`, 'feedback');
    }
    const note = args.note === undefined ? {} : { note: args.note };
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const choice = args.choice === undefined ? {} : { choice: args.choice };
    const stored = await daemon.post<Feedback>('/v1/feedback', {
      decision: args.id,
      reward,
      ...note,
      ...choice,
    });
    if (args.json === true) printJson(io, stored);
    else
      io.out(
        `Stored ${stored.reward > 0 ? '+' : ''}${stored.reward} for decision ${clean(stored.decision)}.\n`,
      );
    return 0;
  },
});
