/** A child process that loads one native library and uses it once: a library that crashes takes only this down. */
const TRIALS: Readonly<Record<string, () => Promise<string>>> = {
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
    const { listSupportedBackends } = await import('onnxruntime-node');
    const backends = listSupportedBackends().map((backend) => backend.name);
    return `providers: ${backends.join(', ')}`;
  },
};

const trial = TRIALS[process.argv[2] ?? ''];
try {
  process.send?.({ ok: true, detail: trial === undefined ? 'no such library' : await trial() });
} catch (error) {
  process.send?.({ ok: false, detail: error instanceof Error ? error.message : String(error) });
}
process.disconnect?.();
