import type { InferenceModel, Tensor } from '@tensorflow/tfjs-core';
import type { TfModelFile } from './model-file.ts';
import type { TfLibraries } from './runtime.ts';

export interface TfValueInfo {
  readonly name: string;
  /** `float32`, `int32`, …; undefined where the file does not say. */
  readonly type: string | undefined;
  /** null: free. undefined: nothing is known. */
  readonly shape: readonly (number | null)[] | undefined;
}

/** A loaded network of either format. */
export interface TfNetwork {
  readonly inputs: readonly TfValueInfo[];
  readonly outputs: readonly TfValueInfo[];
  /** The values of output number `output` for this input; the tensor is the caller's to dispose of. */
  run(input: Tensor, output: number): Promise<Tensor>;
  dispose(): void;
}

/** Builds the network from what lies in memory; nothing is fetched. Throws what the library throws. */
export async function openNetwork(
  { converter, layers }: TfLibraries,
  model: TfModelFile,
  weightData: ArrayBuffer[],
): Promise<TfNetwork> {
  const weightSpecs = model.groups.flatMap(({ weights }) => weights);
  // Of a training configuration nothing is kept: optimizers need memory.
  const { trainingConfig: _, weightsManifest: __, ...rest } = model.json;
  const handler = { load: async () => ({ ...rest, weightSpecs, weightData }) as never };
  if (model.format === 'layers') return new LayersNetwork(await layers.loadLayersModel(handler));
  return new GraphNetwork(await converter.loadGraphModel(handler));
}

type LayersModel = Awaited<ReturnType<TfLibraries['layers']['loadLayersModel']>>;
type GraphModel = Awaited<ReturnType<TfLibraries['converter']['loadGraphModel']>>;

class LayersNetwork implements TfNetwork {
  readonly #model: LayersModel;
  readonly inputs: readonly TfValueInfo[];
  readonly outputs: readonly TfValueInfo[];

  constructor(model: LayersModel) {
    this.#model = model;
    this.inputs = model.inputs.map(({ name, dtype, shape }) => ({ name, type: dtype, shape }));
    this.outputs = model.outputs.map(({ sourceLayer, dtype, shape }) => ({
      name: sourceLayer.name,
      type: dtype,
      shape,
    }));
  }

  async run(input: Tensor, output: number): Promise<Tensor> {
    const results = [this.#model.predict(input)].flat();
    for (const [i, tensor] of results.entries()) if (i !== output) tensor.dispose();
    return results[output]!;
  }

  dispose(): void {
    this.#model.dispose();
  }
}

class GraphNetwork implements TfNetwork {
  readonly #model: GraphModel;
  readonly inputs: readonly TfValueInfo[];
  readonly outputs: readonly TfValueInfo[];
  /** Graphs with branches and loops run asynchronously only. The first run shows. */
  #asynchronous = false;

  constructor(model: GraphModel) {
    this.#model = model;
    this.inputs = model.inputs.map(infoOf);
    this.outputs = model.outputs.map(infoOf);
  }

  async run(input: Tensor, output: number): Promise<Tensor> {
    const inputs = { [this.inputs[0]!.name]: input };
    const wanted = this.outputs[output]!.name;
    if (!this.#asynchronous) {
      try {
        return single(this.#model.execute(inputs, wanted));
      } catch {
        // Told apart by trying: if it fails the other way too, that error is thrown.
      }
    }
    const result = single(await this.#model.executeAsync(inputs, wanted));
    this.#asynchronous = true;
    return result;
  }

  dispose(): void {
    this.#model.dispose();
  }
}

function single(result: Tensor | Tensor[]): Tensor {
  return [result].flat()[0]!;
}

/** Graphs write a free side as −1. */
function infoOf({ name, dtype, shape }: InferenceModel['inputs'][number]): TfValueInfo {
  const sides = shape as readonly number[] | undefined;
  return { name, type: dtype, shape: sides?.map((side) => (side >= 0 ? side : null)) };
}
