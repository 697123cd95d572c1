import { statSync } from 'node:fs';
import type { Engine, LoadedModel, ModelSpec } from '../../contract/engine.ts';
import { GanglionError } from '../../errors.ts';
import { readHead } from '../../../quantize/index.ts';

/** Bytes of a file an engine may judge it by. */
const HEAD_BYTES = 64;

/**
 * Loads a model with the first engine that accepts its first bytes; a folder has none.
 * Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID if no engine takes it, and what the engine throws.
 */
export async function loadWith(
  engines: readonly Engine[],
  spec: ModelSpec,
  signal: AbortSignal,
): Promise<LoadedModel> {
  const folder = isFolder(spec.file);
  const head = folder ? new Uint8Array(0) : readHead(spec.file, HEAD_BYTES);
  const engine = engines.find((candidate) => candidate.accepts(spec.file, head));
  if (engine === undefined) {
    throw new GanglionError('MODEL_FILE_INVALID', {
      file: spec.file,
      expected: `a model for ${engines.map(({ name }) => name).join(' or ')}`,
      received: folder
        ? 'a folder without a model this runtime knows'
        : `a file that begins with ${JSON.stringify(Buffer.from(head.subarray(0, 8)).toString('latin1'))}`,
    });
  }
  return engine.load(spec, signal);
}

/** A path that leads nowhere is no folder; reading it says what is wrong. */
function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch {
    return false;
  }
}
