// An actuator: carries actions out, inside a pool worker. Give an entity its dialect in house.yaml:
//   notify.diary: { name: Diary, dialect: logfile, file: /tmp/diary.txt }

import { appendFile } from 'node:fs/promises';

/** @type {import('ganglion').Actuator} */
const logfile = {
  name: 'logfile',
  async perform(tasks, signal) {
    const results = [];
    for (const { action, target } of tasks) {
      try {
        const line = `${new Date().toISOString()} ${action.entity}.${action.command} ${JSON.stringify(action.args)}\n`;
        await appendFile(target.address.file ?? 'ganglion-diary.txt', line, { signal });
        results.push({ status: 'acknowledged' });
      } catch (error) {
        results.push({ status: 'failed', detail: error.message });
      }
    }
    return results;
  },
};

/** @type {import('ganglion').Extension} */
export default { name: 'logfile', actuators: [logfile] };
