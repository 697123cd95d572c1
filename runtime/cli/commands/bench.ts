import { defineCommand } from '../command.ts';

export const benchCommand = defineCommand({
  args: {
    name: { type: 'positional', required: false, description: 'which one; left out: list them' },
    plot: { type: 'string', valueHint: 'FILE', description: 'draw a chart, .svg or .png' },
  },
  raw: true,
  async run({ words, io }) {
    const { benchMain } = await import('../../../bench/main.ts');
    const stop = new AbortController();
    const forget = io.onInterrupt(() => stop.abort());
    try {
      return await benchMain(words, stop.signal);
    } finally {
      forget();
    }
  },
});
