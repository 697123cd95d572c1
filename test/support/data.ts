import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the public data files lie that tests measure with; they are no part of the project. */
const ROOT = process.env.GANGLION_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

export interface DataFolder {
  readonly present: boolean;
  /** Meaningful only where `present`. */
  readonly path: string;
  /** Why a test that needs it is skipped; put it into the name of the skipped test. */
  readonly reason: string;
}

/** One folder of the public data files. Use as `describe.skipIf(!data.present)(`… ${data.reason}`, …)`. */
export function dataFolder(name: string): DataFolder {
  const path = join(ROOT, name);
  const present = existsSync(path);
  return { present, path, reason: present ? '' : `(skipped: ${path} is absent; set GANGLION_DATA)` };
}
