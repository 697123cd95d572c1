import { describe, expect, it } from 'vitest';
import type { GanglionError } from '../../../../runtime/errors.ts';
import {
  compileChatTemplate,
  MAX_MESSAGES,
  type ChatRole,
} from '../../../../runtime/modelhost/tokens/chat-template.ts';
import { chatTokens } from '../../../../runtime/modelhost/tokens/prompt-tokens.ts';
import { ByteVocabulary, type ByteVocabularyOptions } from './byte-vocabulary.ts';
import { SHAPES } from './templates.ts';

const file = '/models/m.gguf';

function thrownBy(work: () => unknown): GanglionError {
  try {
    work();
  } catch (error) {
    return error as GanglionError;
  }
  throw new Error('nothing was thrown');
}

function refusal(chatTemplate: string, rest: ByteVocabularyOptions = {}): string {
  const error = thrownBy(() =>
    compileChatTemplate({ file, vocabulary: new ByteVocabulary({ chatTemplate, ...rest }) }),
  );
  expect(error.code).toBe('MODEL_UNSUPPORTED');
  return error.message;
}

/** A conversation with contents A, B, C … as the model of a shape reads it. */
function conversation(name: string, roles: readonly ChatRole[]): string {
  const vocabulary = SHAPES.find((shape) => shape.name === name)!.vocabulary();
  const reader = {
    file,
    vocabulary,
    contextTokens: 4096,
    template: compileChatTemplate({ file, vocabulary }),
  };
  const messages = roles.map((role, i) => ({ role, content: 'ABCDEFGH'[i]! }));
  return vocabulary.detokenize(chatTokens(messages, reader));
}

describe('templates that are refused, with the reason', () => {
  it.each([
    ['leaves out a content', '{{ messages[1].content }}', 'leaves out the content of a message'],
    ['knows no contents', 'Hello', 'leaves out the content of a message'],
    [
      'repeats a content',
      '{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}',
      'repeats the content of a message',
    ],
    [
      'repeats a part of it',
      '{% for m in messages %}{{ m.content[:12] ~ m.content }}{% endfor %}',
      'changes the content of a message',
    ],
    [
      'cuts it',
      '{% for m in messages %}{{ m.content[:10] }}{% endfor %}',
      'changes the content of a message',
    ],
    [
      'changes it',
      '{% for m in messages %}{{ m.content | upper }}{% endfor %}',
      'leaves out the content of a message',
    ],
    ['raises always', "{{ raise_exception('not for you') }}", 'it says: not for you'],
    ['is no Jinja', '{% for %}', 'cannot be used'],
    ['calls what there is not', '{{ open("/etc/passwd") }}', 'cannot be used'],
    ['never ends', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'does not stay within 500 levels'],
    [
      'counts on',
      '{% for i in range(100000000) %}x{% endfor %}',
      'does not stay within 10000 items of a range',
    ],
    [
      'loops in loops',
      '{% for i in range(9999) %}{% for j in range(9999) %}{% set x = i %}{% endfor %}{% endfor %}',
      'does not stay within 500000 steps',
    ],
    [
      'doubles text',
      "{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
      'does not stay within 500000 steps',
    ],
    [
      'doubles a list',
      '{% set ns = namespace(t=[1,2]) %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}',
      'does not stay within 500000 steps',
    ],
    [
      'writes too much',
      `{% for i in range(9999) %}${'x'.repeat(60)}{% endfor %}`,
      'within 262144 characters',
    ],
    ['is too long', 'x'.repeat(200_000), 'within 131072 characters'],
  ])('one that %s', (_, source, reason) => {
    const message = refusal(source);
    expect(message).toMatch(
      /^Expected a model this runtime can use in \/models\/m\.gguf but its chat template /,
    );
    expect(message).toMatch(reason);
    expect(message.length).toBeLessThan(500);
  });

  it('one that puts the user before the system text, which could not be a prefix', () => {
    const reversed = '{% for m in messages | reverse %}{{ m.role ~ m.content }}{% endfor %}';
    // Only one message: the system text goes in front of the user's, in that order.
    const vocabulary = new ByteVocabulary({ chatTemplate: reversed });
    const pieces = compileChatTemplate({ file, vocabulary }).prompt(true);
    expect(pieces).toEqual([{ text: 'user' }, { content: 0 }, { text: '\n\n' }, { content: 1 }]);
  });
});

describe('the beginning of an answer', () => {
  it('is outside of an open thinking block', () => {
    const vocabulary = new ByteVocabulary({
      chatTemplate: '{% for m in messages %}{{ m.content }}{% endfor %}[A]<think>',
      controls: ['<think>', '</think>'],
    });
    expect(compileChatTemplate({ file, vocabulary }).prompt(false)).toEqual([
      { content: 1 },
      { text: '[A]' },
      { token: 1000 },
      { text: '\n\n' },
      { token: 1001 },
      { text: '\n\n' },
    ]);
  });

  it('is left alone where the block is closed or only spoken about', () => {
    const text = (end: string): string => {
      const vocabulary = new ByteVocabulary({
        chatTemplate: `{% for m in messages %}{{ m.content }}{% endfor %}${end}`,
      });
      return JSON.stringify(compileChatTemplate({ file, vocabulary }).prompt(false));
    };
    for (const end of ['[A]<think>\\n</think>', 'Put thoughts in <think> first. [A]']) {
      expect(text(end)).toBe(JSON.stringify([{ content: 1 }, { text: end }]));
    }
  });
});

