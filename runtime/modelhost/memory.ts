import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOfHead, inspectGguf, readHead } from '../../quantize/index.ts';
import { LANES, type KvType, type ModelSpec } from '../contract/engine.ts';
import { isLlmFolder, llmFile } from './engines/onnx/llm-folder.ts';

/** Of an f16 value: q8_0 keeps 34 bytes for 32 values, q4_0 18. */
const KV_SHARE: Readonly<Record<KvType, number>> = { f16: 1, q8_0: 34 / 64, q4_0: 18 / 64 };

/**
 * What a model will take once it is loaded, as far as its files tell: weights, and for GGUF a KV cache for each lane (other files
 * do not tell its size before they are opened). Bytes; 0 where nothing can be read, which loading will report better.
 */
export function modelBytes(spec: ModelSpec): number {
  try {
    // Such a folder often holds a model in several precisions.
    if (isLlmFolder(spec.file)) return llmFile(spec.file).sizeBytes;
    if (statSync(spec.file).isDirectory()) return folderBytes(spec.file);
    const size = statSync(spec.file).size;
    if (formatOfHead(readHead(spec.file, 8)) !== 'gguf') return size;
    const { kvBytesPerToken, contextTokens } = inspectGguf(spec.file);
    const tokens = Math.min(spec.contextTokens, contextTokens ?? Infinity) * LANES.length;
    return size + (kvBytesPerToken ?? 0) * tokens * KV_SHARE[spec.kvType ?? 'f16'];
  } catch {
    return 0;
  }
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/**
 * Bytes of memory of a process that only it holds, on Linux: RssAnon + RssShmem. Memory-mapped weights are not counted, the
 * system can drop and read them again. Undefined where there is no such file (other systems, or the process is gone).
 */
export async function ownMemoryBytes(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return parseStatus(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** `/proc/<pid>/status` → RssAnon + RssShmem in bytes. */
export function parseStatus(status: string): number | undefined {
  const anon = /^RssAnon:\s+(\d+) kB$/m.exec(status);
  if (anon === null) return undefined;
  const shared = /^RssShmem:\s+(\d+) kB$/m.exec(status);
  return (Number(anon[1]) + Number(shared?.[1] ?? 0)) * 1024;
}
