import { messageOf } from '../../errors.ts';
import type { Trial } from './trial.ts';

/** What a trial found; `data` for those who want more than a sentence. */
type Found = string | { readonly detail: string; readonly data: unknown };

/** A child process that loads one native library and uses it once: a library that crashes takes only this down. */
const TRIALS: Readonly<Record<string, () => Promise<Found>>> = {
  async libsql() {
    const { default: Database } = await import('libsql');
    const database = new Database(':memory:');
    const row = database.prepare('select sqlite_version() as version').get() as { version: string };
    database.close();
    return `SQLite ${row.version}`;
  },
  async koffi() {
    const { default: koffi } = await import('koffi');
    return `${koffi.sizeof('void *') * 8}-bit calls`;
  },
  async llama() {
    const { getLlama } = await import('node-llama-cpp');
    const llama = await getLlama({ gpu: 'auto', build: 'never', progressLogs: false, skipDownload: true });
    const where = llama.gpu === false ? 'CPU' : llama.gpu;
    await llama.dispose();
    return `llama.cpp on ${where}`;
  },
  async onnxruntime() {
    const { onnxProviders } = await import('../../modelhost/engines/onnx/providers.ts');
    const providers = await onnxProviders();
    const names = (bundled: boolean): string =>
      providers
        .filter((provider) => provider.bundled === bundled)
        .map(({ name }) => name)
        .join(', ');
    const missing = names(false);
    const detail = `providers: ${names(true)}${missing === '' ? '' : `; not installed: ${missing}`}`;
    return { detail, data: providers };
  },
  'llama-cuda': async () => llamaOn('cuda'),
  'llama-vulkan': async () => llamaOn('vulkan'),
  'llama-metal': async () => llamaOn('metal'),
};

/** Starts llama.cpp on one kind of GPU. Throws what is wrong, in words for people. */
async function llamaOn(gpu: 'cuda' | 'vulkan' | 'metal'): Promise<string> {
  const { getLlama, getLlamaGpuTypes, NoBinaryFoundError } = await import('node-llama-cpp');
  const supported = await getLlamaGpuTypes('supported');
  try {
    const llama = await getLlama({ gpu, build: 'never', progressLogs: false, skipDownload: true });
    const devices = llama.gpu === gpu ? await llama.getGpuDeviceNames() : [];
    const built = llama.buildType === 'prebuilt' ? '' : ', built on this machine';
    await llama.dispose();
    if (devices.length === 0) throw new Error('its driver shows no device');
    return `${devices.join(', ')}${built}`;
  } catch (error) {
    if (!(error instanceof NoBinaryFoundError)) throw error;
    const reason = supported.includes(gpu)
      ? 'no build of it starts here'
      : 'its driver or libraries are not installed';
    throw new Error(reason, { cause: error });
  }
}

async function run(name: string): Promise<Trial> {
  const trial = TRIALS[name];
  if (trial === undefined) return { ok: false, detail: 'no such library' };
  try {
    const found = await trial();
    return typeof found === 'string' ? { ok: true, detail: found } : { ok: true, ...found };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}

process.send?.(await run(process.argv[2] ?? ''));
process.disconnect?.();
