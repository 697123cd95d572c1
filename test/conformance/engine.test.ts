import type { DecideRequest, Engine, LoadedModel } from '../../runtime/contract/engine.ts';
import { bundledEngines } from '../../runtime/modelhost/engines/bundled.ts';
import { onnxEngine } from '../../runtime/modelhost/engines/onnx/classifier.ts';
import { Lanes } from '../../runtime/modelhost/lanes.ts';
import { LanguageModels } from '../../runtime/modelhost/tokens/language-models.ts';
import { writeTinyLlama } from '../support/gguf.ts';
import { writeTinyClassifier } from '../support/onnx.ts';
import { engineConformance } from './engine.ts';

const questions = [
  'It is dark and somebody came in.',
  'The window is open: 12 °C.',
  'Nothing happened for hours.',
];
const labels = [' none', ' light.hall.turn_on', ' cover.hall.open'];

function llamaEngine(): Engine {
  const models = new LanguageModels({
    mono: () => performance.now(),
    random: Math.random,
    prefixes: undefined,
  });
  return bundledEngines(models, () => {}).find(({ name }) => name === 'llama')!;
}

/** One model computes at a time, as in the host. */
const lanes = new Lanes(() => performance.now());

/** A closed question whose every answer is scored: the shares are those of the labels, in order. */
async function decide(model: LoadedModel, text: string, answers: readonly string[], signal: AbortSignal) {
  const request: DecideRequest = {
    prompt: { system: ['You decide.'], user: [text], opening: 'Answer:' },
    language: { key: answers.join('|'), root: { any: answers.map((answer) => ({ text: answer })) } },
    exact: true,
    alternatives: answers.length - 1,
  };
  const {
    text: best,
    probability,
    alternatives,
  } = await lanes.run({ lane: 'event', signal, file: '/m' }, async (turn) => model.decide!(request, turn));
  const shares = new Map([
    [best, probability],
    ...alternatives.map((one) => [one.text, one.probability] as const),
  ]);
  return {
    index: answers.indexOf(best),
    probability,
    probabilities: answers.map((answer) => shares.get(answer)!),
  };
}

engineConformance({
  name: 'llama',
  head: Buffer.from('GGUF\u0003\0\0\0'),
  engine: llamaEngine,
  write: async (file) => writeTinyLlama(file),
  ask: async (model, variant, signal) => decide(model, questions[variant]!, labels, signal),
  askWrongly: async (model, signal) => decide(model, 'Which?', [], signal),
});

const rows = [
  [0.5, 1],
  [-1, 0.2],
  [3, -2],
];

engineConformance({
  name: 'onnx',
  head: Buffer.from([8, 8, 18, 4]),
  engine: onnxEngine,
  write: (file) => writeTinyClassifier(file, { weights: [1, 2, -1, 0, 3, 1], bias: [0, 0.5, 0] }),
  ask: async (model, variant, signal) =>
    model.classify!({ features: Float64Array.from(rows[variant]!) }, signal),
  askWrongly: async (model, signal) => model.classify!({ features: new Float64Array(3) }, signal),
});
