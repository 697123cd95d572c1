import { probeHost } from '../../../devices/index.ts';
import type { Config } from '../../config/load.ts';
import { isGanglionError, messageOf } from '../../errors.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { configFile, DaemonConnection, readConfig } from '../connection.ts';
import {
  checkAccelerators,
  checkBoard,
  checkClock,
  checkDisk,
  checkMemory,
  checkNode,
  checkThermal,
} from '../doctor/board.ts';
import { checkBroker } from '../doctor/broker.ts';
import { fail, ok, warn, type Check } from '../doctor/check.ts';
import { checkDaemon } from '../doctor/daemon.ts';
import { checkGpu } from '../doctor/gpu.ts';
import { checkModel } from '../doctor/model.ts';
import { checkNative } from '../doctor/native.ts';
import { Progress } from '../progress.ts';
import { statusStyle } from '../style.ts';
import { clean, padEnd, wrap } from '../text.ts';

export const doctorCommand = defineCommand({
  args: {},
  async run({ args, io, style }) {
    const checks: Check[] = [];
    const progress = new Progress(io, 'checking', args.json === true || !io.interactive);
    for await (const check of examine(io, args.config)) {
      progress.done();
      checks.push(check);
      if (args.json !== true) print(check, io, style);
      progress.update(undefined, '…');
    }
    progress.done();
    const count = (status: Check['status']): number =>
      checks.filter((check) => check.status === status).length;
    if (args.json === true) printJson(io, { ok: count('fail') === 0, checks });
    else io.out(`\n${summary(count('warn'), count('fail'))}\n`);
    return count('fail') === 0 ? 0 : 1;
  },
});

async function* examine(io: CommandContext['io'], given: string | undefined): AsyncGenerator<Check> {
  const host = probeHost();
  yield checkBoard(host);
  yield checkNode(process.versions.node);
  yield checkMemory(host);
  yield checkAccelerators(host);
  yield checkThermal(host);
  yield checkClock(io.clock.wall());
  const { config, check } = examineConfig(io, given);
  yield check;
  yield* checkNative();
  yield* checkGpu(host);
  if (config === undefined) return;
  yield checkDisk(config.data);
  const daemon = new DaemonConnection(config);
  const health = await daemon.health();
  yield* checkDaemon(daemon.url, health);
  yield await checkBroker(config.broker, health !== undefined);
  yield await checkModel(config, io.clock);
}

function examineConfig(
  io: CommandContext['io'],
  given: string | undefined,
): { config?: Config; check: Check } {
  try {
    const config = readConfig(io, given);
    const file = configFile(io, given);
    const check =
      file === undefined
        ? warn('config', 'no ganglion.yaml here; the defaults hold', 'Write one: `ganglion init`.')
        : ok('config', file);
    return { config, check };
  } catch (error) {
    const remedy = isGanglionError(error) ? error.remedy : 'Mend ganglion.yaml.';
    return { check: fail('config', messageOf(error).replaceAll(/\s*\n\s*-?\s*/g, ' '), remedy) };
  }
}

function print(check: Check, io: CommandContext['io'], style: CommandContext['style']): void {
  const left = 22;
  const text = wrap(clean(check.detail), io.columns, ' '.repeat(left)).trimStart();
  const status = statusStyle(style, check.status)(padEnd(check.status, 6));
  io.out(`${status}${padEnd(check.name, left - 6)}${text}\n`);
  if (check.mend !== undefined) io.out(`${wrap(check.mend, io.columns, ' '.repeat(left))}\n`);
}

function summary(warnings: number, failures: number): string {
  const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  if (failures > 0) return `${some(failures, 'failure')}, ${some(warnings, 'warning')}.`;
  return warnings > 0 ? `All that is needed is there; ${some(warnings, 'warning')}.` : 'All is well.';
}
