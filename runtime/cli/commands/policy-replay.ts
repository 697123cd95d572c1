import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PolicyFile } from '../../../policies/index.ts';
import type { Config } from '../../config/load.ts';
import { GanglionError } from '../../errors.ts';
import { parseMoment } from '../../lib/moment.ts';
import type { ReplayResult } from '../../replay/index.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { replayReport } from '../policies/replay-report.ts';
import { findHouse, readFiles, toolsOf } from '../policy-world.ts';
import { clean } from '../text.ts';

/** A month of a large house on a small board. */
const ANSWER_MS = 3_600_000;

export const policyReplayCommand = defineCommand({
  args: {
    since: {
      type: 'string',
      valueHint: 'WHEN',
      description: 'a span such as 7d, or an ISO time (default: 24h)',
    },
    from: { type: 'string', valueHint: 'WHEN', description: 'the same as --since' },
    to: { type: 'string', valueHint: 'WHEN', description: 'likewise (default: now)' },
    recording: {
      type: 'string',
      valueHint: 'FILE',
      description: 'readings from a CSV file time,key,value instead of the journal',
    },
    house: { type: 'string', valueHint: 'FILE', description: 'the house, for a recording' },
  },
  rest: 'POLICIES',
  notes: [
    'ganglion policy replay --since 7d',
    'ganglion policy replay drafts/evening.yaml --since 7d',
    'ganglion policy replay hall-night-light fresh-air',
    'ganglion policy replay drafts/ --recording week.csv --house house.yaml',
    'A file or folder is a draft, which runs beside the policies at work;',
    'anything else is the id of a policy to report on.',
  ],
  async run({ args, words, io, style }) {
    const config = readConfig(io, args.config);
    if (args.since !== undefined && args.from !== undefined)
      throw new GanglionError('USAGE', { message: 'Expected either --since or --from but received both.' });
    const paths = words.filter((word) => existsSync(resolve(io.cwd, word)));
    const about = words.filter((word) => !paths.includes(word));
    const drafts = paths.length === 0 ? [] : await readFiles(paths.map((path) => resolve(io.cwd, path)));
    const request: Request = {
      span: { from: args.since ?? args.from, to: args.to },
      drafts,
      about,
      recording: args.recording === undefined ? undefined : resolve(io.cwd, args.recording),
      house: args.house === undefined ? undefined : resolve(io.cwd, args.house),
    };
    const result = await answer(request, config, io);
    if (args.json === true) printJson(io, result);
    else io.out(replayReport(result, { columns: io.columns, style, detailed: words.length > 0, config }));
    return 0;
  },
});

interface Request {
  readonly span: { readonly from: string | undefined; readonly to: string | undefined };
  readonly drafts: readonly PolicyFile[];
  readonly about: readonly string[];
  readonly recording: string | undefined;
  readonly house: string | undefined;
}

/** From the recording that was named, the running daemon, or its data folder. */
async function answer(request: Request, config: Config, io: CommandContext['io']): Promise<ReplayResult> {
  const { drafts, recording } = request;
  const about = aboutOf(request);
  if (recording !== undefined) return fromRecording(request, recording, config, io);
  const { fromMs, toMs } = spanOf(request.span, io.clock.wall(), undefined);
  const daemon = new DaemonConnection(config);
  if (await daemon.running()) {
    const body = {
      from: String(fromMs),
      to: String(toMs),
      ...about,
      ...(drafts.length === 0 ? {} : { drafts }),
    };
    return daemon.post<ReplayResult>('/v1/policies/replay', body, ANSWER_MS);
  }
  const { openPast } = await import('../../replay/folder.ts');
  const { replayOf } = await import('../../replay/past.ts');
  const past = openPast(config);
  try {
    return await replayOf(
      { op: 'replay', fromMs, toMs, drafts, ...about },
      { ...(await common(config, io)), house: past.house, recording: past.recording },
    );
  } finally {
    past.close();
  }
}

async function fromRecording(
  request: Request,
  file: string,
  config: Config,
  io: CommandContext['io'],
): Promise<ReplayResult> {
  const { FileRecording } = await import('../../replay/file-recording.ts');
  const { replayOf } = await import('../../replay/past.ts');
  const recording = await FileRecording.open(file);
  if (recording.bad.count > 0)
    io.err(
      `${recording.bad.count} lines of ${clean(file)} could not be read; ${clean(recording.bad.first ?? '')}\n`,
    );
  const found = await findHouse(config, request.house);
  if (found === undefined)
    throw new GanglionError('USAGE', {
      message: 'Expected a house for the recording: name one with --house or in ganglion.yaml.',
    });
  const { fromMs, toMs } = spanOf(request.span, io.clock.wall(), recording);
  return replayOf(
    { op: 'replay', fromMs, toMs, drafts: request.drafts, ...aboutOf(request) },
    { ...(await common(config, io)), house: found.house, recording },
  );
}

async function common(config: Config, io: CommandContext['io']) {
  const files = config.policies === undefined ? [] : await readFiles([config.policies]);
  const stop = new AbortController();
  io.onInterrupt(() => stop.abort(new GanglionError('USAGE', { message: 'The replay was stopped.' })));
  const progress = io.interactive
    ? {
        onProgress: (share: number) =>
          io.err(`\r${Math.round(share * 100)} % replayed\u001B[K${share === 1 ? '\r\u001B[K' : ''}`),
      }
    : {};
  return { files, tools: await toolsOf(config, io), settings: config, signal: stop.signal, ...progress };
}

function aboutOf({ about }: Request): { about?: readonly string[] } {
  return about.length === 0 ? {} : { about };
}

/** The span that was asked for; else all of a recording, or the last day. Throws USAGE. */
function spanOf(
  { from, to }: Request['span'],
  nowMs: number,
  recording: { readonly firstMs: number; readonly lastMs: number } | undefined,
): { fromMs: number; toMs: number } {
  const end = recording?.lastMs ?? nowMs;
  const toMs = to === undefined ? end : momentOf(to, '--to', nowMs);
  const fromMs = from === undefined ? (recording?.firstMs ?? toMs - DAY_MS) : momentOf(from, '--since', end);
  if (fromMs < toMs || (recording !== undefined && fromMs === toMs)) return { fromMs, toMs };
  throw new GanglionError('USAGE', {
    message: 'Expected the time to begin before it ends but received a later one.',
  });
}

const DAY_MS = 86_400_000;

/** `7d` means seven days back. */
function momentOf(text: string, option: string, nowMs: number): number {
  const ms = parseMoment(/^\d+(\.\d+)?[a-z]/.test(text) ? `-${text}` : text, nowMs);
  if (ms !== undefined) return ms;
  throw new GanglionError('USAGE', {
    message: `Expected a span such as 7d or an ISO time for ${option} but received ${text}.`,
  });
}
