import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageRoot } from './package-root.ts';

/**
 * The compiled JavaScript file of a worker thread or child process.
 * Called from compiled code it is the neighbour; called from TypeScript sources (tests) it is the same place under dist/.
 * @param from `import.meta.url` of the caller
 * @param name file name relative to the caller, ending in `.js`
 */
export function workerFile(from: string, name: string): URL {
  const here = fileURLToPath(from);
  if (!here.endsWith('.ts')) return new URL(name, from);
  const root = packageRoot(from);
  return pathToFileURL(join(root, 'dist', relative(root, dirname(here)), name));
}
