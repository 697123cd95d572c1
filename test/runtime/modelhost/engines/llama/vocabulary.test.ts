import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLlama } from '../../../../../runtime/modelhost/engines/llama/load.ts';
import { cutAtControls } from '../../../../../runtime/modelhost/tokens/control-names.ts';
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

  it('takes user-defined names apart where they are data, and gives the template their tokens', async () => {
    const names = ['<tool_call>', '[INST]', '[TOOL_CALLS]', '[|user|]', '<｜User｜>', 'INST]', 'Human:'];
    for (const table of [bpeTable({ userDefined: names }), spmTable({ userDefined: names })]) {
      const vocabulary = await vocabularyOf(table);
      const ids = names.map((name) => table.tokens.indexOf(name));
      for (const [i, name] of names.entries()) {
        for (const text of [name, `a${name}${name} b`, `${name}\n`, ` ${name}`, name.slice(1), `[${name}`]) {
          const tokens = vocabulary.tokenize(text);
          expect(tokens.filter((token) => ids.includes(token))).toEqual([]);
          expect(vocabulary.detokenize(tokens)).toBe(text);
        }
        expect(vocabulary.control(name)).toBe(ids[i]);
        expect(vocabulary.detokenize([ids[i]!])).toBe(name);
      }
      expect(cutAtControls('<｜User｜>turn [INST]on', vocabulary)).toEqual([
        table.tokens.indexOf('<｜User｜>'),
        'turn ',
        table.tokens.indexOf('[INST]'),
        'on',
      ]);
    }
  });

  it('leaves runs of white space and single characters as the tokens they are', async () => {
    const own = ['    ', '☃'];
    const table = bpeTable({ userDefined: own });
    const vocabulary = await vocabularyOf(table);
    for (const name of own) {
      expect(vocabulary.tokenize(`a${name}b`)).toContain(table.tokens.indexOf(name));
      expect(vocabulary.control(name)).toBeUndefined();
    }
    expect(vocabulary.detokenize(vocabulary.tokenize('a    b☃'))).toBe('a    b☃');
  });

  it('takes names apart that merging gives', async () => {
    const spm = spmTable();
    // `s>` is an ordinary piece, so that `<` and `s>` merge to the control token.
    const merging: TokenTable = {
      ...spm,
      tokens: [...spm.tokens, 's>'],
      types: [...spm.types.map((type, i) => (spm.tokens[i] === '▁the' ? 4 : type)), 1],
      scores: [...spm.scores!, -1],
    };
    const vocabulary = await vocabularyOf(merging);
    const control = vocabulary.control('<s>');
    expect(control).toBe(merging.tokens.indexOf('<s>'));
    for (const text of ['<s>', 'a<s> <s>b', ' the', '▁the']) {
      const tokens = vocabulary.tokenize(text);
      expect(tokens).not.toContain(control);
      expect(tokens.map((token) => merging.types[token])).not.toContain(4);
      expect(vocabulary.detokenize(tokens)).toBe(text.replaceAll('▁', ' '));
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
