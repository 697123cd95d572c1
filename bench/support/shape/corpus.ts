import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../runtime/lib/package-root.ts';

const PLACES = ['README.md', 'CHANGELOG.md', 'docs', 'examples', 'runtime', 'sensors', 'policies', 'devices'];
const KINDS = /\.(md|ts|yaml|json)$/;

/** The project's own text, always in the same order: what the vocabulary of a shape is learned from. */
export function ownText(root = packageRoot(import.meta.url)): readonly string[] {
  return PLACES.flatMap((place) => filesUnder(join(root, place))).map((file) => readFileSync(file, 'utf8'));
}

function filesUnder(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return KINDS.test(path) ? [path] : [];
  return readdirSync(path)
    .toSorted()
    .flatMap((name) => filesUnder(join(path, name)));
}
