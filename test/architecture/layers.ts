import type { SourceFile } from '../support/source.ts';

/** The four folders of the domain: they know the contract, never each other nor the daemon around them. */
export const PARTS = ['sensors', 'policies', 'devices', 'quantize'] as const;
export const PRODUCT = ['runtime', ...PARTS, 'bench', 'examples'] as const;

const BASE = ['runtime/contract', 'runtime/errors', 'runtime/lib'] as const;

/** What a file belongs to, from the bottom up. */
export function layerOf(path: string): string {
  if (path === 'runtime/errors.ts') return 'runtime/errors';
  const base = BASE.find((folder) => path.startsWith(`${folder}/`));
  if (base !== undefined) return base;
  if (path.startsWith('runtime/cli/')) return 'runtime/cli';
  return path.split('/')[0] ?? '';
}

/** Which layers each layer may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'runtime/contract': [],
  'runtime/errors': ['runtime/contract'],
  'runtime/lib': ['runtime/contract', 'runtime/errors'],
  sensors: BASE,
  policies: BASE,
  devices: BASE,
  quantize: BASE,
  runtime: [...BASE, ...PARTS],
  'runtime/cli': [...BASE, ...PARTS, 'runtime', 'bench'],
  bench: [...BASE, ...PARTS, 'runtime', 'models'],
  models: [...BASE, ...PARTS, 'runtime'],
  examples: [...BASE, 'runtime'],
};

/** One sentence for each import that goes against the direction or past a face. */
export function brokenImports(files: readonly SourceFile[]): string[] {
  const problems: string[] = [];
  for (const file of files) {
    const layer = layerOf(file.path);
    const allowed = MAY_IMPORT[layer];
    for (const { specifier, target, local } of file.imports) {
      if (!local) continue;
      const other = layerOf(target);
      if (other === layer) continue;
      if (allowed?.includes(other) !== true) {
        const list = allowed === undefined || allowed.length === 0 ? 'nothing else' : allowed.join(', ');
        problems.push(`${file.path} imports ${specifier}: ${layer} may import ${layer} and ${list}.`);
      } else if (isPart(other) && target !== `${other}/index.ts`) {
        problems.push(
          `${file.path} imports ${specifier}: ${other} is entered through ${other}/index.ts only.`,
        );
      } else if (other === 'bench' && target !== 'bench/main.ts') {
        problems.push(`${file.path} imports ${specifier}: bench is entered through bench/main.ts only.`);
      }
    }
  }
  return problems;
}

function isPart(layer: string): boolean {
  return PARTS.some((part) => part === layer);
}

/** Every cycle of imports that survive compilation, each named once, as `a.ts → b.ts → a.ts`. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports.filter((entry) => entry.local && !entry.typeOnly).map((entry) => entry.target),
    ]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string): void => {
    state.set(path, 'open');
    trail.push(path);
    for (const target of edges.get(path) ?? []) {
      const seen = state.get(target);
      if (seen === 'open') cycles.push([...trail.slice(trail.indexOf(target)), target].join(' → '));
      else if (seen === undefined && edges.has(target)) visit(target);
    }
    trail.pop();
    state.set(path, 'done');
  };
  for (const path of edges.keys()) if (!state.has(path)) visit(path);
  return cycles;
}
