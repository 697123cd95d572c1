export { readGgufHeader, type GgufHeader, type GgufTensorInfo, type ReadGgufOptions } from './gguf/header.ts';
export { writeGguf, type Chunks, type GgufTensor, type WriteGgufOptions } from './gguf/write.ts';
export {
  type GgmlType,
  type GgufArray,
  type GgufMetadata,
  type GgufScalar,
  type GgufScalarType,
  type GgufValue,
} from './gguf/types.ts';
