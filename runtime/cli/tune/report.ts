import { costMs, type SearchResult, type TuneSpec } from '../../../devices/index.ts';
import { formatBytes } from '../../lib/units.ts';
import { latencyText } from '../format.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';

const NAMES: Readonly<Record<keyof TuneSpec, (spec: TuneSpec) => string>> = {
  threads: ({ threads }) => `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  batchTokens: ({ batchTokens }) => `batches of ${batchTokens}`,
  contextTokens: ({ contextTokens }) => `context ${contextTokens}`,
  kvType: ({ kvType }) => `KV ${kvType}`,
  gpuLayers: ({ gpuLayers }) => (gpuLayers === 0 ? 'no layers on the GPU' : `${gpuLayers} layers on the GPU`),
  device: ({ device }) => `device ${device}`,
};

/** One setting in words: `3 threads`. */
export function settingText(name: keyof TuneSpec, spec: TuneSpec): string {
  return NAMES[name](spec);
}

/** All of them: `3 threads, batches of 64, context 4096, KV f16, no layers on the GPU`. */
export function specText(spec: TuneSpec): string {
  return (['threads', 'batchTokens', 'contextTokens', 'kvType', 'gpuLayers'] as const)
    .map((name) => settingText(name, spec))
    .join(', ');
}

/** Every setting that was visited, in the order it was, with medians. */
export function trialTable(
  trials: SearchResult['trials'],
  best: TuneSpec,
  columns: number,
  style: Style,
): string {
  const rows = trials.map(({ trying, spec, runs, measurement, problem }) => {
    const what = trying === 'check' || trying === 'start' ? specText(spec) : settingText(trying, spec);
    const mark = trying === 'check' && JSON.stringify(spec) === JSON.stringify(best) ? '*' : '';
    if (measurement === undefined || problem !== undefined)
      return [mark, what, '', '', '', '', String(runs), problem ?? ''];
    return [
      mark,
      what,
      latencyText(measurement.decisionMs),
      String(Math.round(measurement.promptTokensPerS)),
      latencyText(costMs(measurement)),
      formatBytes(measurement.memoryBytes),
      String(runs),
      '',
    ];
  });
  const right = { align: 'right' as const, min: 5 };
  return table(
    [
      { title: ' ', min: 1, style: (text) => style.good(text) },
      { title: 'SETTING', min: 16 },
      { title: 'DECISION', ...right },
      { title: 'PROMPT/S', ...right },
      { title: 'COST', ...right },
      { title: 'MEMORY', ...right },
      { title: 'RUNS', min: 4, align: 'right' },
      { title: 'PROBLEM', min: 7 },
    ],
    rows,
    columns,
  );
}
