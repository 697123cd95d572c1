import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Accelerator } from '../../../../devices/index.ts';
import {
  checkLlamaGpu,
  checkOnnxGpu,
  listBuilds,
  wantedGpus,
  type LlamaGpu,
} from '../../../../runtime/cli/doctor/gpu.ts';
import {
  buildCommand,
  llamaBuilds,
  packageFolder,
  type LlamaBuilds,
} from '../../../../runtime/cli/doctor/llama-builds.ts';

const card: Accelerator = { kind: 'nvidia', seenAs: '/dev/nvidia0', name: 'NVIDIA GPU' };
const jetson: Accelerator = { kind: 'jetson', seenAs: '/dev/nvhost-gpu', name: 'NVIDIA Jetson GPU' };
const graphics: Accelerator = { kind: 'gpu', seenAs: '/dev/dri/renderD128', name: 'GPU' };
const coral: Accelerator = { kind: 'coral', seenAs: '/dev/apex_0', name: 'Coral Edge TPU (PCIe)' };

function host(arch: string, accelerators: readonly Accelerator[], model = 'unknown', os = 'linux') {
  return { os, arch, accelerators, board: { model, compatible: [] } };
}

const x64: LlamaBuilds = {
  system: 'linux-x64',
  published: ['cuda', 'vulkan'],
  installed: ['cuda', 'vulkan'],
  folder: '/opt/ganglion',
};
const arm64: LlamaBuilds = { system: 'linux-arm64', published: [], installed: [], folder: '/opt/my hub' };
const failed = { ok: false, detail: 'its driver or libraries are not installed' };

function gpu(given: Partial<LlamaGpu>): LlamaGpu {
  return { kind: 'cuda', accelerator: card, host: host('x64', [card]), builds: x64, trial: failed, ...given };
}

describe('doctor: GPUs for GGUF models', () => {
  it('wants the build that fits what the board has', () => {
    const kinds = (...given: Parameters<typeof host>) => wantedGpus(host(...given)).map(({ kind }) => kind);
    expect(kinds('x64', [])).toEqual([]);
    expect(kinds('x64', [coral, card])).toEqual(['cuda']);
    expect(kinds('arm64', [jetson])).toEqual(['cuda']);
    expect(kinds('arm64', [graphics])).toEqual(['vulkan']);
    expect(kinds('arm64', [], 'unknown', 'darwin')).toEqual(['metal']);
    expect(kinds('x64', [], 'unknown', 'darwin')).toEqual([]);
  });

  it('says what runs', () => {
    const trial = { ok: true, detail: 'NVIDIA RTX 4000' };
    expect(checkLlamaGpu(gpu({ trial }))).toEqual({
      name: 'gpu',
      status: 'ok',
      detail: 'GGUF models can run on CUDA: NVIDIA RTX 4000',
    });
  });

  it('prints the command that builds what nobody publishes', () => {
    const board = host('arm64', [jetson], 'NVIDIA Jetson Orin Nano Developer Kit');
    const check = checkLlamaGpu(gpu({ accelerator: jetson, host: board, builds: arm64 }));
    expect(check).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('no prebuilt CUDA for linux-arm64'),
      mend: expect.stringContaining(
        "`cd '/opt/my hub' && npx --no node-llama-cpp source download --gpu cuda`",
      ),
    });
  });

  it('does not send the first Jetson Nano on a way that leads nowhere', () => {
    const board = host('arm64', [jetson], 'NVIDIA Jetson Nano Developer Kit');
    const check = checkLlamaGpu(gpu({ accelerator: jetson, host: board, builds: arm64 }));
    expect(check).toMatchObject({ status: 'ok', detail: expect.stringContaining('too old') });
  });

  it('tells a missing package from a missing driver', () => {
    const missing = checkLlamaGpu(gpu({ builds: { ...x64, installed: ['vulkan'] } }));
    expect(missing).toMatchObject({
      status: 'warn',
      mend: expect.stringContaining('npm ci --include=optional'),
    });
    const driver = checkLlamaGpu(gpu({}));
    expect(driver.detail).toContain('its driver or libraries are not installed');
    expect(driver.mend).toMatch(/NVIDIA driver.*nvidia-smi.*source download --gpu cuda/);
  });

  it('offers Vulkan on integrated graphics and does not call its absence a fault', () => {
    const pi = { accelerator: graphics, host: host('arm64', [graphics]), kind: 'vulkan' } as const;
    const offered = checkLlamaGpu(gpu({ ...pi, builds: arm64 }));
    expect(offered).toMatchObject({ status: 'ok', detail: expect.stringContaining('--gpu vulkan') });
    const laptop = checkLlamaGpu(gpu({ ...pi, builds: x64 }));
    expect(laptop).toMatchObject({ status: 'ok', detail: expect.stringContaining('libvulkan1') });
  });

  it('lists the builds', () => {
    expect(listBuilds(x64).detail).toBe('llama.cpp for linux-x64: CPU, CUDA, Vulkan');
    expect(listBuilds({ ...x64, installed: ['vulkan'] }).detail).toBe(
      'llama.cpp for linux-x64: CPU, Vulkan; not installed: CUDA',
    );
  });
});

