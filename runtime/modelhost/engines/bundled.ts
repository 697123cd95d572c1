import type { Engine } from '../../contract/engine.ts';
import { formatOfHead } from '../../../quantize/index.ts';
import type { EngineLog } from './llama.ts';
import { onnxEngine } from './onnx/classifier.ts';

/** The engines that come with the runtime. llama.cpp is imported when the first GGUF is: it takes 0.4 s and 60 MB. */
export function bundledEngines(log: EngineLog): readonly Engine[] {
  let llama: Promise<Engine> | undefined;
  return [
    {
      name: 'llama',
      accepts: (_file, head) => formatOfHead(head) === 'gguf',
      load: async (spec, signal) => {
        llama ??= import('./llama.ts').then(({ llamaEngine }) => llamaEngine(log));
        return (await llama).load(spec, signal);
      },
    },
    onnxEngine(),
  ];
}
