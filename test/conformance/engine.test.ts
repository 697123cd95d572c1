import { llamaEngine } from '../../runtime/modelhost/engines/llama.ts';
import { onnxEngine } from '../../runtime/modelhost/engines/onnx/classifier.ts';
import { writeTinyLlama } from '../support/gguf.ts';
import { writeTinyClassifier } from '../support/onnx.ts';
import { engineConformance } from './engine.ts';

const suffixes = [
  'It is dark and somebody came in.',
  'The window is open: 12 °C.',
  'Nothing happened for hours.',
];

engineConformance({
  name: 'llama',
  head: Buffer.from('GGUF\u0003\0\0\0'),
  engine: () => llamaEngine(() => {}),
  write: async (file) => writeTinyLlama(file),
  ask: async (model, variant, signal) =>
    model.choose!(
      {
        prefix: 'You decide.',
        suffix: suffixes[variant]!,
        choices: ['none', 'light.hall.turn_on', 'cover.hall.open'],
      },
      signal,
    ),
  askWrongly: async (model, signal) => model.choose!({ prefix: '', suffix: '', choices: [] }, signal),
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
