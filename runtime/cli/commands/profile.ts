import { GOVERNOR_LEVELS, probeHost, type HostProbe } from '../../../devices/index.ts';
import type { StageStats, Stats } from '../../contract/api.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { boardName, checkMemory, checkThermal } from '../doctor/board.ts';
import { latencyText } from '../format.ts';
import { table } from '../table.ts';
import { clean, wrap } from '../text.ts';

export interface Bottleneck {
  readonly stage: string;
  /** Of the time that all stages took, 0–1. */
  readonly share: number;
}

export const profileCommand = defineCommand({
  args: {},
  async run({ args, io, style }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const stats = await daemon.get<Stats>('/v1/stats');
    const worst = bottleneck(stats.stages);
    // The daemon of another machine has another board.
    const board = daemon.local ? boardState(probeHost()) : undefined;
    if (args.json === true) {
      printJson(io, { ...stats, bottleneck: worst ?? null, board: board ?? null });
      return 0;
    }
    const total = sum(stats.stages);
    const rows = stats.stages.map((stage) => [
      stage.stage,
      String(stage.count),
      stage.count === 0 ? '-' : latencyText(stage.p50Ms),
      stage.count === 0 ? '-' : latencyText(stage.p99Ms),
      latencyText(stage.cpuMs),
      total === 0 ? '-' : `${Math.round((stage.cpuMs / total) * 100)} %`,
    ]);
    const right = { align: 'right' as const, min: 5 };
    const columns = [
      { title: 'STAGE', min: 10 },
      { title: 'RUNS', ...right },
      { title: 'P50', ...right },
      { title: 'P99', ...right },
      { title: 'CPU', ...right },
      { title: 'SHARE', ...right },
    ];
    io.out(table(columns, rows, io.columns));
    if (worst === undefined) io.out('\nNothing has run yet.\n');
    else {
      const share = `${Math.round(worst.share * 100)} % of the time`;
      io.out(`\nBottleneck: ${style.bold(clean(worst.stage))}, ${share}.\n`);
    }
    if (board !== undefined) {
      const level = GOVERNOR_LEVELS[stats.gauges['governor_level'] ?? 0] ?? 'normal';
      const work = level === 'normal' ? '' : ` Work is held back: level ${level}.`;
      const { name, memory, thermal } = board;
      io.out(`${wrap(`Board: ${clean(name)}; ${memory}; ${thermal}.${work}`, io.columns)}\n`);
    }
    return 0;
  },
});

/** The board, its memory and its heat, each in words. */
function boardState(host: HostProbe): Readonly<Record<'name' | 'memory' | 'thermal', string>> {
  return { name: boardName(host), memory: checkMemory(host).detail, thermal: checkThermal(host).detail };
}

/** The stage that took the most time in all; undefined before anything has run. */
export function bottleneck(stages: readonly StageStats[]): Bottleneck | undefined {
  const total = sum(stages);
  const [worst] = stages.toSorted((a, b) => b.cpuMs - a.cpuMs);
  return worst === undefined || total === 0 ? undefined : { stage: worst.stage, share: worst.cpuMs / total };
}

function sum(stages: readonly StageStats[]): number {
  return stages.reduce((total, stage) => total + stage.cpuMs, 0);
}
