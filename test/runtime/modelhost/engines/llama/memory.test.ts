import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeShape } from '../../../../../bench/support/shape/model.ts';
import { SHAPES } from '../../../../../bench/support/shape/shapes.ts';
import { readGgufHeader, type GgufHeader } from '../../../../../quantize/index.ts';
import { loadLlama } from '../../../../../runtime/modelhost/engines/llama/load.ts';
import { checkMemory, kvCacheBytes } from '../../../../../runtime/modelhost/engines/llama/memory.ts';

let folder: string;
let file: string;
let header: GgufHeader;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-memory-'));
  // The vocabulary of a real model on next to nothing.
  const shape = {
    ...SHAPES['qwen2.5-0.5b'],
    layers: 2,
    embedding: 64,
    heads: 2,
    kvHeads: 1,
    feedForward: 64,
  };
  file = await writeShape('wide', shape, { folder, type: 'F16', text: ['on off on off'] });
  header = readGgufHeader(file, { keepArraysUpTo: 100 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the memory of a model', () => {
  it('knows the size of a KV cache', () => {
    // 2 layers of one head with a key and a value of 32 numbers.
    expect(kvCacheBytes(header, 100, 'f16')).toBe(100 * 2 * (32 + 32) * 2);
    expect(kvCacheBytes(header, 100, 'q8_0')).toBe((100 * 2 * (32 + 32) * 34) / 32);
    expect(kvCacheBytes({ ...header, metadata: new Map() }, 100, 'f16')).toBe(0);
    const uneven = new Map(header.metadata).set('qwen2.attention.head_count_kv', {
      type: 'array',
      items: 'uint32',
      length: 2,
      values: [2, 0],
    });
    expect(kvCacheBytes({ ...header, metadata: uneven }, 100, 'f16')).toBe(100 * 2 * (32 + 32) * 2);
  });

  it('is refused where it is not there, with what would be needed', () => {
    const spec = { file, contextTokens: 1000, threads: 1 };
    const needed = header.fileBytes + 3 * kvCacheBytes(header, 1000, 'f16');
    expect(() => checkMemory(spec, header, false, needed)).not.toThrow();
    expect(() => checkMemory(spec, header, false, needed - 1)).toThrow('do not fit into');
    // An accelerator has memory of its own.
    expect(() => checkMemory(spec, header, true, 0)).not.toThrow();
  });

  it('does not grow with the number of calls', async () => {
    const spec = { file, contextTokens: 512, threads: 1, device: 'cpu', batchTokens: 32 } as const;
    const model = await loadLlama(spec, new AbortController().signal, () => {});
    try {
      const session = model.session('background');
      const calls = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          if (session.tokens.length > 100) await session.rewind(1);
          await session.append([1]);
          await session.branch([2], [3, 4, 5]);
        }
      };
      await calls(20);
      const before = process.memoryUsage.rss();
      await calls(100);
      // A sampler for each call would hold 1.8 MB: 360 MB.
      expect(process.memoryUsage.rss() - before).toBeLessThan(60e6);
    } finally {
      await model.dispose();
    }
  });
});