describe('doctor: GPUs for ONNX models', () => {
  const cpu = { name: 'cpu', bundled: true };

  it('says how to get the CUDA parts, or that there are none', () => {
    const fetched = checkOnnxGpu(
      host('x64', [card]),
      [cpu, { name: 'cuda', bundled: true }],
      '/opt/ganglion',
    );
    expect(fetched.status).toBe('ok');
    const missing = checkOnnxGpu(
      host('x64', [card]),
      [cpu, { name: 'cuda', bundled: false }],
      '/opt/ganglion',
    );
    expect(missing.status).toBe('warn');
    expect(missing.mend).toContain(
      '`cd /opt/ganglion && node node_modules/onnxruntime-node/script/install --onnxruntime-node-install=cuda12`',
    );
    const none = checkOnnxGpu(host('arm64', [jetson]), [cpu], '/opt/ganglion');
    expect(none).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('linux-arm64 comes without CUDA'),
    });
  });
});

describe('installed builds of llama.cpp', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'ganglion-builds-'));
    const library = join(root, 'node_modules/node-llama-cpp');
    mkdirSync(library, { recursive: true });
    mkdirSync(join(root, 'node_modules/@node-llama-cpp/linux-x64-vulkan'), { recursive: true });
    const named = ['linux-arm64', 'linux-x64', 'linux-x64-cuda', 'linux-x64-vulkan', 'mac-arm64-metal'];
    const optionalDependencies = Object.fromEntries(
      named.map((name) => [`@node-llama-cpp/${name}`, '3.21.1']),
    );
    writeFileSync(join(library, 'package.json'), JSON.stringify({ optionalDependencies }));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const of = (platform: NodeJS.Platform, arch: NodeJS.Architecture) =>
    llamaBuilds(pathToFileURL(join(root, 'dist/main.js')).href, { platform, arch });

  it('are read off the packages, without loading any', () => {
    expect(of('linux', 'x64')).toEqual({
      system: 'linux-x64',
      published: ['cuda', 'vulkan'],
      installed: ['vulkan'],
      folder: root,
    });
    expect(of('linux', 'arm64')).toMatchObject({ system: 'linux-arm64', published: [], installed: [] });
    expect(of('darwin', 'arm64')).toMatchObject({ system: 'mac-arm64', published: ['metal'], installed: [] });
  });

  it('are none where the library is not', () => {
    expect(packageFolder(import.meta.url, 'no-such-package')).toBeUndefined();
  });

  it('have a build command the installed library understands', async () => {
    const builds = llamaBuilds()!;
    expect(buildCommand(builds.folder, 'cuda')).toMatch(
      /^cd \S+ && npx --no node-llama-cpp source download --gpu cuda$/,
    );
    const cli = join(builds.folder, 'node_modules/node-llama-cpp/dist/cli/cli.js');
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'source', 'download', '--help']);
    expect(stdout).toMatch(/--gpu .*"cuda", "vulkan"/);
  });
});
