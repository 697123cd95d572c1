import { createHash, type Hash } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GanglionError, isGanglionError, messageOf } from '../../errors.ts';

/** Files up to this size are read in full. */
const WHOLE_BYTES = 32 * 1024 * 1024;
const HEAD_BYTES = 1024 * 1024;
const BLOCKS = 256;
const BLOCK_BYTES = 64 * 1024;
const MAX_FILES = 4096;
const MAX_DEPTH = 6;

/**
 * Tells models apart, for what was worked out with one must not be used with another: SHA-256 over files, folders (their
 * files by relative name) and GGUF files in several parts. Take it before the model is loaded, so that a file replaced in
 * between cannot pass for the loaded one.
 *
 * Reading 4 GB from an SD card takes a minute and a half, and a decision should not wait for it. Of a file over 32 MB this
 * reads 17 MB: the first 1 MB, and 256 blocks of 64 KB evenly spaced to the end. To be mistaken for each other two files
 * would have to agree in all of them, **and in size and modification time to the nanosecond**: another quantization or
 * fine-tune differs in nearly every tensor, so in nearly every block, and a file edited in place between two blocks has
 * another time. A copy with a new time counts as another model, which costs one cold start.
 *
 * 64 hexadecimal digits. Throws MODEL_FILE_UNREADABLE.
 */
export async function modelDigest(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    try {
      for (const { name, file } of await filesOf(path)) await addFile(hash, name, file);
      hash.update('\n');
    } catch (error) {
      if (isGanglionError(error)) throw error;
      throw new GanglionError(
        'MODEL_FILE_UNREADABLE',
        { file: path, reason: messageOf(error) },
        { cause: error },
      );
    }
  }
  return hash.digest('hex');
}

interface Named {
  /** What the digest knows it by: the relative name in a folder, the number of a part; where a model lies does not matter. */
  readonly name: string;
  readonly file: string;
}

async function filesOf(path: string): Promise<readonly Named[]> {
  if ((await stat(path)).isDirectory()) {
    const out: Named[] = [];
    await walk(path, '', 0, out);
    return out.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
  const part = /^(.*)-\d{5}-of-(\d{5})\.gguf$/.exec(basename(path));
  if (part === null) return [{ name: '', file: path }];
  const [, stem = '', count = ''] = part;
  if (Number(count) > MAX_FILES) throw unreadable(path, `it says it has ${Number(count)} parts`);
  return Array.from({ length: Number(count) }, (_, i) => {
    const name = `${i + 1}`.padStart(5, '0');
    return { name, file: join(dirname(path), `${stem}-${name}-of-${count}.gguf`) };
  });
}

async function walk(root: string, under: string, depth: number, out: Named[]): Promise<void> {
  if (depth > MAX_DEPTH) throw unreadable(root, `it has folders more than ${MAX_DEPTH} deep`);
  for (const entry of await readdir(join(root, under))) {
    const name = under === '' ? entry : `${under}/${entry}`;
    const file = join(root, name);
    const found = await stat(file);
    if (found.isDirectory()) await walk(root, name, depth + 1, out);
    else if (found.isFile() && out.push({ name, file }) > MAX_FILES) {
      throw unreadable(root, `it has more than ${MAX_FILES} files`);
    }
  }
}

function unreadable(file: string, reason: string): GanglionError {
  return new GanglionError('MODEL_FILE_UNREADABLE', { file, reason });
}

async function addFile(hash: Hash, name: string, file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const { size, mtimeNs } = await handle.stat({ bigint: true });
    const bytes = Number(size);
    const whole = bytes <= WHOLE_BYTES;
    hash.update(`${JSON.stringify(name)} ${size}${whole ? '' : ` ${mtimeNs}`}\n`);
    if (whole) await addRange(hash, handle, 0, bytes);
    else {
      await addRange(hash, handle, 0, HEAD_BYTES);
      for (let i = 0; i < BLOCKS; i++) {
        const at = Math.floor((i * (bytes - BLOCK_BYTES)) / (BLOCKS - 1));
        await addRange(hash, handle, at, at + BLOCK_BYTES);
      }
    }
    const after = await handle.stat({ bigint: true });
    if (after.size !== size || after.mtimeNs !== mtimeNs)
      throw unreadable(file, 'it changed while it was read');
  } finally {
    await handle.close();
  }
}

async function addRange(hash: Hash, handle: FileHandle, from: number, to: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(HEAD_BYTES, to - from));
  for (let at = from; at < to;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
