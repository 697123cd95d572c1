import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GanglionError, messageOf } from '../../errors.ts';
import { packageRoot } from '../../lib/package-root.ts';

const share = z.number().min(0).max(1);

/** What lies beside the embedded model and is measured with it: how sure its answers are, and how good. */
const cardSchema = z.object({
  /** Marks the file as such a card, and tells how it is written. */
  synapse: z.literal(1),
  name: z.string().min(1).max(100),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().positive(),
  parameters: z.number().int().positive(),
  quantization: z.string(),
  licence: z.string(),
  /** ISO 639-1 codes of what it was trained on. */
  languages: z.array(z.string().regex(/^[a-z]{2,3}$/)).min(1),
  /** Fitted on held-out decisions; its probabilities are read with it. */
  temperature: z.number().min(0.05).max(20),
  /** Below this probability nothing is done. */
  threshold: share,
  calibration: z
    .object({
      decisions: z.number().int(),
      nll: z.number(),
      nllUnfitted: z.number(),
      /** Expected calibration error, ten bins. */
      error: share,
      errorUnfitted: share,
      /** Of held-out refusals, at the threshold. */
      refusalsActed: share,
    })
    .optional(),
  /** Shares of 1, by task. */
  accuracies: z.record(z.string(), share).optional(),
  training: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

export type SynapseCard = Readonly<z.output<typeof cardSchema>>;

/** The embedded model's file and what is known of it. */
export interface Synapse {
  readonly file: string;
  readonly card: SynapseCard;
}

/**
 * The model that ships with the package; undefined where there is none.
 * @param root the package's folder, above the compiled files as above the sources
 * @throws GanglionError MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID for its card
 */
export function embeddedSynapse(root = packageRoot(import.meta.url)): Synapse | undefined {
  const file = join(root, 'models/synapse/synapse.gguf');
  if (!existsSync(file)) return undefined;
  return { file, card: readCard(cardFile(file)) };
}

/**
 * A model of this sort at another place: a GGUF file with such a card beside it. Undefined for any other model.
 * @throws GanglionError MODEL_FILE_INVALID if what marks itself as a card is none
 */
export function synapseAt(file: string): Synapse | undefined {
  const beside = cardFile(file);
  if (beside === file || !existsSync(beside)) return undefined;
  try {
    const content: unknown = JSON.parse(readFileSync(beside, 'utf8'));
    if (typeof content !== 'object' || content === null || !('synapse' in content)) return undefined;
  } catch {
    // Somebody else's file.
    return undefined;
  }
  return { file, card: readCard(beside) };
}

/** `synapse.gguf` → `synapse.json` */
export function cardFile(file: string): string {
  return file.replace(/\.gguf$/, '.json');
}

function readCard(file: string): SynapseCard {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  }
  const parsed = cardSchema.safeParse(content);
  if (parsed.success) return Object.freeze(parsed.data);
  const [issue] = parsed.error.issues;
  const received = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'something else'}`;
  throw new GanglionError('MODEL_FILE_INVALID', { file, expected: "an embedded model's card", received });
}

/**
 * Compares the model's bytes with its card. Nothing is done with a model that is not the one that was measured.
 * @throws GanglionError MODEL_FILE_INVALID, MODEL_FILE_UNREADABLE
 */
export async function verifySynapse({ file, card }: Synapse): Promise<void> {
  const received = await sha256Of(file);
  if (received === card.sha256) return;
  throw new GanglionError('MODEL_FILE_INVALID', {
    file,
    expected: `the model of ${cardFile(file)} (SHA-256 ${card.sha256.slice(0, 16)}…)`,
    received: `other bytes (SHA-256 ${received.slice(0, 16)}…)`,
  });
}

/** In pieces, so that whoever else wants the thread gets it in between. Hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  }
  return hash.digest('hex');
}
