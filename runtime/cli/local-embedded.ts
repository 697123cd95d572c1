import type { Config } from '../config/load.ts';
import type { Clock } from '../contract/time.ts';
import { EmbeddedModel, synapseOf, type UsedSynapse } from '../embedded-model.ts';
import { ModelHost } from '../modelhost/client.ts';
import { defaultMemoryBytes } from '../modelhost/options.ts';
import { silent } from '../lib/silent-log.ts';

/** The embedded model for one request. */
export interface LocalEmbedded {
  readonly model: EmbeddedModel;
  readonly synapse: UsedSynapse;
  stop(): Promise<void>;
}

/**
 * Starts loading the embedded model, if it is the one to be asked: its library takes the most of a second to come up, and so
 * does what asks it. Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID for its card.
 */
export function startEmbedded(
  config: Pick<Config, 'model' | 'embedded_model'>,
  clock: Clock,
): LocalEmbedded | undefined {
  const synapse = synapseOf(config);
  if (synapse === undefined) return undefined;
  const host = new ModelHost({
    clock,
    log: silent,
    random: Math.random,
    memoryBytes: defaultMemoryBytes(),
    // A person waits, and there are no rules beside it. Nothing in it needs saving.
    priority: 0,
    times: { stopMs: 0 },
  });
  const model = new EmbeddedModel({ synapse, host });
  model.preload();
  return { model, synapse, stop: async () => host.stop() };
}
