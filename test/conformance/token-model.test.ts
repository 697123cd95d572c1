import { join } from 'node:path';
import type { ModelSpec } from '../../runtime/contract/engine.ts';
import { loadLlama } from '../../runtime/modelhost/engines/llama/load.ts';
import { CHATML, writeTinyLlama } from '../support/gguf.ts';
import { bpeTable, spmTable, type TokenTable } from '../support/vocabulary.ts';
import { tokenModelConformance } from './token-model.ts';

const control = ['<e0>', '<e1>'];

function llama(name: string, vocabulary: TokenTable, chatTemplate?: string) {
  return {
    name,
    write: async (folder: string) => {
      const file = join(folder, 'model.gguf');
      await writeTinyLlama(file, { vocabulary, ...(chatTemplate === undefined ? {} : { chatTemplate }) });
      return file;
    },
    load: async (spec: ModelSpec, signal: AbortSignal) => loadLlama(spec, signal, () => {}),
  };
}

tokenModelConformance({
  ...llama('llama, byte-level BPE', bpeTable({ control, userDefined: ['<tool_call>'] }), CHATML),
  control: ['<|im_start|>', '<|im_end|>', ...control],
});

tokenModelConformance({
  ...llama('llama, SentencePiece', spmTable({ control, userDefined: ['<tool_call>'] })),
  control: ['<s>', '</s>', '<|im_end|>', ...control],
  // A space is written as U+2581 there.
  unreadable: ['Ġ ▁ <0x41>'],
});
