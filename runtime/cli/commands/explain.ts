import type { DecisionRecord } from '../../contract/api.ts';
import type { Trigger } from '../../contract/decision.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { callText, latencyText, timeText, valueText } from '../format.ts';
import { rungStyle, statusStyle } from '../style.ts';
import { clean, padEnd, wrap } from '../text.ts';

export const explainCommand = defineCommand({
  args: { id: { type: 'positional', required: true, description: 'a decision id, or the start of one' } },
  async run({ args, io, style }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const record = await daemon.get<DecisionRecord>(`/v1/decisions/${encodeURIComponent(args.id)}`);
    if (args.json === true) printJson(io, record);
    else io.out(explanation(record, io, style));
    return 0;
  },
});

function explanation(
  record: DecisionRecord,
  io: CommandContext['io'],
  style: CommandContext['style'],
): string {
  const { decision, actions, feedback } = record;
  const nowMs = io.clock.wall();
  const lines: string[] = [];
  const row = (term: string, text: string): void => void lines.push(`${style.dim(padEnd(term, 11))}${text}`);
  const long = (term: string, text: string): void =>
    row(term, wrap(clean(text), io.columns, ' '.repeat(11)).trimStart());

  row('decision', style.bold(clean(decision.id)));
  row('at', timeText(decision.at, nowMs));
  row('rung', rungStyle(style, decision.rung)(clean(decision.rung)));
  if (decision.policy !== undefined) row('policy', clean(decision.policy));
  long('set off by', triggerText(decision.trigger));
  long('because', decision.explanation);
  row('confidence', `${Math.round(decision.confidence * 100)} %`);
  row('latency', latencyText(decision.latencyMs));
  const { tokens } = decision;
  if (tokens !== undefined) {
    row('tokens', `${tokens.cached} cached, ${tokens.prompt} read, ${tokens.generated} written`);
  }
  if (!decision.durable) row('journal', style.bad('not stored: the disk was full or read-only'));
  for (const { rung, reason } of decision.skipped) long('skipped', `${rung}: ${reason}`);
  for (const [key, value] of Object.entries(decision.inputs))
    long('looked at', `${key} = ${valueText(value)}`);
  for (const { action, stage, outcome } of actions) {
    const status = outcome?.status ?? stage;
    const detail = outcome?.detail === undefined ? '' : `: ${clean(outcome.detail)}`;
    const after = outcome === undefined ? '' : ` after ${latencyText(outcome.latencyMs)}`;
    row('action', `${callText(action)}  ${statusStyle(style, status)(status)}${after}${detail}`);
  }
  for (const { call, reason } of decision.refused) long('refused', `${callText(call)}: ${reason}`);
  for (const { reward, source, note } of feedback) {
    long('feedback', `${reward > 0 ? '+' : ''}${reward} ${source}${note === undefined ? '' : `: ${note}`}`);
  }
  return `${lines.join('\n')}\n`;
}

function triggerText(trigger: Trigger): string {
  if (trigger.kind === 'time') return 'the clock';
  if (trigger.kind === 'request') return `the request "${trigger.text}"`;
  return trigger.readings
    .map((reading) => `${reading.key} = ${valueText(reading.value, reading.unit)}`)
    .join(', ');
}
