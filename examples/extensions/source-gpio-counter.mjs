// A source: delivers readings of its own, here a number from a file once a second (think: a pulse counter in /sys).
// They are sensor.pulse.count. Start the daemon with PULSE_FILE=/sys/… to read another file.

import { readFile } from 'node:fs/promises';

const FILE = process.env.PULSE_FILE ?? '/proc/uptime';
const INTERVAL_MS = 1000;

/** @returns {import('ganglion').Source} */
function pulseSource() {
  let timer;
  let worked;
  // A status is news: it is told when it changes.
  const tell = (sink, works, detail) => {
    if (works !== worked) sink.status('pulse', works, detail);
    worked = works;
  };
  return {
    name: 'pulse',
    // Resolves as soon as the source is trying; what goes wrong later is a status, not an exception.
    async start(sink, signal) {
      const read = async () => {
        try {
          const value = Number.parseFloat(await readFile(FILE, 'utf8'));
          const now = { at: Date.now(), received: performance.now() };
          sink.readings([{ key: 'sensor.pulse.count', value, ...now, retained: false }]);
          tell(sink, true, `reading ${FILE}`);
        } catch (error) {
          tell(sink, false, `${FILE} cannot be read: ${error.message}`);
        }
      };
      timer = setInterval(() => void read(), INTERVAL_MS);
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
