import { ownMemoryBytes } from '../runtime/modelhost/memory.ts';
import { GanglionError } from '../runtime/errors.ts';
import type { Bench } from './harness.ts';
import { benchHouse, questionOf } from './support/deliberation.ts';
import { startHost } from './support/host-process.ts';
import { readModelOption } from './support/model-option.ts';
import { readOptions } from './support/options.ts';
import { median } from './support/stats.ts';

const DEFAULTS = { decisions: 10_000, warmup: 2000, entities: 20, questions: 50 };
const SHORT = { decisions: 200, warmup: 50, questions: 10 };
const CONTEXT = 2048;
const SAMPLES = 20;

/**
 * Memory of the model host over many decisions: `growth` is its own memory over the last tenth of them against the first
 * tenth after the warm-up, as a share. The budget is 0.01.
 */
export const soak: Bench = async (context) => {
  const model = await readModelOption(context.args, {
    log: context.log,
    contextTokens: CONTEXT,
    shape: 'tiny-8m',
    type: 'Q8_0',
  });
  const options = readOptions(model.args, DEFAULTS, SHORT);
  const house = benchHouse(options.entities);
  const texts = Array.from({ length: options.questions }, (_, i) => `make it ${i} degrees warmer here`);
  const questions = await Promise.all(texts.map(async (text) => questionOf(house, text, 8)));
  const host = await startHost();
  try {
    await host.load(model.spec);
    const { pid } = host.status;
    const decide = async (i: number): Promise<void> => {
      if (context.signal.aborted)
        throw new GanglionError('BENCH_SYSTEM', { system: 'soak', reason: 'the bench was stopped' });
      await host.decide(model.spec.file, questions[i % questions.length]!, { deadlineMs: 600_000 });
    };
    for (let i = 0; i < options.warmup; i++) await decide(i);
    const every = Math.max(1, Math.floor(options.decisions / (SAMPLES * 10)));
    const bytes: number[] = [];
    const started = performance.now();
    for (let i = 0; i < options.decisions; i++) {
      await decide(i);
      if (i % every === 0) bytes.push((await ownMemoryBytes(pid!)) ?? Number.NaN);
      if ((i + 1) % Math.ceil(options.decisions / 10) === 0)
        context.log(`${i + 1} decisions, ${(bytes.at(-1)! / 1e6).toFixed(1)} MB`);
    }
    const perDecision = (performance.now() - started) / options.decisions;
    const tenth = Math.max(1, Math.floor(bytes.length / 10));
    const first = median(bytes.slice(0, tenth));
    const last = median(bytes.slice(-tenth));
    return {
      cases: [
        { name: 'decisions', value: options.decisions, unit: 'decisions' },
        { name: 'own memory, first tenth', value: first / 1e6, unit: 'MB' },
        { name: 'own memory, last tenth', value: last / 1e6, unit: 'MB' },
        { name: 'one decision', value: perDecision, unit: 'ms' },
      ],
      ratios: { growth: [last / first - 1] },
    };
  } finally {
    await host.stop();
  }
};
