import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../../../contract/engine.ts';
import { GanglionError, messageOf } from '../../../errors.ts';

type Runtime = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'listSupportedBackends'>;

/** An execution provider the library was built for. */
export interface OnnxProvider {
  /** `cpu`, `cuda`, `webgpu`, `coreml`, `dml`, … */
  readonly name: string;
  /** Its files are installed. CUDA's are too large for npm and come by the library's install script. */
  readonly bundled: boolean;
}

export interface Platform {
  /** `linux`, `darwin`, `win32` */
  readonly platform: string;
  readonly arch: string;
}

/** The providers of a device, best first: Vulkan is reached through WebGPU, Metal through Core ML or WebGPU. */
const OF_DEVICE: Readonly<Record<Exclude<Device, 'auto'>, readonly string[]>> = {
  cpu: ['cpu'],
  cuda: ['cuda'],
  vulkan: ['webgpu'],
  metal: ['coreml', 'webgpu'],
};

/**
 * What `auto` tries before the CPU. WebGPU is left out: it also starts on drivers that are slower than the CPU, and only a
 * measurement tells. The device `vulkan` asks for it.
 */
const AUTOMATIC: readonly string[] = ['cuda', 'coreml', 'dml'];

/** What this build of the library can use. Imports it: only for the model host and for processes of their own. */
export async function onnxProviders(): Promise<readonly OnnxProvider[]> {
  const { listSupportedBackends } = await import('onnxruntime-node');
  return listSupportedBackends().map(({ name, bundled }) => ({ name, bundled }));
}

/**
 * The lists of providers to try in turn. Whatever an accelerator cannot compute falls to the CPU, which ends each list.
 * Throws MODEL_DEVICE_MISSING where the device asked for has no installed provider.
 */
export function providersFor(
  file: string,
  device: Device,
  there: readonly OnnxProvider[],
  platform: Platform = process,
): readonly (readonly string[])[] {
  const installed = (name: string): boolean => there.some((one) => one.name === name && one.bundled);
  if (device === 'auto') return [...AUTOMATIC.filter(installed).map((name) => [name, 'cpu']), ['cpu']];
  const wanted = OF_DEVICE[device].filter(installed);
  if (wanted.length === 0)
    throw new GanglionError('MODEL_DEVICE_MISSING', {
      file,
      device,
      reason: missing(device, there, platform),
    });
  return wanted.map((name) => (name === 'cpu' ? ['cpu'] : [name, 'cpu']));
}

/** Why there is none, what there is, and how to get it if that is possible. */
function missing(device: Device, there: readonly OnnxProvider[], { platform, arch }: Platform): string {
  const have = there
    .filter(({ bundled }) => bundled)
    .map(({ name }) => name)
    .join(', ');
  const only = `ONNX Runtime for ${platform}-${arch} has only ${have} installed`;
  if (device !== 'cuda') return only;
  return there.some(({ name }) => name === 'cuda')
    ? `${only}; \`${CUDA_INSTALL}\` fetches its CUDA parts`
    : `${only}, and no CUDA parts exist for it`;
}

/** Fetches the parts that are too large for npm, in the folder that holds node_modules. onnxruntime-node/script/install.js. */
export const CUDA_INSTALL =
  'node node_modules/onnxruntime-node/script/install --onnxruntime-node-install=cuda12';

export interface OpenedSession {
  readonly session: InferenceSession;
  /** The provider that runs it. */
  readonly provider: string;
  /** Providers that `auto` tried before, and why each did not do. */
  readonly passedOver: readonly string[];
}

/**
 * Opens a model on a device. `auto` falls back to the CPU; a device asked for by name does not.
 * Throws MODEL_DEVICE_MISSING; what the library throws on the last try is thrown on.
 */
export async function openSession(
  runtime: Runtime,
  file: string,
  device: Device,
  options: InferenceSession.SessionOptions,
): Promise<OpenedSession> {
  const attempts = providersFor(file, device, runtime.listSupportedBackends());
  const passedOver: string[] = [];
  for (const [i, executionProviders] of attempts.entries()) {
    const provider = executionProviders[0]!;
    try {
      const session = await runtime.InferenceSession.create(file, { ...options, executionProviders });
      return { session, provider, passedOver };
    } catch (error) {
      const reason = messageOf(error).split('\n')[0]!.slice(0, 300);
      if (i < attempts.length - 1) {
        passedOver.push(`${provider}: ${reason}`);
        continue;
      }
      if (provider === 'cpu') throw error;
      const failed = `its provider ${provider} did not start: ${reason}`;
      throw new GanglionError('MODEL_DEVICE_MISSING', { file, device, reason: failed }, { cause: error });
    }
  }
  throw new GanglionError('MODEL_DEVICE_MISSING', { file, device, reason: 'it has no provider' });
}
