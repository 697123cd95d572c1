import { fileURLToPath } from 'node:url';
import { GanglionError, isGanglionError } from '../runtime/errors.ts';
import { didYouMean } from '../runtime/lib/suggest.ts';
import { runBench, type Bench } from './harness.ts';

/** Every bench by its name, loaded when it is run. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  e2e: async () => (await import('./e2e.ts')).e2e,
  memory: async () => (await import('./memory.ts')).memory,
  dispatch: async () => (await import('./dispatch.ts')).dispatch,
  rules: async () => (await import('./rules.ts')).rules,
  decide: async () => (await import('./decide.ts')).decide,
  warmstart: async () => (await import('./warmstart.ts')).warmstart,
  lanes: async () => (await import('./lanes.ts')).lanes,
  devices: async () => (await import('./devices.ts')).devices,
  soak: async () => (await import('./soak.ts')).soak,
  tree: async () => (await import('./tree.ts')).tree,
  replay: async () => (await import('./replay.ts')).replay,
  distil: async () => (await import('./distil.ts')).distil,
  occupancy: async () => (await import('./occupancy.ts')).occupancy,
  synapse: async () => (await import('./synapse.ts')).synapse,
};

const HELP = `bench NAME [--json] [--plot FILE.svg] [--short] [options of the bench, such as --rounds 5]
NAME: ${Object.keys(BENCHES).join(' ')} all`;

/** `ganglion bench …`; returns the exit code: 0 measured, 1 failed, 2 wrong usage. The result goes to stdout alone. */
export async function benchMain(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const { name, json, plot, args } = parse(argv);
    if (name === undefined) {
      print(HELP);
      return argv.includes('--help') ? 0 : 2;
    }
    const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
    if (load === undefined && name !== 'all') {
      const known = didYouMean(name, [...Object.keys(BENCHES), 'all']);
      throw new GanglionError('BENCH_UNKNOWN', { name, known });
    }
    const chosen = load === undefined ? Object.entries(BENCHES) : [[name, load] as const];
    for (const [each, loader] of chosen) {
      const options = { json, args, signal, print, log, ...(plot === undefined ? {} : { plot }) };
      await runBench(each, await loader(), options);
    }
    return 0;
  } catch (error) {
    if (!isGanglionError(error)) throw error;
    log(`${error.message}\n${error.remedy}`);
    return error.blame === 'caller' ? 2 : 1;
  }
}

interface Parsed {
  readonly name: string | undefined;
  readonly json: boolean;
  readonly plot: string | undefined;
  readonly args: readonly string[];
}

function parse(argv: readonly string[]): Parsed {
  const args = argv.filter((arg) => arg !== '--json' && arg !== '--help');
  const name = args[0]?.startsWith('-') === false ? args.shift() : undefined;
  let plot: string | undefined;
  const at = args.findIndex((arg) => arg === '--plot' || arg.startsWith('--plot='));
  if (at >= 0) {
    const inline = args[at]!.slice('--plot='.length);
    const [, next] = args.splice(at, inline === '' ? 2 : 1);
    plot = inline === '' ? next : inline;
    if (plot === undefined)
      throw new GanglionError('BENCH_OPTION', {
        option: '--plot',
        expected: 'a file name',
        received: 'nothing',
      });
  }
  return { name, json: argv.includes('--json'), plot, args };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.exitCode = await benchMain(process.argv.slice(2), stop.signal);
}
