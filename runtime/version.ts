import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './lib/package-root.ts';

/** The version in package.json. */
export function packageVersion(): string {
  return manifest().version;
}

/** The version of a library that package.json names exactly; undefined for one it does not name. */
export function libraryVersion(name: string): string | undefined {
  return manifest().dependencies[name];
}

function manifest(): { readonly version: string; readonly dependencies: Readonly<Record<string, string>> } {
  const text = readFileSync(join(packageRoot(import.meta.url), 'package.json'), 'utf8');
  return JSON.parse(text) as ReturnType<typeof manifest>;
}