describe('names of control tokens in the text of a template', () => {
  it('are found whatever their form, the longest first', () => {
    const names = ['<|a|>', '<s>', '[INST]', '<｜User｜>', '[|end|]', '<a', '<a><b>', '<b>', '<pad 1>'];
    const vocabulary = new ByteVocabulary({
      chatTemplate:
        '{% for m in messages %}{{ m.content }}{% endfor %}1<|a|>2<s>[INST]3<｜User｜>[|end|]<x><a><b><b>[<s>]<pad 1><|a|',
      controls: names,
    });
    const tokens = compileChatTemplate({ file, vocabulary })
      .prompt(false)
      .slice(1)
      .map((piece) =>
        'token' in piece ? names[piece.token - 1000] : 'text' in piece ? `"${piece.text}"` : '',
      );
    expect(tokens).toEqual([
      '"1"',
      '<|a|>',
      '"2"',
      '<s>',
      '[INST]',
      '"3"',
      '<｜User｜>',
      '[|end|]',
      '"<x>"',
      '<a><b>',
      '<b>',
      '"["',
      '<s>',
      '"]"',
      '<pad 1>',
      '"<|a|"',
    ]);
  });
});

describe('conversations', () => {
  it('go through the template turn by turn', () => {
    expect(conversation('ChatML', ['system', 'user', 'assistant', 'user'])).toBe(
      '<|im_start|>system\nA<|im_end|>\n<|im_start|>user\nB<|im_end|>\n<|im_start|>assistant\nC<|im_end|>\n' +
        '<|im_start|>user\nD<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(conversation('Llama 2', ['system', 'user', 'assistant', 'user'])).toBe(
      '<s>[INST] <<SYS>>\nA\n<</SYS>>\n\nB [/INST] C </s><s>[INST] D [/INST]',
    );
  });

  it('keep a place the template gives the system text, late as it may be', () => {
    expect(conversation('Mistral', ['system', 'user', 'assistant', 'user'])).toBe(
      '<s>[INST] B[/INST] C</s>[INST] A\n\nD[/INST]',
    );
  });

  it('have neighbours of one role joined where the template wants them to alternate', () => {
    expect(conversation('Gemma', ['user', 'user', 'assistant', 'assistant', 'user'])).toBe(
      '<bos><start_of_turn>user\nA\n\nB<end_of_turn>\n<start_of_turn>model\nC\n\nD<end_of_turn>\n' +
        '<start_of_turn>user\nE<end_of_turn>\n<start_of_turn>model\n',
    );
  });

  it("have system texts in front of the first user's where the template has no system role", () => {
    expect(conversation('Gemma', ['system', 'user', 'system', 'assistant', 'user'])).toBe(
      '<bos><start_of_turn>user\nA\n\nC\n\nB<end_of_turn>\n<start_of_turn>model\nD<end_of_turn>\n' +
        '<start_of_turn>user\nE<end_of_turn>\n<start_of_turn>model\n',
    );
    expect(conversation('Gemma', ['system'])).toBe(
      '<bos><start_of_turn>user\nA<end_of_turn>\n<start_of_turn>model\n',
    );
    expect(conversation('Gemma', ['system', 'assistant', 'user'])).toContain('user\nA<end_of_turn>');
  });

  it('are refused with what the template says about their order', () => {
    expect(thrownBy(() => conversation('Gemma', ['assistant', 'user'])).message).toBe(
      "Expected an order of messages that the model's chat template accepts for /models/m.gguf but received one it refuses: it says: roles must alternate.",
    );
  });

  it('are refused without messages and with too many', () => {
    for (const count of [0, MAX_MESSAGES + 1]) {
      const roles = Array.from({ length: count }, () => 'user' as const);
      const error = thrownBy(() => conversation('ChatML', roles));
      expect(error).toMatchObject({ code: 'MODEL_QUESTION_INVALID', fields: { received: `${count}` } });
    }
  });

  it('may be long with a template that leaves its loops early', () => {
    const early = '{% for i in [1, 2] %}{% if true %}{% continue %}{% endif %}{% endfor %}';
    const vocabulary = new ByteVocabulary({
      chatTemplate: `{% for m in messages %}{{ m.content }}${early}{% endfor %}`,
    });
    const roles = Array.from({ length: MAX_MESSAGES }, () => 'user' as const);
    expect(compileChatTemplate({ file, vocabulary }).chat(roles)).toHaveLength(MAX_MESSAGES);
  });

  it('may be as long as is allowed', () => {
    for (const { vocabulary: make } of SHAPES) {
      const vocabulary = make();
      const roles = Array.from({ length: MAX_MESSAGES - 1 }, (_, i) => (i % 2 === 0 ? 'user' : 'assistant'));
      const pieces = compileChatTemplate({ file, vocabulary }).chat(['system', ...roles]);
      expect(pieces.filter((piece) => 'content' in piece)).toHaveLength(MAX_MESSAGES);
    }
  });
});
