import { resolve } from 'node:path';
import type { AskResult } from '../../contract/api.ts';
import type { Call } from '../../contract/action.ts';
import type { StateSnapshot } from '../../contract/state.ts';
import { GanglionError } from '../../errors.ts';
import { matchesAny } from '../../lib/pattern.ts';
import { DEVICE_ARGUMENT, withDevice } from '../device.ts';
import { usage } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { callText, latencyText, valueText } from '../format.ts';
import { rungStyle, statusStyle } from '../style.ts';
import { clean, wrap } from '../text.ts';

/** How long a device may take to show what it did before the answer is printed without it. */
const WAIT_MS = 10_000;
/** A slow board with a model may think for a while. */
const ANSWER_MS = 90_000;

export const askCommand = defineCommand({
  args: {
    text: { type: 'positional', required: true, description: 'the request, in quotes' },
    house: { type: 'string', valueHint: 'FILE', description: 'try it on this house.yaml, without a daemon' },
    state: { type: 'string', valueHint: 'FILE', description: 'and with this state of it' },
    'dry-run': { type: 'boolean', description: 'decide, and simulate the actions instead of sending them' },
    device: DEVICE_ARGUMENT,
  },
  rest: 'TEXT',
  notes: ['ganglion ask "turn on the kitchen light"', 'ganglion ask "good night" --dry-run --json'],
  async run({ args, words, io, style }) {
    const text = [args.text, ...words].join(' ');
    if (text.trim() === '') throw usage('Expected TEXT but received nothing', 'ask');
    const dryRun = args['dry-run'] === true;
    const config = withDevice(readConfig(io, args.config), args.device);
    const apart = args.house !== undefined || args.state !== undefined;
    if (apart && !dryRun) {
      throw new GanglionError('USAGE', {
        message: 'Expected --dry-run with --house and --state: a file has no devices to command.',
      });
    }
    const daemon = new DaemonConnection(config);
    let result: AskResult;
    if (apart || (dryRun && !(await daemon.running()))) {
      const { startEmbedded } = await import('../local-embedded.ts');
      const embedded = startEmbedded(config, io.clock);
      try {
        const { askApart } = await import('../ask-apart.ts');
        result = await askApart(text, {
          config,
          ...(args.house !== undefined && { house: resolve(io.cwd, args.house) }),
          ...(args.state !== undefined && { state: resolve(io.cwd, args.state) }),
          ...(embedded !== undefined && { embedded: embedded.model }),
          clock: io.clock,
        });
      } finally {
        await embedded?.stop();
      }
    } else
      result = await daemon.post<AskResult>(
        '/v1/ask',
        { text, dryRun, waitMs: dryRun ? 0 : WAIT_MS },
        ANSWER_MS,
      );
    if (args.json === true) printJson(io, jsonOf(result));
    else print(result, dryRun ? config.limits.approve : undefined, io, style);
    return result.outcomes.some(({ status }) => status === 'failed' || status === 'expired') ? 1 : 0;
  },
});

/** What `--json` prints; scripts rely on it. */
export interface AskJson {
  readonly request: string;
  readonly decision: object;
  readonly state: StateSnapshot;
}

export function jsonOf({ request, decision, state }: AskResult): AskJson {
  const { id, rung, actions, refused, confidence, explanation, latencyMs, tokens } = decision;
  const bare = ({ entity, command, args }: Call): Call => ({ entity, command, args });
  return {
    request,
    decision: {
      id,
      rung,
      actions: actions.map(bare),
      refused: refused.map(({ call, code, reason }) => ({ ...bare(call), code, reason })),
      confidence,
      explanation,
      latencyMs,
      ...(tokens !== undefined && { tokens }),
    },
    state,
  };
}

/** @param asks in a dry run: what a person would be asked about first */
function print(
  result: AskResult,
  asks: readonly string[] | undefined,
  io: CommandContext['io'],
  style: CommandContext['style'],
): void {
  const { decision, outcomes, state } = result;
  const how = `${rungStyle(style, decision.rung)(clean(decision.rung))}, ${latencyText(decision.latencyMs)}`;
  for (const action of decision.actions) {
    const outcome = outcomes.find((candidate) => candidate.action === action.id);
    const status = outcome?.status ?? (asks === undefined ? 'pending' : 'simulated');
    const waits = asks !== undefined && matchesAny(asks, action.entity);
    const told = outcome?.detail ?? (waits ? 'a person would be asked first' : undefined);
    const detail = told === undefined ? '' : `: ${clean(told)}`;
    io.out(`${style.bold(callText(action))}  ${statusStyle(style, status)(status)}${detail}\n`);
  }
  for (const { call, reason } of decision.refused) {
    io.out(`${callText(call)}  ${style.bad('refused')}: ${clean(reason)}\n`);
  }
  if (decision.rung === 'abstain') io.out('Undecided.\n');
  // A question is answered in the explanation, which also says why there is nothing to do.
  io.out(`${wrap(clean(decision.explanation || 'Nothing to do.'), io.columns)}\n`);
  for (const [entity, properties] of Object.entries(state)) {
    const values = Object.entries(properties).map(([name, value]) => `${clean(name)} ${valueText(value)}`);
    if (values.length > 0) io.out(`${style.dim(clean(entity))}  ${values.join(', ')}\n`);
  }
  io.out(`${style.dim(`decision ${clean(decision.id)} (`)}${how}${style.dim(')')}\n`);
}
