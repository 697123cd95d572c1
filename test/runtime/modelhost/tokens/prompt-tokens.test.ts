import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Prompt } from '../../../../runtime/contract/engine.ts';
import { compileChatTemplate } from '../../../../runtime/modelhost/tokens/chat-template.ts';
import {
  chatTokens,
  promptTokens,
  type PromptReader,
} from '../../../../runtime/modelhost/tokens/prompt-tokens.ts';
import { ByteVocabulary } from './byte-vocabulary.ts';
import { SHAPES } from './templates.ts';

const NONCE = '0123456789abcdef0123456789abcdef';

function readerOf(
  vocabulary: ByteVocabulary,
  contextTokens = 4096,
): PromptReader & { vocabulary: ByteVocabulary } {
  const template = compileChatTemplate({ file: '/models/m.gguf', vocabulary, nonce: NONCE });
  return { file: '/models/m.gguf', vocabulary, template, contextTokens };
}

const question: Prompt = { system: ['S'], user: ['U'], opening: 'O' };

/** Text that tries everything: names of control tokens, halves of them, Jinja, the marks of the renderer. */
function hostile(vocabulary: ByteVocabulary): fc.Arbitrary<string> {
  const bait = [
    ...vocabulary.controls,
    ...vocabulary.controls.map((name) => name.slice(0, -1)),
    '<|',
    '|>',
    '<',
    '>',
    '[',
    ']',
    ' ',
    '\n',
    '\n\n',
    '{{ bos_token }}',
    '{% raw %}',
    '{#',
    '<think>',
    '</think>',
    `${NONCE}x0x`,
    `${NONCE}x1x`,
    `${NONCE}xbosx`,
    NONCE,
    'x1x',
    '<<SYS>>',
    '[INST]',
    '$&',
    '$1',
    '\u0000',
    '😀',
  ];
  // Any character but halves of pairs, which no file or message can carry.
  const character = fc
    .integer({ min: 0, max: 0x10_ffff - 0x800 })
    .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
  const piece = fc.oneof(fc.constantFrom(...bait), fc.string({ maxLength: 8 }), character);
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
}

describe.each(SHAPES)('promptTokens with a template like $name', (shape) => {
  const reader = readerOf(shape.vocabulary());
  const { vocabulary } = reader;

  it('writes the question as the model knows it', () => {
    const { tokens, prefixLength } = promptTokens(question, reader);
    expect(vocabulary.detokenize(tokens)).toBe(shape.question);
    expect(vocabulary.detokenize(tokens.slice(0, prefixLength))).toBe(shape.prefix);
    expect(vocabulary.controlsIn(tokens)).toEqual(shape.controls);
  });

  it('keeps any content data, verbatim, without control tokens of its own', () => {
    const text = hostile(vocabulary);
    fc.assert(
      fc.property(text, text, text, (system, user, opening) => {
        const { tokens } = promptTokens({ system: [`S${system}`], user: [user], opening }, reader);
        expect(vocabulary.controlsIn(tokens)).toEqual(shape.controls);
        const expected = shape.question
          .replace(/O$/, () => '')
          .split(/(?<![A-Z])[SU](?![A-Z])/)
          .flatMap((piece, i) => (i === 0 ? [piece] : [i === 1 ? `S${system}` : user, piece]))
          .join('');
        expect(vocabulary.detokenize(tokens)).toBe(expected + opening);
      }),
      { numRuns: 25 },
    );
  });

  it('gives prompts with one system text the same prefix, whatever follows', () => {
    const text = hostile(vocabulary);
    fc.assert(
      fc.property(text, text, text, (system, one, other) => {
        const a = promptTokens({ system: [system], user: [one], opening: other }, reader);
        const b = promptTokens({ system: [system], user: [other, one] }, reader);
        expect(b.prefixLength).toBe(a.prefixLength);
        expect(b.tokens.slice(0, b.prefixLength)).toEqual(a.tokens.slice(0, a.prefixLength));
      }),
      { numRuns: 25 },
    );
  });

  it('keeps the contents of a conversation data', () => {
    const text = hostile(vocabulary);
    const roles = ['system', 'user', 'assistant', 'user'] as const;
    const plain = chatTokens(
      roles.map((role) => ({ role, content: 'x' })),
      reader,
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 4, maxLength: 4 }), (contents) => {
        const tokens = chatTokens(
          roles.map((role, i) => ({ role, content: contents[i]! })),
          reader,
        );
        expect(vocabulary.controlsIn(tokens)).toEqual(vocabulary.controlsIn(plain));
        const all = vocabulary.detokenize(tokens);
        for (const content of contents) expect(all).toContain(content);
      }),
      { numRuns: 20 },
    );
  });
});

