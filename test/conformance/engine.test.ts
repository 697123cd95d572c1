import { onnxEngine } from '../../runtime/modelhost/engines/onnx.ts';
import { writeTinyClassifier } from '../support/onnx.ts';
import { engineConformance } from './engine.ts';

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
