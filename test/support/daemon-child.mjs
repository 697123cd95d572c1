/**
 * A daemon as a process of its own, started by test/support/daemon.ts. Its configuration file is the first argument.
 * Events and answers go to the parent over IPC; when the parent goes, so does this.
 */
import { createRuntime, loadConfig } from '../../dist/runtime/index.js';

const say = (message) => process.connected && process.send(message);
const line = (level) => (fields, message) =>
  say({ type: 'log', level, message, fields: String(fields.err ?? '') });
const log = { debug() {}, info: line('info'), warn: line('warn'), error: line('error') };

/** The machine's clocks, moved on by what the test has let pass. Timers run by the real time. */
let passedMs = 0;
const clock = {
  wall: () => Date.now() + passedMs,
  mono: () => performance.now() + passedMs,
  schedule(delayMs, task) {
    const timer = setTimeout(() => task(), Math.min(delayMs, 2 ** 31 - 1)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

const runtime = createRuntime(loadConfig(process.argv[2]), { log, clock });
process.once('disconnect', () => process.exit());
process.on('SIGINT', () => void runtime.stop().then(() => process.exit(0)));
process.on('message', (message) => void answer(message));
async function answer({ id, method, args }) {
  try {
    if (method === 'pass') passedMs += args[0];
    const result = await (method === 'pass' ? undefined : runtime.api[method](...args));
    say({ type: 'answer', id, result });
  } catch (error) {
    say({ type: 'answer', id, error: String(error) });
  }
}
try {
  const starting = runtime.start();
  await starting;
  runtime.api.subscribe((event) => event.type !== 'reading' && say({ type: 'event', event }));
  say({ type: 'started', url: runtime.url });
} catch (error) {
  say({ type: 'failed', code: error.code, message: error.message });
  await runtime.stop();
  process.disconnect();
}
