import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type {
  Classified,
  ClassifyRequest,
  Engine,
  LoadedModel,
  ModelInfo,
  ModelSpec,
} from '../../../contract/engine.ts';
import { GanglionError, messageOf } from '../../../errors.ts';
import {
  formatOfHead,
  readOnnxHeader,
  type OnnxHeader,
  type OnnxValueInfo,
} from '../../../../quantize/index.ts';
import { boundedThreads } from '../../threads.ts';
import { readLabels } from '../image/labels.ts';
import { folderOf } from '../image/sidecar.ts';
import { toProbabilities } from '../scores.ts';
import { imageModelFile, OnnxImageInput } from './image.ts';
import { openSession, type OpenedSession } from './providers.ts';

type Runtime = typeof import('onnxruntime-node');

/** Classifiers in ONNX: one row of features or one image in, one score per class out. */
export function onnxEngine(): Engine {
  return {
    name: 'onnx',
    accepts: (file, head) =>
      formatOfHead(head) === 'onnx' || (head.length === 0 && imageModelFile(file) !== undefined),
    load: async (spec, signal) => load({ ...spec, file: imageModelFile(spec.file) ?? spec.file }, signal),
  };
}

async function load(spec: ModelSpec, signal: AbortSignal): Promise<LoadedModel> {
  const header = readOnnxHeader(spec.file);
  const input = inputOf(spec.file, header);
  const output = outputOf(spec.file, header);
  const image = input.shape.length === 4 ? new OnnxImageInput(spec.file, input) : undefined;
  // One row is computed sooner than it is copied to an accelerator and back.
  const device = spec.device ?? (image === undefined ? 'cpu' : 'auto');
  const labels = readLabels(folderOf(spec.file));
  const threads = boundedThreads(spec.threads);
  let runtime: Runtime;
  let opened: OpenedSession;
  try {
    // Imported here and not above: the library takes memory, which only a host with such a model should pay.
    runtime = await import('onnxruntime-node');
    opened = await openSession(runtime, spec.file, device, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw new GanglionError(
      'MODEL_LOAD_FAILED',
      { file: spec.file, reason: reason(error) },
      { cause: error },
    );
  }
  const { session, provider, passedOver } = opened;
  if (signal.aborted) {
    await session.release();
    throw new GanglionError('MODEL_ABORTED', { file: spec.file });
  }
  const info: ModelInfo = {
    engine: 'onnx',
    file: spec.file,
    name: header.graph,
    sizeBytes: header.fileBytes,
    ...(labels === undefined ? {} : { labels }),
    details: {
      producer: header.producer,
      nodes: header.nodes,
      input: `${input.name}: ${input.type}[${input.shape.join(', ')}]`,
      output: `${output.name}: ${output.type}[${output.shape.join(', ')}]`,
      threads,
      provider,
      ...(passedOver.length === 0 ? {} : { passedOver: passedOver.join('; ') }),
      ...image?.details,
    },
  };
  return new OnnxClassifier(info, session, { input, output, image, Tensor: runtime.Tensor });
}

/** The one input a classifier has. Throws MODEL_UNSUPPORTED. */
function inputOf(file: string, header: OnnxHeader): OnnxValueInfo {
  const unsupported = (why: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason: why });
  if (header.externalData) throw unsupported('its weights lie in other files; save it as one file');
  const [input, ...others] = header.inputs;
  if (input === undefined || others.length > 0) {
    throw unsupported(
      `it has ${header.inputs.length} inputs (${header.inputs.map(({ name }) => name).join(', ')}) where one row of numbers or one image is given`,
    );
  }
  const isImage = input.shape.length === 4;
  if (input.type !== 'float32' && input.type !== 'float64' && !(isImage && input.type === 'uint8')) {
    const mend =
      input.type === 'float16' ? '; convert it again and keep its inputs and outputs as float32' : '';
    throw unsupported(`its input ${input.name} is ${input.type} and not float32${mend}`);
  }
  if (input.shape.length > 2 && !isImage) {
    throw unsupported(
      `its input ${input.name} has ${input.shape.length} dimensions and not 2 (rows, features) or 4 (an image)`,
    );
  }
  return input;
}

/** The output with the scores: one that says so, else the last with floats. Throws MODEL_UNSUPPORTED. */
function outputOf(file: string, header: OnnxHeader): OnnxValueInfo {
  const floats = header.outputs.filter(({ type }) => type === 'float32' || type === 'float64');
  const scores = floats.find(({ name }) => /prob/i.test(name)) ?? floats.at(-1);
  if (scores !== undefined) return scores;
  const maps = header.outputs.some(({ type }) => type === 'sequence' || type === 'map');
  throw new GanglionError('MODEL_UNSUPPORTED', {
    file,
    reason: maps
      ? 'its probabilities are a sequence of maps (ZipMap); convert it again with the option zipmap=False'
      : `none of its outputs holds scores as floats (${header.outputs.map(({ name, type }) => `${name}: ${type}`).join(', ')})`,
  });
}

interface Wiring {
  readonly input: OnnxValueInfo;
  readonly output: OnnxValueInfo;
  /** For models of images. */
  readonly image: OnnxImageInput | undefined;
  readonly Tensor: Runtime['Tensor'];
}

class OnnxClassifier implements LoadedModel {
  readonly info: ModelInfo;
  readonly #session: InferenceSession;
  readonly #wiring: Wiring;

  constructor(info: ModelInfo, session: InferenceSession, wiring: Wiring) {
    this.info = info;
    this.#session = session;
    this.#wiring = wiring;
  }

  async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classified> {
    const { file } = this.info;
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file });
    const { input, output, image, Tensor } = this.#wiring;
    const asked = image === undefined ? this.#row(request) : await image.tensor(Tensor, request);
    let results: Readonly<Record<string, Tensor>>;
    try {
      // The call blocks this thread until it is done, which is why it runs in a process of its own.
      results = await this.#session.run({ [input.name]: asked }, [output.name]);
    } catch (error) {
      throw new GanglionError('MODEL_ANSWER_FAILED', { file, reason: reason(error) }, { cause: error });
    }
    const scores = results[output.name]?.data;
    const probabilities =
      scores instanceof Float32Array || scores instanceof Float64Array ? toProbabilities(scores) : undefined;
    if (probabilities === undefined) {
      throw new GanglionError('MODEL_ANSWER_FAILED', {
        file,
        reason: `its output ${output.name} is not one row of finite scores`,
      });
    }
    const probability = Math.max(...probabilities);
    return { index: probabilities.indexOf(probability), probability, probabilities };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  /** (1, features) Throws MODEL_QUESTION_INVALID. */
  #row({ features }: ClassifyRequest): Tensor {
    const { input, Tensor } = this.#wiring;
    const wanted = input.shape.at(-1);
    const fits = typeof wanted === 'number' ? features?.length === wanted : features?.length !== 0;
    if (features === undefined || !fits) {
      throw new GanglionError('MODEL_QUESTION_INVALID', {
        file: this.info.file,
        expected: `${wanted ?? 'some'} features`,
        received: features === undefined ? 'an image' : `${features.length}`,
      });
    }
    const shape = input.shape.length === 1 ? [features.length] : [1, features.length];
    return input.type === 'float64'
      ? new Tensor('float64', Float64Array.from(features), shape)
      : new Tensor('float32', Float32Array.from(features), shape);
  }
}

function reason(error: unknown): string {
  return messageOf(error).split('\n')[0]!.slice(0, 300);
}
