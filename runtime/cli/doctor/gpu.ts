import { dirname } from 'node:path';
import type { Accelerator, HostProbe } from '../../../devices/index.ts';
import { CUDA_INSTALL, type OnnxProvider } from '../../modelhost/engines/onnx/providers.ts';
import { ok, warn, type Check } from './check.ts';
import {
  buildCommand,
  llamaBuilds,
  packageFolder,
  shellQuoted,
  type GpuKind,
  type LlamaBuilds,
} from './llama-builds.ts';
import { tryLibrary, type Trial } from './trial.ts';

type Host = Pick<HostProbe, 'accelerators' | 'board' | 'os' | 'arch'>;

const NAMES: Readonly<Record<GpuKind, string>> = { cuda: 'CUDA', vulkan: 'Vulkan', metal: 'Metal' };

const NEEDS: Readonly<Record<GpuKind, string>> = {
  cuda: 'the CUDA toolkit (nvcc), git, CMake and a C++ compiler',
  vulkan: 'the Vulkan SDK (libvulkan-dev, glslc), git, CMake and a C++ compiler',
  metal: 'the Xcode command line tools',
};

const DRIVERS: Readonly<Record<GpuKind, string>> = {
  cuda: 'Install the NVIDIA driver and the CUDA runtime libraries, until `nvidia-smi` shows the card',
  vulkan:
    'Install the Vulkan loader and a driver (Debian: `sudo apt install libvulkan1 mesa-vulkan-drivers`)',
  metal: 'Update macOS',
};

/** Compares the GPUs of the board with the builds of the model libraries. Each library is tried in a process of its own. */
export async function* checkGpu(host: Host): AsyncGenerator<Check> {
  const builds = llamaBuilds();
  if (builds !== undefined) {
    yield listBuilds(builds);
    for (const { kind, accelerator } of wantedGpus(host))
      yield checkLlamaGpu({ kind, accelerator, host, builds, trial: await tryLibrary(`llama-${kind}`) });
  }
  if (!host.accelerators.some(isNvidia)) return;
  const { data } = await tryLibrary('onnxruntime');
  const home = packageFolder(import.meta.url, 'onnxruntime-node');
  if (Array.isArray(data) && home !== undefined)
    yield checkOnnxGpu(host, data as readonly OnnxProvider[], dirname(dirname(home)));
}

/** A kind of GPU build this board could use, and what it has that could. */
export interface WantedGpu {
  readonly kind: GpuKind;
  readonly accelerator: Accelerator;
}

/** NVIDIA's cards are best used through CUDA, other graphics through Vulkan, Apple's through Metal. */
export function wantedGpus({ accelerators, os, arch }: Host): readonly WantedGpu[] {
  if (os === 'darwin') {
    const accelerator: Accelerator = { kind: 'gpu', seenAs: 'macOS', name: 'Apple GPU' };
    return arch === 'arm64' ? [{ kind: 'metal', accelerator }] : [];
  }
  const nvidia = accelerators.find(isNvidia);
  if (nvidia !== undefined) return [{ kind: 'cuda', accelerator: nvidia }];
  const graphics = accelerators.find(({ kind }) => kind === 'gpu');
  return graphics === undefined ? [] : [{ kind: 'vulkan', accelerator: graphics }];
}

function isNvidia({ kind }: Accelerator): boolean {
  return kind === 'nvidia' || kind === 'jetson';
}

export function listBuilds({ system, installed, published }: LlamaBuilds): Check {
  const missing = published.filter((kind) => !installed.includes(kind)).map((kind) => NAMES[kind]);
  const there = ['CPU', ...installed.map((kind) => NAMES[kind])].join(', ');
  const detail = `llama.cpp for ${system}: ${there}`;
  return ok('gpu', missing.length === 0 ? detail : `${detail}; not installed: ${missing.join(', ')}`);
}

export interface LlamaGpu extends WantedGpu {
  readonly host: Host;
  readonly builds: LlamaBuilds;
  readonly trial: Trial;
}

/** Whether GGUF models can run on a GPU that is there; if not, the command that mends it. */
export function checkLlamaGpu({ kind, accelerator, host, builds, trial }: LlamaGpu): Check {
  const name = NAMES[kind];
  if (trial.ok) return ok('gpu', `GGUF models can run on ${name}: ${trial.detail}`);
  const has = `${accelerator.name} is there`;
  if (/jetson nano/i.test(host.board.model))
    return ok('gpu', `${has}, but its CUDA is too old for llama.cpp; GGUF models run on the CPU`);
  const build = `\`${buildCommand(builds.folder, kind)}\``;
  if (!builds.published.includes(kind)) {
    const detail = `${has}, but llama.cpp has no prebuilt ${name} for ${builds.system}`;
    // Graphics of small boards are seldom faster than their processors: an offer, not a fault.
    if (accelerator.kind === 'gpu')
      return ok('gpu', `${detail}; GGUF models run on the CPU. ${build} builds it; measure before using it`);
    return warn(
      'gpu',
      `${detail}; GGUF models run on the CPU`,
      `Build it: ${build}. That needs ${NEEDS[kind]}, and is lost when packages are installed anew.`,
    );
  }
  if (!builds.installed.includes(kind)) {
    return warn(
      'gpu',
      `${has}, but the ${name} build of llama.cpp is not installed`,
      `Run \`npm ci --include=optional\` in ${builds.folder}, or build it: ${build}.`,
    );
  }
  const detail = `${has}, but GGUF models cannot run on ${name}: ${trial.detail}`;
  if (accelerator.kind === 'gpu') return ok('gpu', `${detail}. ${DRIVERS[kind]} to try it`);
  return warn('gpu', detail, `${DRIVERS[kind]}. If it still fails, build for this machine: ${build}.`);
}

/** Whether ONNX models can run on NVIDIA's card. @param folder holds node_modules */
export function checkOnnxGpu({ os, arch }: Host, providers: readonly OnnxProvider[], folder: string): Check {
  const cuda = providers.find(({ name }) => name === 'cuda');
  if (cuda?.bundled === true) return ok('gpu', 'ONNX models can run on CUDA: its parts are installed');
  if (cuda === undefined)
    return ok('gpu', `ONNX Runtime for ${os}-${arch} comes without CUDA; ONNX models run on the CPU`);
  return warn(
    'gpu',
    'ONNX models run on the CPU: the CUDA parts of ONNX Runtime are not installed',
    `Fetch them: \`cd ${shellQuoted(folder)} && ${CUDA_INSTALL}\`. They need CUDA 12 and cuDNN 9.`,
  );
}
