import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelDigest } from '../../../../runtime/modelhost/prefix/digest.ts';

const MIB = 1024 * 1024;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-digest-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  writeFileSync(join(root, name), text);
  return join(root, name);
}

/** A hole of that size, which takes no space. */
function large(name: string, bytes: number): string {
  const path = file(name, '');
  truncateSync(path, bytes);
  utimesSync(path, 1000, 1000);
  return path;
}

function poke(path: string, at: number): void {
  const handle = openSync(path, 'r+');
  writeSync(handle, 'x', at);
  closeSync(handle);
  utimesSync(path, 1000, 1000);
}

describe('modelDigest', () => {
  it('is of the content, wherever the file lies', async () => {
    const a = await modelDigest([file('a.gguf', 'weights')]);
    expect(a).toMatch(/^[0-9a-f]{64}$/);
    utimesSync(join(root, 'a.gguf'), 1, 1);
    cpSync(join(root, 'a.gguf'), join(root, 'b.gguf'));
    symlinkSync(join(root, 'a.gguf'), join(root, 'link.gguf'));
    expect(await modelDigest([join(root, 'b.gguf')])).toBe(a);
    expect(await modelDigest([join(root, 'link.gguf')])).toBe(a);
    expect(await modelDigest([file('c.gguf', 'weightt')])).not.toBe(a);
    expect(await modelDigest([file('d.gguf', 'weights ')])).not.toBe(a);
  });

  it('takes adapters into account, and which file is which', async () => {
    const model = file('m.gguf', 'model');
    const adapter = file('lora.gguf', 'adapter');
    const digests = await Promise.all(
      [[model], [model, adapter], [adapter, model], [adapter]].map(modelDigest),
    );
    expect(new Set(digests).size).toBe(4);
  });

  it('sees a change in the head, at the end, in sampled blocks and in the time of a large file', async () => {
    const size = 70 * MIB + 123;
    const path = large('large.gguf', size);
    const seen = [await modelDigest([path])];
    for (const at of [0, MIB - 1, size - 1, Math.floor((100 * (size - 65_536)) / 255) + 7]) {
      poke(path, at);
      seen.push(await modelDigest([path]));
    }
    utimesSync(path, 1000, 1001);
    seen.push(await modelDigest([path]));
    appendFileSync(path, 'x');
    utimesSync(path, 1000, 1001);
    seen.push(await modelDigest([path]));
    expect(new Set(seen).size).toBe(seen.length);
    expect(await modelDigest([path])).toBe(seen.at(-1));
    expect(statSync(path).size).toBe(size + 1);
  });

  it('reads all files of a folder and their names', async () => {
    const make = (name: string, files: Record<string, string>): string => {
      mkdirSync(join(root, name, 'onnx'), { recursive: true });
      for (const [path, text] of Object.entries(files)) writeFileSync(join(root, name, path), text);
      return join(root, name);
    };
    const files = { 'config.json': '{}', 'onnx/model.onnx': 'abc', 'onnx/model.onnx_data': 'def' };
    const one = await modelDigest([make('one', files)]);
    expect(await modelDigest([make('two', files)])).toBe(one);
    expect(await modelDigest([make('three', { ...files, 'onnx/model.onnx_data': 'deg' })])).not.toBe(one);
    const swapped = { ...files, 'onnx/model.onnx': 'def', 'onnx/model.onnx_data': 'abc' };
    expect(await modelDigest([make('four', swapped)])).not.toBe(one);
  });

  it('reads all parts of a model in parts', async () => {
    const first = file('m-00001-of-00002.gguf', 'one');
    await expect(modelDigest([first])).rejects.toMatchObject({ code: 'MODEL_FILE_UNREADABLE' });
    file('m-00002-of-00002.gguf', 'two');
    const before = await modelDigest([first]);
    file('m-00002-of-00002.gguf', 'owt');
    expect(await modelDigest([first])).not.toBe(before);
  });

  it('names a file that cannot be read', async () => {
    const missing = join(root, 'missing.gguf');
    await expect(modelDigest([missing])).rejects.toMatchObject({
      code: 'MODEL_FILE_UNREADABLE',
      fields: { file: missing },
    });
    symlinkSync(root, join(root, 'round'));
    await expect(modelDigest([root])).rejects.toThrow('folders more than 6 deep');
  });
});
