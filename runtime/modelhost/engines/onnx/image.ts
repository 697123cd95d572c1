import type { Tensor } from 'onnxruntime-node';
import type { ClassifyRequest } from '../../../contract/engine.ts';
import type { OnnxValueInfo } from '../../../../quantize/index.ts';
import { imageReader, type ImageReader } from '../image/reader.ts';
import { folderOf } from '../image/sidecar.ts';

type TensorClass = typeof Tensor;

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
