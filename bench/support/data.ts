import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GanglionError } from '../../runtime/errors.ts';

/** The folder of public data files a bench measures with. Throws BENCH_SYSTEM where it is absent. */
export function benchData(name: string): string {
  // The bench runs from bench/ or from dist/bench/.
  const near = ['../../../shared/data', '../../../../shared/data'];
  const roots =
    process.env.GANGLION_DATA ?? near.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const paths = [roots].flat().map((root) => join(root, name));
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const reason = `${paths.join(' and ')} are absent; set GANGLION_DATA to a folder that has ${name}`;
  throw new GanglionError('BENCH_SYSTEM', { system: name, reason });
}
