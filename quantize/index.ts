export {
  metadataText,
  readGgufHeader,
  type GgufHeader,
  type GgufTensorInfo,
  type ReadGgufOptions,
} from './gguf/header.ts';
export { encodeF16 } from './gguf/encode.ts';
export { writeGguf, type Chunks, type GgufTensor, type WriteGgufOptions } from './gguf/write.ts';
export {
  type GgmlType,
  type GgufArray,
  type GgufMetadata,
  type GgufScalar,
  type GgufScalarType,
  type GgufValue,
} from './gguf/types.ts';
export { isQuantization, QUANTIZATIONS, type Quantization } from './gguf/ftype.ts';
export { readOnnxHeader, type OnnxHeader, type OnnxValueInfo } from './onnx/header.ts';
export { readOnnxAttributes, type OnnxNodeAttributes } from './onnx/node-attributes.ts';
export {
  formatOfHead,
  inspectGguf,
  inspectModel,
  inspectOnnx,
  listModels,
  readHead,
  type GgufInfo,
  type ListedModel,
  type ModelFileInfo,
  type OnnxInfo,
} from './inspect.ts';
export {
  quantizeGguf,
  type QuantizeOptions,
  type QuantizeProgress,
  type QuantizeResult,
} from './gguf/quantize.ts';
export { writeOnnx, type OnnxInitializer, type OnnxModel, type WriteOnnxOptions } from './onnx/write.ts';
export { type OnnxAttribute, type OnnxElement, type OnnxNode, type OnnxPort } from './onnx/encode.ts';
export {
  ONNX_PRECISIONS,
  type LlamaShape,
  type LlamaWeights,
  type OnnxPrecision,
} from './onnx/llama-graph.ts';
export { ggufToOnnx, type GgufToOnnxOptions, type GgufToOnnxResult } from './onnx/from-gguf.ts';
