import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const NATIVE = new Set([
  'node-llama-cpp',
  'onnxruntime-node',
  '@huggingface/transformers',
  'koffi',
  'sharp',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-wasm',
]);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Packages that importing a file loads: follows what is imported when the module is, types and `import()` left out. */
function packagesOf(entry: string): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const queue = [resolve(root, entry)];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, names, from] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) ((?!type )[^;]*?) ?(?:from )?'([^']+)';/gms,
    )) {
      if (/^\{\s*(type [\w ]+,?\s*)+\}$/.test(names!)) continue;
      if (from!.startsWith('.')) queue.push(resolve(dirname(file), from!));
      else packages.add(from!);
    }
  }
  return packages;
}

describe('the main process', () => {
  it.each([
    'runtime/modelhost/client.ts',
    'runtime/modelhost/rungs.ts',
    'runtime/modelhost/options.ts',
    'runtime/modelhost/engines/llama/accepts.ts',
    'quantize/index.ts',
    'runtime/cli/doctor/gpu.ts',
    'runtime/cli/doctor/model.ts',
  ])('loads nothing native through %s', (entry) => {
    expect([...packagesOf(entry)].filter((name) => NATIVE.has(name))).toEqual([]);
  });

  it('would notice', () => {
    expect([...packagesOf('runtime/modelhost/engines/llama/load.ts')]).toContain('node-llama-cpp');
    expect([...packagesOf('quantize/gguf/worker.ts')]).toContain('koffi');
    // The host loads llama.cpp with the first GGUF, not before.
    expect([...packagesOf('runtime/modelhost/host.ts')].filter((name) => NATIVE.has(name))).toEqual([]);
  });
});
