import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, relative, resolve } from 'node:path';
import { checkConfig, parseYaml } from '../../config/load.ts';
import { GanglionError } from '../../errors.ts';
import { wholeNumber } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { CONFIG_FILE } from '../connection.ts';
import { boardName } from '../doctor/board.ts';
import { tryBroker } from '../doctor/broker.ts';
import { listen, type Discovered } from '../init/discover.ts';
import { configText, newPassword, writePrivate, type Findings } from '../init/write.ts';
import { embeddedSynapse } from '../../modelhost/synapse/card.ts';
import { Progress } from '../progress.ts';
import { clean, wrap } from '../text.ts';

export const initCommand = defineCommand({
  args: {
    force: { type: 'boolean', description: 'overwrite the file if it is there' },
    broker: {
      type: 'string',
      valueHint: 'URL',
      default: 'mqtt://127.0.0.1:1883',
      description: 'where to look for a broker',
    },
    listen: {
      type: 'string',
      valueHint: 'SECONDS',
      default: '4',
      description: 'how long to listen for devices',
    },
  },
  async run({ args, io }) {
    const file = resolve(io.cwd, args.config ?? CONFIG_FILE);
    const seconds = wholeNumber(args.listen, '--listen', 0, 600);
    if (existsSync(file) && args.force !== true) throw new GanglionError('FILE_EXISTS', { file });

    const { found, discovered } = await look(
      io,
      args.broker,
      seconds * 1000,
      dirname(file),
      args.json === true,
    );
    const text = configText(found);
    // What we write must be what the daemon reads.
    checkConfig(parseYaml(text, file), { file });
    writePrivate(file, text, args.force === true);

    const devices = Object.fromEntries(discovered?.devices ?? []);
    if (args.json === true)
      printJson(io, { file, broker: found.brokerUrl ?? 'embedded', board: boardName(), devices });
    else report(file, found, io);
    return 0;
  },
});

async function look(
  io: CommandContext['io'],
  brokerUrl: string,
  listenMs: number,
  folder: string,
  quiet: boolean,
): Promise<{ found: Findings; discovered: Discovered | undefined }> {
  const progress = new Progress(io, 'listening for devices', quiet);
  const refused = await tryBroker({ url: brokerUrl });
  const needsPassword = refused?.includes('password') === true;
  let discovered: Discovered | undefined;
  if (refused === undefined) {
    const stop = new AbortController();
    const forget = io.onInterrupt(() => stop.abort());
    try {
      discovered = await listen(
        { url: brokerUrl },
        listenMs,
        (fraction, count) => progress.update(fraction, `${count} found`),
        stop.signal,
      );
    } finally {
      progress.done();
      forget();
    }
  }
  const found: Findings = {
    node: nodeName(hostname()),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    brokerUrl: refused === undefined || needsPassword ? brokerUrl : undefined,
    needsPassword,
    seen: [...(discovered?.devices ?? [])].map(([dialect, names]) => {
      const shown = names.slice(0, 5).join(', ');
      return `${dialect}: ${names.length} (${shown}${names.length > 5 ? ', …' : ''})`;
    }),
    modelFile: findModel(folder),
    password: newPassword(),
  };
  return { found, discovered };
}

function report(file: string, found: Findings, io: CommandContext['io']): void {
  const name = relative(io.cwd, file) || file;
  const line = (text: string): void => io.out(`${wrap(clean(text), io.columns)}\n`);
  line(`Wrote ${name} for ${boardName()}.`);
  if (found.brokerUrl === undefined) {
    line(
      'No broker was found, so the daemon brings its own: point your devices at port 1883 of this machine.',
    );
    line(`User and password for them are in ${name}, which only you can read.`);
  } else if (found.needsPassword) {
    line(`${found.brokerUrl} wants a user and password: fill them into ${name}.`);
  } else if (found.seen.length === 0) line(`${found.brokerUrl} is there, but no device announced itself.`);
  else for (const seen of found.seen) line(seen);
  if (found.modelFile !== undefined) line(`Model: ${found.modelFile}.`);
  else if (embeddedSynapse() !== undefined)
    line('Requests in words are read by the small model that comes with Ganglion.');
  io.out('\nNext: ganglion doctor, then ganglion run\n');
}

/** Lower case, digits, - and _, as the configuration wants it. */
function nodeName(host: string): string {
  const name = host
    .split('.', 1)[0]!
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^[-_]+/g, '')
    .slice(0, 32);
  return name === '' ? 'hub' : name;
}

/** The first model in the models folder beside the file, if there is one. */
function findModel(folder: string): string | undefined {
  try {
    const models = readdirSync(resolve(folder, 'models')).filter((name) => /\.(gguf|onnx)$/.test(name));
    const [first] = models.toSorted();
    return first === undefined ? undefined : `models/${first}`;
  } catch {
    return undefined;
  }
}
