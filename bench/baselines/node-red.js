/**
 * Node-RED as it comes (editor on, default nodes), in a folder of its own, with the flow of node-red-flow.js.
 *
 * node node-red.js '{"port":1883,"qos":1,"rules":[…],"folder":"/tmp/…","uiPort":1880}'
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { nodeRedFlow } from './node-red-flow.js';

const plan = JSON.parse(process.argv[2]);
const settings = {
  uiHost: '127.0.0.1',
  uiPort: plan.uiPort,
  flowFile: 'flows.json',
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'error', metrics: false, audit: false } },
};
writeFileSync(join(plan.folder, 'flows.json'), JSON.stringify(nodeRedFlow(plan)));
writeFileSync(join(plan.folder, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
process.argv.splice(2, 1, '--userDir', plan.folder, '--settings', join(plan.folder, 'settings.js'));
createRequire(import.meta.url)('node-red/red.js');
