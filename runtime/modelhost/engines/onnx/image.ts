import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import type { ClassifyRequest } from '../../../contract/engine.ts';
import type { OnnxValueInfo } from '../../../../quantize/index.ts';
import { imageReader, type ImageReader } from '../image/reader.ts';
import { folderOf } from '../image/sidecar.ts';

type TensorClass = typeof Tensor;

/** The names exporters give, most exact weights first. */
const MODEL_FILES = ['model.onnx', 'model_quantized.onnx', 'model_int8.onnx', 'model_uint8.onnx'];

/**
 * The ONNX file of a folder with a model of images as Hugging Face lays it out: preprocessor_config.json, and the model
 * beside it or in `onnx/`. Undefined for other folders, and for those with a tokenizer, which hold a language model.
 */
export function imageModelFile(folder: string): string | undefined {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (!has('preprocessor_config.json') || has('tokenizer.json')) return undefined;
  const name = ['onnx', '.'].flatMap((place) => MODEL_FILES.map((file) => join(place, file))).find(has);
  return name === undefined ? undefined : join(folder, name);
}

/** Brings a question to an image model's input: layout, size and normalisation. */
export class OnnxImageInput {
  readonly reader: ImageReader;
  readonly #input: OnnxValueInfo;

  /** @param input one with four sides. Throws MODEL_UNSUPPORTED, MODEL_FILE_INVALID. */
  constructor(file: string, input: OnnxValueInfo) {
    this.#input = input;
    this.reader = imageReader({
      file,
      folder: folderOf(file),
      shape: input.shape,
      // Bytes are taken as bytes.
      plainScale: input.type === 'uint8' ? 1 : 1 / 255,
    });
  }

  /** `nchw 3 × 224 × 224` and how pixels are normalised, for people. */
  get details(): { readonly image: string; readonly normalisation: string } {
    const { input, preprocessing } = this.reader;
    const { scale, mean, std } = preprocessing;
    return {
      image: `${input.width} × ${input.height}, ${input.channels === 1 ? 'grey' : 'RGB'}, ${input.layout.toUpperCase()}`,
      normalisation: `(pixel · ${Number(scale.toPrecision(4))} − [${mean.join(', ')}]) / [${std.join(', ')}]`,
    };
  }

  /** (1, …) Throws MODEL_QUESTION_INVALID. */
  async tensor(Type: TensorClass, request: ClassifyRequest): Promise<Tensor> {
    const values = await this.reader.read(request);
    const { shape } = this.reader;
    if (this.#input.type === 'uint8') return new Type('uint8', Uint8Array.from(values), shape);
    return this.#input.type === 'float64'
      ? new Type('float64', Float64Array.from(values), shape)
      : new Type('float32', values, shape);
  }
}