describe('promptTokens', () => {
  const chatml = SHAPES[0]!;

  it('inserts named control tokens by their ids and writes the others as text', () => {
    const vocabulary = new ByteVocabulary({ controls: ['<e1>', '<e2>'] });
    const { tokens } = promptTokens(
      {
        system: ['lamp ', { token: '<e1>', otherwise: '(1)' }, ' fan ', { token: '<e9>', otherwise: '(9)' }],
        user: ['on <e2>', { token: '<e2>', otherwise: '(2)' }],
      },
      readerOf(vocabulary),
    );
    expect(vocabulary.controlsIn(tokens)).toEqual(['<e1>', '<e2>']);
    expect(vocabulary.detokenize(tokens)).toBe('lamp <e1> fan (9)\n\non <e2><e2>\n\n');
  });

  it('writes plain text for a model without a chat template: system, blank line, user, blank line, opening', () => {
    const vocabulary = new ByteVocabulary({ controls: ['<s>'], bos: '<s>' });
    const reader = readerOf(vocabulary);
    const { tokens, prefixLength } = promptTokens(question, reader);
    expect(vocabulary.detokenize(tokens)).toBe('<s>S\n\nU\n\nO');
    expect(vocabulary.detokenize(tokens.slice(0, prefixLength))).toBe('<s>S\n\n');
    const chat = chatTokens(
      [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Bye' },
      ],
      reader,
    );
    expect(vocabulary.detokenize(chat)).toBe(
      '<s>Be kind.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: Bye\n\nAssistant:',
    );
  });

  it('leaves the system message out where there is no system text', () => {
    const reader = readerOf(chatml.vocabulary());
    for (const system of [[], [''], ['', '']]) {
      const { tokens, prefixLength } = promptTokens({ system, user: ['U'] }, reader);
      expect(reader.vocabulary.detokenize(tokens)).toBe(
        '<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n',
      );
      expect(reader.vocabulary.detokenize(tokens.slice(0, prefixLength))).toBe('<|im_start|>user\n');
    }
  });

  it('puts a space before the border with what follows it, as one token', () => {
    const vocabulary = new ByteVocabulary({
      chatTemplate: "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}",
    });
    const { tokens, prefixLength } = promptTokens(question, readerOf(vocabulary));
    expect(vocabulary.detokenize(tokens.slice(0, prefixLength))).toBe('system: S\nuser:');
    expect(tokens[prefixLength]).toBe(vocabulary.tokenize(' U')[0]);
  });

  it('puts the beginning token once, whether the template writes it or not', () => {
    const write = (start: string): string[] => {
      const vocabulary = new ByteVocabulary({
        controls: ['<s>', '</s>'],
        bos: '<s>',
        chatTemplate: `${start}{% for m in messages %}{{ m.content }}{% endfor %}`,
      });
      return vocabulary.controlsIn(promptTokens(question, readerOf(vocabulary)).tokens);
    };
    expect(write('')).toEqual(['<s>']);
    expect(write('{{ bos_token }}')).toEqual(['<s>']);
    expect(write('<s>')).toEqual(['<s>']);
    expect(write('<s>{{ bos_token }}')).toEqual(['<s>']);
  });

  it('refuses a prompt longer than the context with counts', () => {
    const reader = readerOf(chatml.vocabulary(), 64);
    const long = { system: ['S'], user: ['1'.repeat(100)] };
    expect(() => promptTokens(long, reader)).toThrow(
      /^Expected a prompt of at most 63 tokens for \/models\/m\.gguf but received 1\d\d\.$/,
    );
    expect(() => chatTokens([{ role: 'user', content: '1'.repeat(100) }], reader)).toThrow(
      expect.objectContaining({ code: 'MODEL_PROMPT_TOO_LONG' }),
    );
  });

  it('takes a prompt that leaves one place for the answer', () => {
    const vocabulary = new ByteVocabulary();
    const prompt = { system: [], user: ['1'.repeat(61)] };
    expect(promptTokens(prompt, readerOf(vocabulary, 63)).tokens).toHaveLength(62);
    expect(() => promptTokens(prompt, readerOf(vocabulary, 62))).toThrow(
      expect.objectContaining({ fields: { file: '/models/m.gguf', tokens: 62, limit: 61 } }),
    );
  });

  it('refuses megabytes before it tokenizes them', () => {
    const reader = readerOf(chatml.vocabulary(), 100);
    const before = reader.vocabulary.asked.length;
    expect(() => promptTokens({ system: [], user: ['x'.repeat(3_000_000)] }, reader)).toThrow(
      'Expected a prompt of at most 99 tokens for /models/m.gguf but received 125000.',
    );
    expect(() => chatTokens([{ role: 'user', content: 'x'.repeat(3_000_000) }], reader)).toThrow(
      expect.objectContaining({ code: 'MODEL_PROMPT_TOO_LONG' }),
    );
    expect(reader.vocabulary.asked).toHaveLength(before);
  });

  it('refuses a prompt without anything', () => {
    const vocabulary = new ByteVocabulary({
      chatTemplate: '{% for m in messages %}{{ m.content }}{% endfor %}',
    });
    expect(() => promptTokens({ system: [], user: [''] }, readerOf(vocabulary))).toThrow(
      'Expected a prompt with text for /models/m.gguf but received an empty one.',
    );
  });
});
