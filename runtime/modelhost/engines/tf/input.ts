import type { Tensor } from '@tensorflow/tfjs-core';
import type { ClassifyRequest } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';
import { imageReader, isImageShape, type ImageReader } from '../image/reader.ts';
import type { TfModelFile } from './model-file.ts';
import type { TfValueInfo } from './network.ts';
import type { TfLibraries } from './runtime.ts';

/** The one input of a classifier, and how a question becomes its tensor. */
export class TfInput {
  readonly info: TfValueInfo;
  readonly image: ImageReader | undefined;
  readonly #file: string;
  /** Without the side that counts rows. */
  readonly #sides: readonly (number | null)[];

  /** Throws MODEL_UNSUPPORTED, MODEL_FILE_INVALID. */
  constructor(model: TfModelFile, inputs: readonly TfValueInfo[]) {
    this.#file = model.file;
    const unsupported = (reason: string): GanglionError =>
      new GanglionError('MODEL_UNSUPPORTED', { file: model.file, reason });
    const [info, ...others] = inputs;
    if (info === undefined || others.length > 0) {
      throw unsupported(
        `it has ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ')}) where one row of numbers or one image is given`,
      );
    }
    const { name, type = 'float32', shape = [null, null] } = info;
    if (type !== 'float32' && type !== 'int32')
      throw unsupported(`its input ${name} is ${type} and not float32`);
    const [rows, ...sides] = shape;
    if (rows === undefined || sides.length === 0)
      throw unsupported(`its input ${name} has no side for features`);
    if (rows !== null && rows > 1) throw unsupported(`it takes ${rows} rows at once and not one`);
    const isImage = isImageShape(model.folder, shape);
    if (!isImage && sides.filter((side) => side === null).length > 1)
      throw unsupported(`more than one side of its input ${name} is free`);
    this.info = { name, type, shape };
    this.#sides = sides;
    this.image = isImage
      ? imageReader({
          file: model.file,
          folder: model.folder,
          shape,
          plainScale: type === 'int32' || scalesItself(model) ? 1 : 1 / 255,
        })
      : undefined;
  }

  /** No side is free, so that a trial is possible before the first question. */
  get fixed(): boolean {
    return this.image !== undefined || !this.#sides.includes(null);
  }

  /** Zeros in the input's shape. */
  trial({ core }: TfLibraries): Tensor {
    return core.zeros(
      this.image === undefined ? [1, ...this.#sides.map((side) => side ?? 1)] : [...this.image.shape],
      this.#type,
    );
  }

  /** The values of a question. Throws MODEL_QUESTION_INVALID. */
  async read(request: ClassifyRequest): Promise<ArrayLike<number>> {
    if (this.image !== undefined) return this.image.read(request);
    const { features } = request;
    const known = this.#sides.reduce<number>((product, side) => product * (side ?? 1), 1);
    const free = this.#sides.includes(null);
    const fits =
      features !== undefined &&
      features.length > 0 &&
      (free ? features.length % known === 0 : features.length === known);
    if (fits) return features;
    throw new GanglionError('MODEL_QUESTION_INVALID', {
      file: this.#file,
      expected: free
        ? known === 1
          ? 'some features'
          : `a multiple of ${known} features`
        : `${known} features`,
      received: features === undefined ? 'an image' : `${features.length}`,
    });
  }

  /** (1, …) of what `read` gave. */
  tensor({ core }: TfLibraries, values: ArrayLike<number>): Tensor {
    if (this.image !== undefined)
      return core.tensor(typed(values, this.#type), [...this.image.shape], this.#type);
    const known = this.#sides.reduce<number>((product, side) => product * (side ?? 1), 1);
    const shape = this.#sides.map((side) => side ?? values.length / known);
    return core.tensor(typed(values, this.#type), [1, ...shape], this.#type);
  }

  get #type(): 'float32' | 'int32' {
    return this.info.type === 'int32' ? 'int32' : 'float32';
  }
}

function typed(values: ArrayLike<number>, type: 'float32' | 'int32'): Float32Array | Int32Array {
  return type === 'int32' ? Int32Array.from(values, Math.round) : Float32Array.from(values);
}

/** Keras models that begin by rescaling or normalising want pixels as they are. */
function scalesItself({ format, topology }: TfModelFile): boolean {
  return (
    format === 'layers' && /"class_name":\s*"(?:Rescaling|Normalization)"/.test(JSON.stringify(topology))
  );
}
