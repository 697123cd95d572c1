import { messageOf } from '../../errors.ts';
import type { Trial } from './trial.ts';

/** What a trial found, as a sentence or in full. */
type Found = string | Trial;

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
    return { ok: true, detail, data: providers };
  },
  async tensorflow() {
    const { loadTf } = await import('../../modelhost/engines/tf/runtime.ts');
    const { backends, nativeProblem } = await loadTf();
    return `backends: ${backends.join(', ')}${nativeProblem === undefined ? '' : `; tfjs-node: ${nativeProblem}`}`;
  },
  async sharp() {
    const { default: sharp } = await import('sharp');
    const image = sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } });
    await image.resize(4).raw().toBuffer();
    return `libvips ${sharp.versions.vips}`;
  },
  'llama-cuda': async () => llamaOn('cuda'),
  'llama-vulkan': async () => llamaOn('vulkan'),
  'llama-metal': async () => llamaOn('metal'),
};

/** Starts llama.cpp on one kind of GPU. */
async function llamaOn(gpu: 'cuda' | 'vulkan' | 'metal'): Promise<Trial> {
  const { getLlama, getLlamaGpuTypes, NoBinaryFoundError } = await import('node-llama-cpp');
  const supported = await getLlamaGpuTypes('supported');
  try {
    const llama = await getLlama({ gpu, build: 'never', progressLogs: false, skipDownload: true });
    const devices = llama.gpu === gpu ? await llama.getGpuDeviceNames() : [];
    const built = llama.buildType === 'prebuilt' ? '' : ', built on this machine';
    await llama.dispose();
    return devices.length === 0
      ? { ok: false, detail: 'its driver shows no device' }
      : { ok: true, detail: `${devices.join(', ')}${built}` };
  } catch (error) {
    if (!(error instanceof NoBinaryFoundError)) throw error;
    const reason = supported.includes(gpu)
      ? 'no build of it starts here'
      : 'its driver or libraries are not installed';
    return { ok: false, detail: reason };
  }
}

async function run(name: string): Promise<Trial> {
  const trial = TRIALS[name];
  if (trial === undefined) return { ok: false, detail: 'no such library' };
  try {
    const found = await trial();
    return typeof found === 'string' ? { ok: true, detail: found } : found;
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}

process.send?.(await run(process.argv[2] ?? ''));
process.disconnect?.();
