import type { ModelShape } from '../../../devices/index.ts';
import type { GgufInfo } from '../../../quantize/index.ts';

/** What of a GGUF file its memory and speed follow from. What a header does not say counts as nothing. */
export function shapeOf(info: GgufInfo): ModelShape {
  return {
    fileBytes: info.fileBytes,
    parameters: Math.max(1, info.parameters),
    kvBytesPerToken: info.kvBytesPerToken ?? 0,
    vocabulary: info.vocabulary ?? 0,
  };
}
