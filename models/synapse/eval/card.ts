import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspectGguf } from '../../../quantize/index.ts';
import { cardFile, sha256Of, type SynapseCard } from '../../../runtime/modelhost/synapse/card.ts';
import { readLexicon } from '../corpus/lexicon.ts';
import {
  actedShare,
  calibrationError,
  fitTemperature,
  nllAt,
  thresholdFor,
  type Samples,
} from './calibration.ts';
import { heldOutCases } from './cases.ts';
import { loadTokens } from './load.ts';
import { ModelAnswerer } from './model.ts';
import { pairOf } from './pair.ts';
import { scoreAll, suites, SUITES, type Suite } from './report.ts';
import { samplesOf, watchBranches } from './samples.ts';

/** Other homes and sentences than those the figures of the card and of the bench are measured on. */
const FIT_SEED = 0x5eed_8000;
const REFUSAL_SEED = 0x5eed_c000;
const REFUSALS = 5;
/** Of refusals, at the default threshold: less than the one in a hundred that is promised, for other refusals are others. */
const ACTED = 0.0065;

export interface CardOptions {
  readonly file: string;
  /** Held-out cases of each task, for the fit and again for the figures. */
  readonly perTask: number;
  /** log.jsonl of the training; absent: the card says nothing of it. */
  readonly log?: string;
  /** Home Assistant's tests; absent: left out. */
  readonly haIntents?: string;
  /** What accuracies are told of. Default: all there are. */
  readonly only?: ReadonlySet<Suite>;
  readonly say: (line: string) => void;
}

/**
 * Fits the temperature, chooses the threshold, measures the model with both, and returns its card.
 *
 *     node dist/models/synapse/eval/card.js FILE.gguf [CASES] [LOG] [HA_INTENTS]
 *
 * writes it beside the file.
 */
export async function makeCard(options: CardOptions): Promise<SynapseCard> {
  const { file, perTask, say } = options;
  const lexicon = readLexicon();
  const shares: Float64Array[] = [];
  const model = await loadTokens(file, (tokens) => watchBranches(tokens, shares));
  try {
    const fitted = await samplesOf(heldOutCases(lexicon, perTask, FIT_SEED), model, shares);
    const temperature = fitTemperature(fitted.decisions);
    // One refusal in a hundred is rare: the threshold wants more of them than the temperature does.
    const refusals = heldOutCases(lexicon, REFUSALS * perTask, REFUSAL_SEED).filter(
      ({ task }) => task === 'refusal',
    );
    const threshold = thresholdFor(await samplesOf(refusals, model, shares), temperature, ACTED);
    say(`fitted on ${fitted.decisions.length} decisions: temperature ${temperature}, threshold ${threshold}`);
    const fresh = await samplesOf(heldOutCases(lexicon, perTask), model, shares);
    const calibration = calibrationOf(fresh, temperature, threshold);
    say(JSON.stringify(calibration));
    const answerer = new ModelAnswerer(model, { temperature, threshold });
    const { only = new Set(SUITES), haIntents } = options;
    const scores = await scoreAll(suites({ lexicon, perTask, haIntents, only }), pairOf(answerer));
    const accuracies = Object.fromEntries([...scores].map(([suite, { right }]) => [suite, round(right)]));
    say(JSON.stringify(accuracies));
    const { name, parameters, quantization } = inspectGguf(file);
    return {
      synapse: 1,
      name,
      sha256: await sha256Of(file),
      bytes: statSync(file).size,
      parameters,
      quantization,
      licence: 'Apache-2.0',
      languages: ['en'],
      temperature,
      threshold,
      calibration,
      accuracies,
      ...(options.log === undefined ? {} : { training: trainingOf(options.log) }),
    };
  } finally {
    await model.dispose();
  }
}

function calibrationOf(
  samples: Samples,
  temperature: number,
  threshold: number,
): NonNullable<SynapseCard['calibration']> {
  return {
    decisions: samples.decisions.length,
    nll: round(nllAt(samples.decisions, temperature)),
    nllUnfitted: round(nllAt(samples.decisions, 1)),
    error: round(calibrationError(samples.decisions, temperature)),
    errorUnfitted: round(calibrationError(samples.decisions, 1)),
    refusalsActed: round(actedShare(samples, temperature, threshold)),
  };
}

/** What the last step of the training says of itself. */
function trainingOf(log: string): Record<string, number> {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const figures: Record<string, number> = {};
  for (const line of lines) {
    const { step, tokens, seconds, loss } = JSON.parse(line) as Record<string, unknown>;
    for (const [name, value] of Object.entries({ step, tokens, seconds, loss }))
      if (typeof value === 'number') figures[name] = value;
  }
  return figures;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file = 'models/synapse/synapse.gguf', cases = '500', log = '', haIntents = ''] =
    process.argv.slice(2);
  const card = await makeCard({
    file,
    perTask: Number(cases),
    ...(existsSync(log) ? { log } : {}),
    ...(existsSync(haIntents) ? { haIntents } : {}),
    say: (line) => void process.stdout.write(`${line}\n`),
  });
  writeFileSync(cardFile(file), `${JSON.stringify(card, undefined, 2)}\n`);
  process.stdout.write(`${cardFile(file)}\n`);
}
