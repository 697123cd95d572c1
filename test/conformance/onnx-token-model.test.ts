import { join } from 'node:path';
import { ggufToOnnx } from '../../quantize/index.ts';
import { loadOnnxLlm } from '../../runtime/modelhost/engines/onnx/llm.ts';
import { CHATML, writeTinyLlama } from '../support/gguf.ts';
import { writeForeignFolder, writeSentencePieceTokenizer } from '../support/onnx-decoder.ts';
import { bpeTable, spmTable } from '../support/vocabulary.ts';
import { tokenModelConformance } from './token-model.ts';

const control = ['<e0>', '<e1>'];
const named = { control, userDefined: ['<tool_call>'] };

for (const precision of ['fp32', 'q4'] as const) {
  tokenModelConformance({
    name: `ONNX, converted, ${precision}`,
    write: async (folder) => {
      const gguf = join(folder, 'model.gguf');
      await writeTinyLlama(gguf, { vocabulary: bpeTable(named), chatTemplate: CHATML });
      await ggufToOnnx(gguf, folder, { precision });
      return folder;
    },
    load: loadOnnxLlm,
    control: ['<|im_start|>', '<|im_end|>', ...control],
  });
}

tokenModelConformance({
  name: 'ONNX, cache copied',
  write: async (folder) => writeForeignFolder(folder, bpeTable(named)),
  load: loadOnnxLlm,
  control: ['<|im_start|>', '<|im_end|>', ...control],
});

tokenModelConformance({
  name: 'ONNX, cache copied, SentencePiece',
  write: async (folder) => {
    // As many tokens as the other table has, so that the decoder fits both.
    const table = spmTable(named);
    const stand = bpeTable(named);
    const more = table.tokens.length - stand.tokens.length;
    const filler = Array.from({ length: more }, (_, i) => `[PAD${i}]`);
    await writeForeignFolder(folder, {
      ...stand,
      tokens: [...stand.tokens, ...filler],
      types: [...stand.types, ...filler.map(() => 5)],
    });
    await writeSentencePieceTokenizer(folder, table);
    return folder;
  },
  load: loadOnnxLlm,
  control: ['<s>', '</s>', '<|im_end|>', ...control],
  // A space is written as U+2581 there.
  unreadable: ['Ġ ▁ <0x41>'],
});
