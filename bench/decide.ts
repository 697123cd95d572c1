import { LanguageModels } from '../runtime/modelhost/tokens/language-models.ts';
import { Lanes } from '../runtime/modelhost/lanes.ts';
import { loadLlama } from '../runtime/modelhost/engines/llama/load.ts';
import { compileAnswer } from '../runtime/modelhost/automaton/compile.ts';
import type { Decided, DecideRequest } from '../runtime/contract/engine.ts';
import type { TokenModel } from '../runtime/modelhost/tokens/token-model.ts';
import { GanglionError } from '../runtime/errors.ts';
import { alternate, type Bench } from './harness.ts';
import { benchHouse, questionOf, withCalls } from './support/deliberation.ts';
import { GrammarJson } from './support/grammar-json.ts';
import { readModelOption } from './support/model-option.ts';
import { readOptions } from './support/options.ts';
import { geometricMean, median, quantile } from './support/stats.ts';
import { stepwise } from './support/stepwise.ts';

const DEFAULTS = { rounds: 5, entities: 40, candidates: 8, same: 20 };
const SHORT = { rounds: 1, entities: 12, same: 3 };
const CONTEXT = 4096;

const REQUESTS = [
  'dim the ceiling light in the kitchen to 40 percent',
  'it is too dark to read here',
  'make it warm in the bathroom before I get up',
  'nobody is in the office any more',
  'open the blinds, please',
  'I am cold',
  'good night',
  'let some air into the bedroom',
];

/**
 * A decision by branch points against the same model with node-llama-cpp's JSON-schema grammar: same weights, same threads,
 * same prompt whose prefix is warm, shortest schema that names device, command and value. And whether it is the same
 * decision that token-masked greedy decoding makes over the same automaton, one token at a time.
 */
export const decide: Bench = async (context) => {
  const model = await readModelOption(context.args, { log: context.log, contextTokens: CONTEXT });
  const options = readOptions(model.args, DEFAULTS, SHORT);
  const house = benchHouse(options.entities);
  const { signal } = new AbortController();
  const tokens = await loadLlama(model.spec, signal, () => {});
  const models = new LanguageModels({
    mono: () => performance.now(),
    random: () => 0.5,
    prefixes: undefined,
  });
  const ours = await models.make(model.spec, () => Promise.resolve(tokens));
  const rival = await GrammarJson.load(model.spec, options.candidates);
  const lanes = new Lanes(() => performance.now());
  const decideNow = async (request: DecideRequest): Promise<Decided> =>
    lanes.run({ lane: 'interactive', signal, file: model.spec.file }, async (turn) =>
      ours.decide!(request, turn),
    );

  const ms: Record<string, number[]> = {};
  const note = (name: string, value: number): void => void (ms[name] ??= []).push(value);
  const ratios: number[][] = [];
  let decodeTokens = 0;
  let jsonTokens = 0;
  let branches = 0;
  try {
    for (const calls of [1, 3]) {
      const questions = await Promise.all(
        REQUESTS.map(async (text) => withCalls(await questionOf(house, text, options.candidates), calls)),
      );
      // The first question of each leaves the prefix warm.
      await decideNow(questions.at(-1)!);
      await rival.answer(questions.at(-1)!, calls);
      const perRound: number[] = [];
      await alternate(options.rounds, {
        ours: async (round) => {
          if (context.signal.aborted)
            throw new GanglionError('BENCH_SYSTEM', { system: 'decide', reason: 'the bench was stopped' });
          const started = performance.now();
          const decided = await decideNow(questions[round % REQUESTS.length]!);
          const took = performance.now() - started;
          note(`${calls} calls, branch points`, took);
          decodeTokens = decided.tokens.generated;
          branches = decided.branches.length;
          perRound[round] = (perRound[round] ?? 1) / took;
        },
        grammar: async (round) => {
          const started = performance.now();
          jsonTokens = await rival.answer(questions[round % REQUESTS.length]!, calls);
          const took = performance.now() - started;
          note(`${calls} calls, JSON by grammar`, took);
          perRound[round] = (perRound[round] ?? 1) * took;
        },
      });
      ratios.push(perRound);
      context.log(
        `${calls} calls: ${branches} branches of ${decodeTokens} tokens ${median(ms[`${calls} calls, branch points`]!).toFixed(0)} ms, ` +
          `${jsonTokens} tokens of JSON ${median(ms[`${calls} calls, JSON by grammar`]!).toFixed(0)} ms`,
      );
    }
    const same = await compareWithStepwise(tokens, decideNow, house, options);
    return {
      cases: [
        ...Object.entries(ms).map(([name, values]) => ({
          name,
          value: median(values),
          unit: 'ms',
          p50: quantile(values, 0.5),
          p99: quantile(values, 0.99),
        })),
        { name: 'compared with one token at a time', value: same.compared, unit: 'questions' },
        { name: 'ties of the reference, left out', value: same.ties, unit: 'questions' },
        { name: 'of these with the same answer', value: same.tiesEqual, unit: 'questions' },
      ],
      ratios: {
        vs_grammar_json: ratios[0]!.map((ratio, round) => geometricMean([ratio, ratios[1]![round]!])),
        same_action: [same.share],
      },
    };
  } finally {
    await rival.dispose();
    await ours.dispose();
  }
};

/**
 * Of different questions, how many get the answer that is found one token at a time. Where the reference itself was about
 * to toss a coin (random weights do that now and then) the order of the library's sums decides, and the question is counted apart.
 */
async function compareWithStepwise(
  tokens: TokenModel,
  decideNow: (request: DecideRequest) => Promise<Decided>,
  house: ReturnType<typeof benchHouse>,
  { same, candidates }: { readonly same: number; readonly candidates: number },
): Promise<{
  readonly share: number;
  readonly compared: number;
  readonly ties: number;
  readonly tiesEqual: number;
}> {
  const outcomes: { readonly equal: boolean; readonly tied: boolean }[] = [];
  for (let i = 0; i < same; i++) {
    const text = `${REQUESTS[i % REQUESTS.length]} (${i})`;
    const question = withCalls(await questionOf(house, text, candidates), 1 + (i % 3));
    const { text: answer } = await decideNow(question);
    const automaton = compileAnswer(question.language, tokens.vocabulary);
    const reference = await stepwise(question.prompt, automaton, tokens);
    outcomes.push({ equal: reference.text === answer, tied: reference.tied });
  }
  const clear = outcomes.filter(({ tied }) => !tied);
  const ties = outcomes.filter(({ tied }) => tied);
  return {
    share: clear.filter(({ equal }) => equal).length / clear.length,
    compared: clear.length,
    ties: ties.length,
    tiesEqual: ties.filter(({ equal }) => equal).length,
  };
}
