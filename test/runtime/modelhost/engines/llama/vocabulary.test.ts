import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLlama } from '../../../../../runtime/modelhost/engines/llama/load.ts';
import type { TokenModel, Vocabulary } from '../../../../../runtime/modelhost/tokens/token-model.ts';
import { CHATML, writeTinyLlama } from '../../../../support/gguf.ts';
import { bpeTable, spmTable, type TokenTable } from '../../../../support/vocabulary.ts';

const signal = new AbortController().signal;
let folder: string;
const open: TokenModel[] = [];

const vocabularyOf = async (vocabulary: TokenTable, chatTemplate?: string): Promise<Vocabulary> => {
  const file = join(folder, 'model.gguf');
  await writeTinyLlama(file, { vocabulary, ...(chatTemplate === undefined ? {} : { chatTemplate }) });
  const model = await loadLlama({ file, contextTokens: 64, threads: 1, device: 'cpu' }, signal, () => {});
  open.push(model);
  return model.vocabulary;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-vocabulary-'));
});
afterAll(async () => {
  for (const model of open) await model.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('the vocabulary of a GGUF model', () => {
  it('reads any text back as it was, in both kinds', async () => {
    for (const table of [
      bpeTable({ userDefined: ['<tool_call>'] }),
      spmTable({ userDefined: ['<tool_call>'] }),
    ]) {
      const vocabulary = await vocabularyOf(table);
      const control = new Set(table.tokens.flatMap((_, i) => (table.types[i] === 3 ? [i] : [])));
      const part = fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        fc.constantFrom(' ', '\n', '<tool_call>', '<|im_end|>', '</s>', 'light', '<0x0A>', '  '),
      );
      fc.assert(
        fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
          // U+2581 is how SentencePiece writes a space.
          const text = parts.join('').replaceAll('\u2581', '_');
          const tokens = vocabulary.tokenize(text);
          expect(vocabulary.detokenize(tokens)).toBe(text);
          expect(tokens.filter((token) => control.has(token))).toEqual([]);
        }),
        { numRuns: 200 },
      );
    }
  });

  it('puts no space before a text in SentencePiece, and takes none away', async () => {
    const vocabulary = await vocabularyOf(spmTable());
    const pieces = (text: string): string[] =>
      vocabulary.tokenize(text).map((token) => vocabulary.detokenize([token]));
    expect(pieces('light')).toEqual(['light']);
    expect(pieces(' light')).toEqual([' light']);
    expect(pieces('turn on')).toEqual(['turn', ' on']);
    expect(pieces('\nlight')).toEqual(['\n', 'light']);
    expect(pieces('\u0001')).toEqual(['\u0001']);
  });

  it('takes user-defined names apart where they are data', async () => {
    for (const table of [
      bpeTable({ userDefined: ['<tool_call>'] }),
      spmTable({ userDefined: ['<tool_call>'] }),
    ]) {
      const vocabulary = await vocabularyOf(table);
      const id = table.tokens.indexOf('<tool_call>');
      for (const text of ['<tool_call>', 'a<tool_call><tool_call> b', '<tool_call>\n']) {
        expect(vocabulary.tokenize(text)).not.toContain(id);
        expect(vocabulary.detokenize(vocabulary.tokenize(text))).toBe(text);
      }
      expect(vocabulary.control('<tool_call>')).toBeUndefined();
    }
  });

  it('ends a closed answer as the model ends a turn', async () => {
    const table = bpeTable();
    const name = (vocabulary: Vocabulary): string => vocabulary.detokenize(vocabulary.ends.slice(0, 1));
    expect(name(await vocabularyOf(table, CHATML))).toBe('<|im_end|>');
    // Without a template nobody takes turns.
    expect(name(await vocabularyOf(table))).toBe('<|endoftext|>');
    const bySymbol = '{% for m in messages %}{{ m.content + eos_token }}{% endfor %}';
    expect(name(await vocabularyOf(table, bySymbol))).toBe('<|endoftext|>');
    const { ends } = await vocabularyOf(table);
    expect(ends).toContain(table.tokens.indexOf('<|im_end|>'));
  });

  it('has what stands before a prompt only where the model wants it', async () => {
    expect((await vocabularyOf(bpeTable())).bos).toBeUndefined();
    const table = spmTable();
    expect((await vocabularyOf(table)).bos).toBe(table.tokens.indexOf('<s>'));
  });

  it('hands out the chat template as it is', async () => {
    expect((await vocabularyOf(bpeTable(), CHATML)).chatTemplate).toBe(CHATML);
    expect((await vocabularyOf(bpeTable())).chatTemplate).toBeUndefined();
  });
});
