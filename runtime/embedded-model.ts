import type { ModelInfo, ModelSpec } from './contract/engine.ts';
import { isGanglionError, messageOf } from './errors.ts';
import type { HealthBoard } from './health.ts';
import { settingsOf } from './model-settings.ts';
import type { Config } from './config/load.ts';
import type { ModelHost } from './modelhost/client.ts';
import { modelSpec } from './modelhost/options.ts';
import { isModelReference } from './modelhost/pull/reference.ts';
import type { Repeats } from './modelhost/repeats.ts';
import type { Asker } from './modelhost/rungs.ts';
import { embeddedSynapse, synapseAt, verifySynapse, type Synapse } from './modelhost/synapse/card.ts';
import { CONTEXT_TOKENS } from './modelhost/synapse/pose.ts';
import type { SynapseParts } from './modelhost/synapse/reader.ts';
import type { ProblemDesk } from './problems.ts';

/**
 * How the embedded model is loaded: a prompt is read in one call, and with 8 million weights a second thread costs more than
 * it brings.
 */
const SETTINGS = {
  contextTokens: CONTEXT_TOKENS,
  batchTokens: CONTEXT_TOKENS,
  threads: 1,
  device: 'cpu',
  kvType: 'f16',
} as const;

/** A slow board needs some seconds of it to start the model when it is asked for the first time. Milliseconds. */
const READ_MS = 20_000;

/** A model that is asked in the embedded model's language, and how it is loaded. */
export interface UsedSynapse extends Synapse {
  readonly spec: ModelSpec;
  /** What a request in words may take, ms. */
  readonly deadlineMs: number;
}

/**
 * The model of this sort that a configuration uses: the one that ships where no other is configured, or one that
 * `model.file` names. Undefined where there is none.
 * @throws GanglionError MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID for its card
 */
export function synapseOf({
  model,
  embedded_model: wanted,
}: Pick<Config, 'model' | 'embedded_model'>): UsedSynapse | undefined {
  if (model === undefined) {
    const own = wanted ? embeddedSynapse() : undefined;
    return own === undefined
      ? undefined
      : { ...own, spec: modelSpec(own.file, SETTINGS), deadlineMs: READ_MS };
  }
  const named = isModelReference(model.file) ? undefined : synapseAt(model.file);
  if (named === undefined) return undefined;
  const spec = modelSpec(named.file, { ...SETTINGS, ...settingsOf(model) });
  return { ...named, spec, deadlineMs: model.deadline };
}

export interface EmbeddedModelParts {
  readonly synapse: UsedSynapse;
  /** Its host; started when the first question comes, because a process takes memory that many never need. */
  readonly host: ModelHost;
  readonly repeats?: Repeats;
}

/** The embedded model of one process: its bytes are looked at once, its host is started when it is first asked. */
export class EmbeddedModel {
  readonly #parts: EmbeddedModelParts;
  #verified: Promise<void> | undefined;
  #started: Promise<void> | undefined;
  #loaded: Promise<ModelInfo> | undefined;

  constructor(parts: EmbeddedModelParts) {
    this.#parts = parts;
  }

  get file(): string {
    return this.#parts.synapse.file;
  }

  /** What asks it. */
  get asked(): SynapseParts {
    const { synapse, repeats } = this.#parts;
    const decide: Asker['decide'] = async (_, request, options) => {
      const { host } = this.#parts;
      // Both at once: a process takes longer to start than eight megabytes to read.
      await Promise.all([this.verify(), this.start()]);
      return host.decide(synapse.spec.file, request, options);
    };
    return {
      host: { decide },
      file: synapse.file,
      card: synapse.card,
      deadlineMs: synapse.deadlineMs,
      ...(repeats === undefined ? {} : { repeats }),
    };
  }

  /** A model with other bytes than those that were measured is not asked. Throws MODEL_FILE_INVALID, MODEL_FILE_UNREADABLE. */
  async verify(): Promise<void> {
    this.#verified ??= verifySynapse(this.#parts.synapse);
    await this.#verified;
  }

  /** Loads it without being asked; what goes wrong, the first question is told. */
  preload(): void {
    this.loaded().catch(() => {});
  }

  /** Settles when it is ready to be asked. Throws MODEL_…. */
  async loaded(): Promise<{ readonly info: ModelInfo; readonly loadMs: number | undefined }> {
    const { host, synapse } = this.#parts;
    await Promise.all([this.verify(), this.start()]);
    this.#loaded ??= host.load(synapse.spec);
    const info = await this.#loaded;
    return { info, loadMs: host.status.models.find(({ file }) => file === synapse.spec.file)?.loadMs };
  }

  async start(): Promise<void> {
    const { host, synapse } = this.#parts;
    host.register(synapse.spec);
    this.#started ??= host.start();
    await this.#started;
  }
}

/** Says in the daemon's health whether the model is as it should be. */
export function watchEmbedded(
  model: EmbeddedModel,
  part: string,
  health: HealthBoard,
  problems: ProblemDesk,
): void {
  health.set(part, 'ok', 'loaded when it is asked');
  model.verify().catch((error: unknown) => {
    health.set(part, 'fail', messageOf(error));
    if (isGanglionError(error)) problems.report(error, model.file);
  });
}

/** `, 13 MB, loaded in 210 ms` */
export function costsText({ memoryBytes }: ModelInfo, loadMs: number | undefined): string {
  const memory = memoryBytes === undefined ? '' : `, ${Math.round(memoryBytes / 1e6)} MB`;
  return `${memory}${loadMs === undefined ? '' : `, loaded in ${Math.round(loadMs)} ms`}`;
}
