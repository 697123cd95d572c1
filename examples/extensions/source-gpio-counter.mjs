// A source: delivers readings of its own, here how often a file changed (think: a pulse counter in /sys).
// ganglion.yaml:  extensions: [./examples/extensions/source-gpio-counter.mjs]

import { readFile } from 'node:fs/promises';

const FILE = process.env.PULSE_FILE ?? '/proc/uptime';
const INTERVAL_MS = 1000;

/** @returns {import('ganglion').Source} */
function pulseSource() {
  let timer;
  return {
    name: 'pulse',
    // Resolves as soon as the source is trying; what goes wrong later is a status, not an exception.
    async start(sink, signal) {
      const read = async () => {
        try {
          const value = Number.parseFloat(await readFile(FILE, 'utf8'));
          const now = { at: Date.now(), received: performance.now() };
          sink.readings([{ key: 'sensor.pulse.count', value, ...now, retained: false }]);
          sink.status('pulse', true, `reading ${FILE}`);
        } catch (error) {
          sink.status('pulse', false, `${FILE} cannot be read: ${error.message}`);
        }
      };
      timer = setInterval(read, INTERVAL_MS);
      signal.addEventListener('abort', () => clearInterval(timer));
      await read();
    },
    async stop() {
      clearInterval(timer);
    },
  };
}

/** @type {import('ganglion').Extension} */
export default { name: 'pulse-counter', sources: [pulseSource()] };
