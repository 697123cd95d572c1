import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GanglionError, messageOf } from '../../../errors.ts';

/** Files beside a model describe it; none worth reading is larger. Bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A JSON object that lies beside a model. */
export interface Sidecar {
  readonly file: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** MODEL_FILE_INVALID about this file. */
  invalid(expected: string, received: unknown): GanglionError;
}

/** The folder that describes a model: its own, or the one above where exporters keep models in `onnx/`. */
export function folderOf(modelFile: string): string {
  const folder = dirname(modelFile);
  return basename(folder) === 'onnx' ? dirname(folder) : folder;
}

/** The JSON object in that file; undefined if there is no such file. Throws MODEL_FILE_INVALID, MODEL_FILE_UNREADABLE. */
export function readSidecar(folder: string, name: string): Sidecar | undefined {
  const file = join(folder, name);
  const text = readText(file);
  if (text === undefined) return undefined;
  const invalid = (expected: string, received: unknown): GanglionError =>
    new GanglionError('MODEL_FILE_INVALID', {
      file,
      expected,
      received: typeof received === 'string' ? received : JSON.stringify(received).slice(0, 80),
    });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw invalid('JSON', `text that is none: ${messageOf(error).slice(0, 80)}`);
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw invalid('a JSON object', Array.isArray(data) ? 'a list' : data);
  return { file, data: data as Readonly<Record<string, unknown>>, invalid };
}

/** The lines of a text file beside a model, without empty ones; undefined if there is no such file. */
export function readLines(folder: string, name: string): readonly string[] | undefined {
  return readText(join(folder, name))
    ?.split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function readText(file: string): string | undefined {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile()) return undefined;
    if (found.size > MAX_BYTES) {
      throw new GanglionError('MODEL_FILE_INVALID', {
        file,
        expected: `at most ${MAX_BYTES} bytes`,
        received: `${found.size}`,
      });
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  }
}
