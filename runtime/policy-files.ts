import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GanglionError, messageOf } from './errors.ts';
import { fileReason } from './lib/file-reason.ts';
import type { PolicyFile } from '../policies/index.ts';

/**
 * Reads the policies of a folder (its *.yaml and *.yml files in order of name) or of one file.
 * A file that cannot be read is reported and left out.
 */
export function readPolicyFiles(
  path: string | undefined,
  onProblem: (error: GanglionError) => void,
): PolicyFile[] {
  if (path === undefined) return [];
  const files: PolicyFile[] = [];
  for (const name of namesOf(path, onProblem)) {
    try {
      files.push({ name, text: readFileSync(name, 'utf8') });
    } catch (error) {
      onProblem(
        new GanglionError('CONFIG_UNREADABLE', { file: name, reason: fileReason(error) }, { cause: error }),
      );
    }
  }
  return files;
}

function namesOf(path: string, onProblem: (error: GanglionError) => void): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => /\.ya?ml$/i.test(name) && !name.startsWith('.'))
      .toSorted()
      .map((name) => join(path, name));
  } catch (error) {
    const reason =
      (error as { code?: string }).code === 'ENOENT' ? 'there is no such file or folder' : messageOf(error);
    onProblem(new GanglionError('CONFIG_UNREADABLE', { file: path, reason }, { cause: error }));
    return [];
  }
}
