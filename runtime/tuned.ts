import { boardKey, probeHost, tunedSpec, type TuneSpec } from '../devices/index.ts';
import type { Config } from './config/load.ts';
import { canonical } from './modelhost/options.ts';

/** Tuned settings by file, under its one name. */
export type Tunings = ReadonlyMap<string, TuneSpec>;

/** What `ganglion model tune` found for the configured models on this board; those it never measured are not in it. */
export function tuningsOf(config: Pick<Config, 'data' | 'model' | 'models'>): Tunings {
  const files = [config.model, ...Object.values(config.models)].flatMap((model) =>
    model === undefined ? [] : [canonical(model.file)],
  );
  if (files.length === 0) return new Map();
  const board = boardKey(probeHost());
  return new Map(
    files.flatMap((file) => {
      const tuned = tunedSpec(config.data, file, board);
      return tuned === undefined ? [] : [[file, tuned] as const];
    }),
  );
}
