import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  inspectGguf,
  quantizeGguf,
  writeGguf,
  type GgufMetadata,
  type QuantizeProgress,
} from '../../../quantize/index.ts';
import { encodeHeader } from '../../../quantize/gguf/header-bytes.ts';
import { writeTinyLlama } from '../../support/gguf.ts';

let folder: string;
let input: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-quantize-'));
  input = join(folder, 'f16.gguf');
  await writeTinyLlama(input, { embd: 256, type: 'F16' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('quantizeGguf', () => {
  it('writes a model of the wanted type and tells how far it is', async () => {
    const output = join(folder, 'q4.gguf');
    const progress: QuantizeProgress[] = [];
    const result = await quantizeGguf({
      input,
      output,
      type: 'Q4_K_M',
      threads: 1,
      onProgress: (p) => progress.push(p),
    });
    const info = inspectGguf(output);
    expect(info.quantization).toBe('Q4_K_M');
    expect(info.tensorTypes['Q4_K']).toBeGreaterThan(0);
    expect(result.outputBytes).toBe(info.fileBytes);
    expect(result.inputBytes).toBe(inspectGguf(input).fileBytes);
    expect(result.bitsPerWeight).toBeGreaterThan(4);
    expect(result.bitsPerWeight).toBeLessThan(6);
    expect(progress.length).toBeGreaterThan(10);
    expect(progress.map((p) => p.fraction)).toEqual(
      progress.map((p) => p.fraction).toSorted((a, b) => a - b),
    );
    expect(progress.at(-1)?.fraction).toBe(1);
    expect(existsSync(`${output}.part`)).toBe(false);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const output = join(folder, 'aborted.gguf');
    const abort = new AbortController();
    const run = quantizeGguf({
      input,
      output,
      type: 'Q8_0',
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(run).rejects.toMatchObject({
      code: 'QUANTIZE_FAILED',
      fields: { reason: 'it was stopped' },
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('aborted'))).toEqual([]);
  });

  it('keeps an output that exists unless forced, also when the new one fails', async () => {
    const output = join(folder, 'kept.gguf');
    writeFileSync(output, 'something dear');
    await expect(quantizeGguf({ input, output, type: 'Q8_0' })).rejects.toThrow(/exists already/);
    const abort = new AbortController();
    const run = quantizeGguf({
      input,
      output,
      type: 'Q8_0',
      force: true,
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(run).rejects.toMatchObject({ code: 'QUANTIZE_FAILED' });
    expect(readFileSync(output, 'utf8')).toBe('something dear');
    await quantizeGguf({ input, output, type: 'Q8_0', force: true });
    expect(inspectGguf(output).quantization).toBe('Q8_0');
  });

  it('refuses input that cannot be quantized, saying why', async () => {
    const output = join(folder, 'never.gguf');
    const refusal = async (file: string): Promise<string> =>
      quantizeGguf({ input: file, output, type: 'Q4_0' }).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    await expect(quantizeGguf({ input, output: input, type: 'Q8_0', force: true })).rejects.toThrow(
      /same file/,
    );
    expect(await refusal(join(folder, 'absent.gguf'))).toMatch(/no such file/);
    writeFileSync(join(folder, 'cut.gguf'), readFileSync(input).subarray(0, 9000));
    expect(await refusal(join(folder, 'cut.gguf'))).toMatch(/cut short/);
    writeFileSync(join(folder, 'note.gguf'), 'this is a note to myself, not a model');
    expect(await refusal(join(folder, 'note.gguf'))).toMatch(/Expected a GGUF file/);
    const split = join(folder, 'part-00001-of-00002.gguf');
    await writeGguf(split, {
      metadata: new Map([['split.count', { type: 'uint16', value: 2 }]]),
      tensors: [],
    });
    expect(await refusal(split)).toMatch(/one part of a model split/);
    await writeTinyLlama(join(folder, 'q8.gguf'), { type: 'Q8_0' });
    expect(await refusal(join(folder, 'q8.gguf'))).toMatch(/quantized already/);
    expect(existsSync(output)).toBe(false);
    await expect(
      quantizeGguf({ input, output: join(folder, 'no', 'where.gguf'), type: 'Q8_0' }),
    ).rejects.toThrow(/cannot be written to/);
  });

  it('refuses to begin what the disk has no room for', async () => {
    const huge = join(folder, 'huge.gguf');
    const metadata: GgufMetadata = new Map([['general.architecture', { type: 'string', value: 'llama' }]]);
    // A sparse file: its header says 8 TB, its blocks are not there.
    const { header, fileBytes } = encodeHeader(huge, metadata, [
      { name: 'w', shape: [2 ** 20, 2 ** 22], type: 'F16' },
    ]);
    writeFileSync(huge, header);
    truncateSync(huge, fileBytes);
    const run = quantizeGguf({ input: huge, output: join(folder, 'x.gguf'), type: 'Q8_0' });
    await expect(run).rejects.toThrow(/about \d{7} MB are needed/);
    rmSync(huge);
  });

  it('ends and leaves nothing behind when its parent is gone', async () => {
    const output = join(folder, 'orphan.gguf');
    const face = new URL('../../../dist/quantize/index.js', import.meta.url).href;
    // The parent stands still at the first progress, so it can neither finish nor clean up.
    const script = `
      const { quantizeGguf } = await import(${JSON.stringify(face)});
      const onProgress = () => { require('node:fs').writeSync(1, 'begun'); for (;;); };
      await quantizeGguf({ input: ${JSON.stringify(input)}, output: ${JSON.stringify(output)}, type: 'Q8_0', onProgress });`;
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { createRequire } from 'node:module'; const require = createRequire('/'); ${script}`,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await new Promise((resolve) => parent.stdout.once('data', resolve));
    await vi.waitFor(() => expect(existsSync(`${output}.part`)).toBe(true), { timeout: 5000, interval: 10 });
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(`${output}.part`)).toBe(false), { timeout: 5000, interval: 10 });
    expect(existsSync(output)).toBe(false);
  });

  it('passes on why the library failed', async () => {
    const strange = join(folder, 'strange.gguf');
    await writeGguf(strange, {
      metadata: new Map([['general.architecture', { type: 'string', value: 'unheard_of' }]]),
      tensors: [{ name: 'w', shape: [32, 2], type: 'F32', values: () => new Float32Array(64) }],
    });
    await expect(
      quantizeGguf({ input: strange, output: join(folder, 'x.gguf'), type: 'Q8_0' }),
    ).rejects.toThrow(/to be quantized but .*unheard_of/);
    expect(existsSync(join(folder, 'x.gguf.part'))).toBe(false);
  });
});
