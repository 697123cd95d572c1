import { formatBytes, formatDuration } from '../../lib/units.ts';
import { modelStore } from '../../modelhost/pull/open.ts';
import type { PullProgress } from '../../modelhost/pull/progress.ts';
import { defineCommand, printJson } from '../command.ts';
import { readConfig } from '../connection.ts';
import { Progress } from '../progress.ts';

export const modelPullCommand = defineCommand({
  args: {
    reference: {
      type: 'positional',
      required: true,
      description: 'hf:OWNER/REPO/FILE.gguf, hf:OWNER/REPO:Q4_K_M (either with @REVISION), or https://…',
    },
  },
  notes: [
    'ganglion model pull hf:OWNER/REPO:Q4_K_M',
    'ganglion model pull https://example.org/model.gguf#sha256=…',
    'HF_TOKEN opens private repositories; HF_ENDPOINT names a mirror.',
  ],
  async run({ args, io }) {
    const store = modelStore(readConfig(io, args.config), { env: io.env, clock: io.clock });
    const stop = new AbortController();
    const forget = io.onInterrupt(() => stop.abort());
    const progress = new Progress(io, 'fetching', args.json === true);
    try {
      const pulled = await store.pull(args.reference, {
        signal: stop.signal,
        onProgress: (state) => progress.update(shareOf(state), step(state)),
      });
      progress.done();
      if (args.json === true) printJson(io, { reference: args.reference, ...pulled });
      else if (pulled.present) io.out(`${pulled.file} is there already: ${formatBytes(pulled.sizeBytes)}.\n`);
      else {
        const checked = pulled.verified ? 'checksum right' : 'no checksum was given to compare with';
        io.out(`Fetched ${pulled.file}: ${formatBytes(pulled.sizeBytes)}, ${checked}.\n`);
      }
      return 0;
    } finally {
      progress.done();
      forget();
    }
  },
});

function shareOf({ receivedBytes, totalBytes }: PullProgress): number | undefined {
  return totalBytes === undefined || totalBytes === 0 ? undefined : receivedBytes / totalBytes;
}

/** `210 MB of 398 MB, 5.2 MB/s, 36s left` */
function step({ receivedBytes, totalBytes, bytesPerSecond }: PullProgress): string {
  const of = totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`;
  if (bytesPerSecond <= 0) return `${formatBytes(receivedBytes)}${of}`;
  const left = totalBytes === undefined ? 0 : ((totalBytes - receivedBytes) / bytesPerSecond) * 1000;
  const time = left >= 1000 ? `, ${formatDuration(left)} left` : '';
  return `${formatBytes(receivedBytes)}${of}, ${formatBytes(bytesPerSecond)}/s${time}`;
}
