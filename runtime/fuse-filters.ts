import type { Config } from './config/load.ts';
import type { FusionOptions } from './fuse.ts';

/** The filters of ganglion.yaml as fusion takes them. */
export function filtersOf(fuse: Config['fuse']): FusionOptions['filters'] {
  return Object.fromEntries(
    Object.entries(fuse.filters).map(([pattern, { deadband, debounce }]) => [
      pattern,
      {
        ...(deadband === undefined
          ? {}
          : {
              deadband:
                typeof deadband === 'number'
                  ? { absolute: deadband }
                  : { percent: Number.parseFloat(deadband) },
            }),
        ...(debounce === undefined ? {} : { debounceMs: debounce }),
      },
    ]),
  );
}
