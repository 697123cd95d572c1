import type { Engine } from '../../contract/engine.ts';
import type { LanguageModels } from '../tokens/language-models.ts';
import { llamaAccepts } from './llama/accepts.ts';
import { onnxEngine } from './onnx/classifier.ts';
import { isLlmFolder, llmFolderOf } from './onnx/llm-folder.ts';
import { tfEngine } from './tf/engine.ts';

export type HostLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

/** The engines that come with the runtime. A library is imported when the first model needs it: that takes time and memory. */
export function bundledEngines(models: LanguageModels, log: HostLog): readonly Engine[] {
  return [
    {
      name: 'llama',
      accepts: (_file, head) => llamaAccepts(head),
      load: async (spec, signal) => {
        const { loadLlama } = await import('./llama/load.ts');
        return models.make(spec, async () => loadLlama(spec, signal, log));
      },
    },
    {
      name: 'onnx-llm',
      accepts: isLlmFolder,
      load: async (spec, signal) => {
        const { loadOnnxLlm } = await import('./onnx/llm.ts');
        // A model file alone does not say what its weights and words are: they lie beside it.
        const whole = { ...spec, file: llmFolderOf(spec.file) };
        return models.make(whole, async () => loadOnnxLlm(spec, signal));
      },
    },
    onnxEngine(),
    tfEngine(),
  ];
}
