import { boardKey, probeHost, tunedSpec } from '../devices/index.ts';
import type { ModelSpec } from './contract/engine.ts';
import { canonical, modelSpec } from './modelhost/options.ts';

/** Where neither the configuration nor a measurement says otherwise: a house and a request fit into 2048 tokens. */
const OPEN = { contextTokens: 2048, device: 'auto', kvType: 'f16' } as const;

/**
 * How a model is loaded: what the configuration leaves open is as `ganglion model tune` measured it on this board, or the
 * default.
 * @param data the data folder, where the measurements are
 */
export function loadSpec(
  data: string,
  file: string,
  configured: Partial<Omit<ModelSpec, 'file'>>,
): ModelSpec {
  const path = canonical(file);
  return modelSpec(path, { ...OPEN, ...tunedSpec(data, path, boardKey(probeHost())), ...configured });
}
