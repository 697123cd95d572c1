import { basename, resolve } from 'node:path';
import type { Engine, LoadedModel, ModelInfo, ModelSpec } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';
import { readLabels } from '../image/labels.ts';
import { loadFailed, TfClassifier, unsupportedOperation } from './classifier.ts';
import { TfInput } from './input.ts';
import { elements, loadedBytes, storedTypes } from './manifest.ts';
import { isTfModel, readTfModel, readWeights, type TfModelFile } from './model-file.ts';
import { openNetwork, type TfNetwork, type TfValueInfo } from './network.ts';
import { loadTf, type TfBackend, type TfRuntime } from './runtime.ts';

/**
 * TensorFlow.js classifiers: Layers and Graph models, given as a folder with a model.json or as that file.
 * @param load imports the library; done with the first model, because it takes 0.25 s and 50 MB
 */
export function tfEngine(load: () => Promise<TfRuntime> = loadTf): Engine {
  let runtime: Promise<TfRuntime> | undefined;
  return {
    name: 'tf',
    accepts: isTfModel,
    load: async (spec, signal) => {
      const model = readTfModel(spec.file);
      runtime ??= load().catch((error: unknown) => {
        runtime = undefined;
        throw loadFailed(spec.file, error);
      });
      return loadModel(spec, model, await runtime, signal);
    },
  };
}

async function loadModel(
  spec: ModelSpec,
  model: TfModelFile,
  runtime: TfRuntime,
  signal: AbortSignal,
): Promise<LoadedModel> {
  const backends = backendsFor(spec, runtime);
  const labels = readLabels(model.folder);
  let network: TfNetwork;
  try {
    const weights = readWeights(model);
    // The backend that is chosen while weights are created holds them.
    network = await runtime.on(backends[0]!, () => openNetwork(runtime.libraries, model, weights));
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw unsupportedOperation(spec.file, error) ?? loadFailed(spec.file, error);
  }
  try {
    const input = new TfInput(model, network.inputs);
    const output = outputOf(spec.file, network.outputs);
    const info = describe(spec, model, { network, runtime, labels });
    const classifier = new TfClassifier(info, { runtime, network, input, output, backends });
    await classifier.warmUp();
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: spec.file });
    return classifier;
  } catch (error) {
    await runtime.on(backends[0]!, async () => network.dispose());
    throw error;
  }
}

/** Throws MODEL_DEVICE_MISSING: the graphics backends of TensorFlow.js need a browser, or a CUDA build of libtensorflow. */
function backendsFor({ file, device = 'auto' }: ModelSpec, { backends }: TfRuntime): readonly TfBackend[] {
  if (device === 'auto' || device === 'cpu') return backends;
  throw new GanglionError('MODEL_DEVICE_MISSING', {
    file,
    device,
    reason: `TensorFlow.js runs on the CPU only here (${backends.join(', ')})`,
  });
}

/** The output with the scores: one that says so, else the last with floats. Throws MODEL_UNSUPPORTED. */
function outputOf(file: string, outputs: readonly TfValueInfo[]): number {
  const floats = outputs.flatMap(({ name, type }, i) =>
    type === undefined || type === 'float32' ? [{ name, i }] : [],
  );
  const scores = floats.find(({ name }) => /prob|softmax/i.test(name)) ?? floats.at(-1);
  if (scores !== undefined) return scores.i;
  throw new GanglionError('MODEL_UNSUPPORTED', {
    file,
    reason: `none of its outputs holds scores as floats (${outputs.map(textOf).join(', ')})`,
  });
}

interface Loaded {
  readonly network: TfNetwork;
  readonly runtime: TfRuntime;
  readonly labels: readonly string[] | undefined;
}

function describe(spec: ModelSpec, model: TfModelFile, { network, runtime, labels }: Loaded): ModelInfo {
  const weights = model.groups.flatMap((group) => group.weights);
  const sum = (of: (entry: (typeof weights)[number]) => number): number =>
    weights.reduce((total, entry) => total + of(entry), 0);
  const weightBytes = sum(loadedBytes);
  return {
    engine: 'tf',
    file: spec.file,
    name: basename(resolve(model.folder)),
    sizeBytes: model.sizeBytes,
    memoryBytes: weightBytes,
    ...(labels === undefined ? {} : { labels }),
    details: {
      format: model.format,
      inputs: network.inputs.map(textOf).join(', '),
      outputs: network.outputs.map(textOf).join(', '),
      parameters: sum(elements),
      weightBytes,
      weightType: storedTypes(model.groups),
      ...(runtime.nativeProblem === undefined ? {} : { nativeProblem: runtime.nativeProblem }),
    },
  };
}

/** `x: float32[?, 4]` */
function textOf({ name, type, shape }: TfValueInfo): string {
  return `${name}: ${type ?? 'unknown'}[${shape?.map((side) => side ?? '?').join(', ') ?? '…'}]`;
}
