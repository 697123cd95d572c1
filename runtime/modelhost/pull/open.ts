import type { Clock } from '../../contract/time.ts';
import { defaultModelsFolder, hubSettings } from './settings.ts';
import { ModelStore } from './store.ts';

export interface OpenOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** The models folder that the configuration names, or the usual one. Touches neither disk nor network. Throws MODEL_REFERENCE_INVALID for HF_ENDPOINT. */
export function modelStore(
  config: { readonly models_folder?: string | undefined },
  { env = process.env, ...options }: OpenOptions = {},
): ModelStore {
  return new ModelStore({
    folder: config.models_folder ?? defaultModelsFolder(env),
    hub: hubSettings(env),
    ...options,
  });
}
