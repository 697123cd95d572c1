import { setTimeout as delay } from 'node:timers/promises';
import type { ChatRequest, Lane, Turn } from '../runtime/contract/engine.ts';
import { GanglionError } from '../runtime/errors.ts';
import { Lanes } from '../runtime/modelhost/lanes.ts';
import { loadLlama } from '../runtime/modelhost/engines/llama/load.ts';
import { LanguageModels } from '../runtime/modelhost/tokens/language-models.ts';
import type { TokenModel, TokenSession } from '../runtime/modelhost/tokens/token-model.ts';
import { alternate, type Bench } from './harness.ts';
import { benchHouse, questionOf, withCalls } from './support/deliberation.ts';
import { readModelOption } from './support/model-option.ts';
import { readOptions } from './support/options.ts';
import { median, quantile } from './support/stats.ts';

const DEFAULTS = { rounds: 5, entities: 20, requests: 6, words: 400, tokens: 48 };
const SHORT = { rounds: 1, entities: 8, requests: 2, words: 60, tokens: 8 };
const CONTEXT = 4096;

/**
 * How long a person waits for a turn while the model is at work for nobody in particular: reading long texts and writing
 * answers in the background lane. With lanes the wait is one decode call of at most 32 tokens; against first come, first
 * served, where the same request waits for the job to end.
 */
export const lanes: Bench = async (context) => {
  const model = await readModelOption(context.args, { log: context.log, contextTokens: CONTEXT });
  const options = readOptions(model.args, DEFAULTS, SHORT);
  const tokens = timed(await loadLlama(model.spec, new AbortController().signal, () => {}));
  const models = new LanguageModels({
    mono: () => performance.now(),
    random: () => 0.5,
    prefixes: undefined,
  });
  const language = await models.make(model.spec, () => Promise.resolve(tokens.model));
  const house = benchHouse(options.entities);
  const question = withCalls(await questionOf(house, 'open the blinds, please', 8), 1);
  const { file } = model.spec;
  const signal = new AbortController().signal;

  /** The waits of some requests that come while background jobs follow each other without a pause. */
  const waits = async (personLane: Lane): Promise<number[]> => {
    if (context.signal.aborted)
      throw new GanglionError('BENCH_SYSTEM', { system: 'lanes', reason: 'the bench was stopped' });
    const queue = new Lanes(() => performance.now());
    const ask = async (person: boolean, work: (turn: Turn) => Promise<unknown>): Promise<number> =>
      queue.run({ lane: person ? personLane : 'background', signal, file }, async (turn) => {
        // First come, first served knows one lane only; the session is the person's own all the same.
        const own: Turn = { lane: 'interactive', signal, pass: async () => turn.pass() };
        await work(person ? own : turn);
        return turn.waitedMs;
      });
    const stop = new AbortController();
    let text = 0;
    const background = (async () => {
      while (!stop.signal.aborted) {
        const chat = conversation(options.words, options.tokens, text++);
        await ask(false, async (turn) => language.chat!(chat, turn, () => {}));
      }
    })();
    const waited: number[] = [];
    for (let i = 0; i < options.requests; i++) {
      // Somewhere in the middle of a job, wherever that is.
      await delay(50 + ((i * 137) % 400));
      waited.push(await ask(true, async (turn) => language.decide!(question, turn)));
    }
    stop.abort();
    await background;
    return waited;
  };

  try {
    await waits('interactive');
    tokens.calls.length = 0;
    const runs = await alternate(options.rounds, {
      lanes: async () => waits('interactive'),
      fifo: async () => waits('background'),
    });
    const withLanes = runs['lanes']!.flat();
    const fifo = runs['fifo']!.flat();
    const longest = Math.max(...tokens.calls);
    context.log(
      `wait ${quantile(withLanes, 0.99).toFixed(0)} ms with lanes, ${quantile(fifo, 0.99).toFixed(0)} ms first come first served; a background call takes up to ${longest.toFixed(0)} ms`,
    );
    const time = (name: string, values: readonly number[]) => ({
      name,
      value: median(values),
      unit: 'ms',
      p50: quantile(values, 0.5),
      p99: quantile(values, 0.99),
    });
    return {
      cases: [
        time('wait for a turn, lanes', withLanes),
        time('wait for a turn, first come first served', fifo),
        time('one background decode call', tokens.calls),
        { name: 'longest wait, lanes', value: Math.max(...withLanes), unit: 'ms' },
        { name: 'longest background decode call', value: longest, unit: 'ms' },
      ],
      ratios: {
        vs_fifo: runs['fifo']!.map((waited, round) => median(waited) / median(runs['lanes']![round]!)),
        wait_over_call_ms: [Math.max(...withLanes) - longest],
      },
    };
  } finally {
    await language.dispose();
  }
};

/** A long text and a short answer; each a little different, so that nothing is in the cache. */
function conversation(words: number, maxTokens: number, seed: number): ChatRequest {
  const text = Array.from({ length: words }, (_, i) => `reading ${(i * 7 + seed * 13) % 97}`).join(' ');
  return {
    messages: [{ role: 'user', content: `${seed}: ${text}` }],
    maxTokens,
    temperature: 0,
    topP: 1,
    stop: [],
  };
}

/** The same model, noting how long each decode call of the background lane takes, ms. */
function timed(model: TokenModel): { readonly model: TokenModel; readonly calls: number[] } {
  const calls: number[] = [];
  const inner = model.session('background');
  const timedCall = async <T>(call: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await call();
    calls.push(performance.now() - started);
    return result;
  };
  const session: TokenSession = {
    get tokens() {
      return inner.tokens;
    },
    rewind: async (length) => inner.rewind(length),
    append: async (tokens) => timedCall(async () => inner.append(tokens)),
    branch: async (tokens, allowed) => timedCall(async () => inner.branch(tokens, allowed)),
    sample: async (tokens, sampling, grammar) =>
      timedCall(async () => inner.sample(tokens, sampling, grammar)),
  };
  const { info, vocabulary, contextTokens, batchTokens, stateKey } = model;
  return {
    calls,
    model: {
      info,
      vocabulary,
      contextTokens,
      batchTokens,
      stateKey,
      session: (lane) => (lane === 'background' ? session : model.session(lane)),
      dispose: async () => model.dispose(),
    },
  };
}
