import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as runtime from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  onnxProviders,
  openSession,
  providersFor,
  type OnnxProvider,
} from '../../../../../runtime/modelhost/engines/onnx/providers.ts';
import { writeTinyClassifier } from '../../../../support/onnx.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-providers-'));
  file = join(folder, 'tiny.onnx');
  writeTinyClassifier(file, { weights: [1, 0, 0, 1], bias: [0, 0] });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundled = (...names: readonly string[]): OnnxProvider[] =>
  names.map((name) => ({ name, bundled: true }));
const x64 = { platform: 'linux', arch: 'x64' };
const board = { platform: 'linux', arch: 'arm64' };

describe('onnx providers', () => {
  it('tries the accelerators that are installed before the CPU', () => {
    const there = [...bundled('cpu', 'webgpu', 'cuda'), { name: 'tensorrt', bundled: false }];
    expect(providersFor('m', 'auto', there, x64)).toEqual([['cuda', 'cpu'], ['cpu']]);
    expect(providersFor('m', 'auto', bundled('cpu'), board)).toEqual([['cpu']]);
    expect(providersFor('m', 'cpu', there, x64)).toEqual([['cpu']]);
    expect(providersFor('m', 'cuda', there, x64)).toEqual([['cuda', 'cpu']]);
    expect(providersFor('m', 'vulkan', there, x64)).toEqual([['webgpu', 'cpu']]);
    expect(providersFor('m', 'metal', bundled('cpu', 'coreml', 'webgpu'), x64)).toEqual([
      ['coreml', 'cpu'],
      ['webgpu', 'cpu'],
    ]);
  });

  it('says what is installed and how to get the rest', () => {
    const there = [...bundled('cpu', 'webgpu'), { name: 'cuda', bundled: false }];
    expect(() => providersFor('m', 'cuda', there, x64)).toThrow(
      /run m on cuda but ONNX Runtime for linux-x64 has only cpu, webgpu installed; `node .*script\/install .*cuda12`/,
    );
    expect(() => providersFor('m', 'cuda', bundled('cpu'), board)).toThrow(
      /linux-arm64 .* no CUDA parts exist/,
    );
    expect(() => providersFor('m', 'vulkan', bundled('cpu'), board)).toThrow(/only cpu installed\.$/);
  });

  it('knows the library that is installed here', async () => {
    expect(await onnxProviders()).toContainEqual({ name: 'cpu', bundled: true });
    const { session, provider, passedOver } = await openSession(runtime, file, 'cpu', {});
    expect({ provider, passedOver }).toEqual({ provider: 'cpu', passedOver: [] });
    await session.release();
  });

  it('falls back to the CPU by itself, but not where a device was asked for', async () => {
    // A library that believes to have CUDA: its parts are missing, as a driver may be.
    const hopeful = {
      InferenceSession: runtime.InferenceSession,
      listSupportedBackends: () => bundled('cpu', 'cuda') as ReturnType<typeof runtime.listSupportedBackends>,
    };
    const quiet = { logSeverityLevel: 4 } as const;
    const cudaThere = runtime
      .listSupportedBackends()
      .some(({ name, bundled: there }) => name === 'cuda' && there);
    if (cudaThere) return;
    const { session, provider, passedOver } = await openSession(hopeful, file, 'auto', quiet);
    expect(provider).toBe('cpu');
    expect(passedOver).toEqual([expect.stringMatching(/^cuda: /)]);
    await session.release();
    await expect(openSession(hopeful, file, 'cuda', quiet)).rejects.toMatchObject({
      code: 'MODEL_DEVICE_MISSING',
    });
  });

  it('throws what the library says of a damaged model', async () => {
    await expect(openSession(runtime, join(folder, 'nowhere.onnx'), 'auto', {})).rejects.toThrow(/nowhere/);
  });
});
