// An actuator: carries actions out, inside a pool worker. Its name is a dialect of house.yaml; the keys beside it are the
// address it gets:
//   devices:
//     notify.diary: { name: Diary, dialect: logfile, file: /tmp/diary.txt }
// and in a rule:  then: 'notify.diary.send(message: "It rains.")'

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
