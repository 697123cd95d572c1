import { join } from 'node:path';
import { loadLlama } from '../../runtime/modelhost/engines/llama/load.ts';
import { CHATML, writeTinyLlama } from '../support/gguf.ts';
import { writeTinyMamba } from '../support/mamba.ts';
import { bpeTable, spmTable } from '../support/vocabulary.ts';
import { tokenModelConformance } from './token-model.ts';

const control = ['<e0>', '<e1>'];
const named = { control, userDefined: ['<tool_call>'] };

interface LlamaSubject {
  readonly name: string;
  readonly write: (file: string) => Promise<void>;
  readonly control: readonly string[];
  readonly unreadable?: readonly string[];
}

const SUBJECTS: readonly LlamaSubject[] = [
  {
    name: 'llama, byte-level BPE',
    write: async (file) => writeTinyLlama(file, { vocabulary: bpeTable(named), chatTemplate: CHATML }),
    control: ['<|im_start|>', '<|im_end|>', ...control],
  },
  {
    name: 'llama, SentencePiece',
    write: async (file) => writeTinyLlama(file, { vocabulary: spmTable(named) }),
    control: ['<s>', '</s>', '<|im_end|>', ...control],
    // A space is written as U+2581 there.
    unreadable: ['Ġ ▁ <0x41>'],
  },
  { name: 'llama, recurrent', write: writeTinyMamba, control: ['<|im_end|>', ...control] },
];

for (const subject of SUBJECTS) {
  tokenModelConformance({
    ...subject,
    write: async (folder) => {
      const file = join(folder, 'model.gguf');
      await subject.write(file);
      return file;
    },
    load: async (spec, signal) => loadLlama(spec, signal, () => {}),
  });
}
