import { getLlama, getLlamaGpuTypes, LlamaLogLevel, type Llama } from 'node-llama-cpp';
import type { Device } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';

export type EngineLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

const instances = new Map<Device, Promise<Llama>>();

/** The library with one backend, started once per process. `file` is what it is wanted for. Throws MODEL_DEVICE_MISSING. */
export async function llamaFor(device: Device, file: string, log: EngineLog): Promise<Llama> {
  let llama = instances.get(device);
  if (llama === undefined) {
    llama = start(device, file, log);
    instances.set(device, llama);
    llama.catch(() => instances.delete(device));
  }
  return llama;
}

async function start(device: Device, file: string, log: EngineLog): Promise<Llama> {
  const gpu = device === 'cpu' ? false : device;
  const missing = (reason: string, cause?: unknown): GanglionError =>
    new GanglionError('MODEL_DEVICE_MISSING', { file, device, reason }, { cause });
  if (gpu !== false && gpu !== 'auto' && !(await getLlamaGpuTypes('allValid')).includes(gpu))
    throw missing(`there is no ${NAMES[gpu]} on ${process.platform}-${process.arch}`);
  let llama: Llama;
  try {
    llama = await getLlama({
      gpu,
      // Nothing is compiled or fetched on a board: the binaries of the package work or they do not.
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      // Threads are set per context; without this the instance would lower them when two models work at once.
      maxThreads: 0,
      logLevel: LlamaLogLevel.warn,
      logger: (level, message) =>
        log(
          level === LlamaLogLevel.error || level === LlamaLogLevel.fatal ? 'warn' : 'debug',
          message.trim().slice(0, 500),
        ),
    });
  } catch (error) {
    if (gpu === false || gpu === 'auto') throw error;
    throw missing(await whatIsMissing(gpu), error);
  }
  if (gpu !== false && gpu !== 'auto' && (await llama.getGpuDeviceNames()).length === 0) {
    await llama.dispose();
    throw missing('its driver shows no device');
  }
  return llama;
}

const NAMES = { cuda: 'CUDA', vulkan: 'Vulkan', metal: 'Metal' } as const;

async function whatIsMissing(gpu: keyof typeof NAMES): Promise<string> {
  if (!(await getLlamaGpuTypes('supported')).includes(gpu))
    return `the driver and libraries of ${NAMES[gpu]} are not installed here`;
  return `the ${NAMES[gpu]} build of llama.cpp for ${process.platform}-${process.arch} is missing or does not run here; \`npx --no node-llama-cpp source download --gpu ${gpu}\` builds it`;
}
