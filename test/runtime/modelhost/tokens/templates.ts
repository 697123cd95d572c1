import { ByteVocabulary } from './byte-vocabulary.ts';

/** Small templates of the shapes models come with, and what a question looks like in them. */
export interface Shape {
  readonly name: string;
  readonly vocabulary: () => ByteVocabulary;
  /** Rendered system `S`, user `U` and opening `O`, without the beginning token. */
  readonly question: string;
  /** The part that does not depend on the user. */
  readonly prefix: string;
  /** Control tokens of a question, in order, with the beginning token. */
  readonly controls: readonly string[];
}

export const CHATML = `{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}`;

const THINKING = `${CHATML}
{%- if add_generation_prompt and enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}`;

const ALWAYS_THINKING = `${CHATML}{{- '<think>\\n' }}`;

const LLAMA2 = `{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}
{% set about = '<<SYS>>\\n' + messages[0]['content'].strip() + '\\n<</SYS>>\\n\\n' %}
{% else %}{% set rest = messages %}{% set about = '' %}{% endif %}
{% for message in rest %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
{% set text = about + message['content'] if loop.index0 == 0 else message['content'] %}
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + text.strip() + ' [/INST]' }}
{%- else %}{{ ' ' + text.strip() + ' ' + eos_token }}{% endif %}{% endfor %}`;

const LLAMA3 = `{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if strftime_now is defined %}{%- set day = strftime_now('%d %b %Y') %}{%- else %}{%- set day = '26 Jul 2024' %}{%- endif %}
{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}{%- set about = messages[0]['content'] | trim %}{%- set messages = messages[1:] %}
{%- else %}{%- set about = '' %}{%- endif %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + day + '\\n\\n' + about + '<|eot_id|>' }}
{%- if tools is not none %}{{- raise_exception('no tools here') }}{%- endif %}
{%- for message in messages %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}`;

const GEMMA = `{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{% for message in messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}
{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}`;

const PHI3 = `{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\\n' + message['content'] + '<|end|>\\n' }}
{%- elif message['role'] == 'user' %}{{ '<|user|>\\n' + message['content'] + '<|end|>\\n' }}
{%- else %}{{ '<|assistant|>\\n' + message['content'] + '<|end|>\\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}`;

/** The system text goes into the last message of the user; contents are control-delimited by [INST] tokens; asks the date. */
const MISTRAL = `{%- set today = strftime_now('%Y-%m-%d') %}
{%- if messages[0].role == 'system' %}{%- set about = messages[0].content %}{%- set rest = messages[1:] %}
{%- else %}{%- set rest = messages %}{%- endif %}
{{- bos_token }}
{%- for message in rest %}{%- if message.role == 'user' %}
{%- if loop.last and about is defined %}{{- '[INST] ' + about + '\\n\\n' + message.content + '[/INST]' }}
{%- else %}{{- '[INST] ' + message.content + '[/INST]' }}{%- endif %}
{%- elif message.role == 'assistant' %}{{- ' ' + message.content | trim + eos_token }}
{%- else %}{{- raise_exception('Only user and assistant roles are supported') }}{%- endif %}{%- endfor %}`;

/** Contents only as lists of parts; the template has no words of its own for the role. */
const PARTS = `{%- for message in messages %}{{- '<|' + message.role + '|>' }}
{%- for part in message.content %}{%- if part.type == 'text' %}{{- part.text }}{%- endif %}{%- endfor %}
{{- eos_token }}{%- endfor %}{{- '<|assistant|>' }}`;

const chatml = ['<|im_start|>', '<|im_end|>', '<|endoftext|>'];
const chatmlControls = ['<|im_start|>', '<|im_end|>', '<|im_start|>', '<|im_end|>', '<|im_start|>'];
const chatmlQuestion = 'system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n';
const chatmlPrefix = '<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n';

function shape(
  name: string,
  chatTemplate: string,
  controls: readonly string[],
  rest: Omit<Shape, 'name' | 'vocabulary'> & { bos?: string },
): Shape {
  const { bos, ...expected } = rest;
  const vocabulary = (): ByteVocabulary =>
    new ByteVocabulary({
      chatTemplate,
      controls,
      ends: [controls[1]!],
      ...(bos === undefined ? {} : { bos }),
    });
  return { name, vocabulary, ...expected };
}

export const SHAPES: readonly Shape[] = [
  shape('ChatML', CHATML, chatml, {
    question: `<|im_start|>${chatmlQuestion}O`,
    prefix: chatmlPrefix,
    controls: chatmlControls,
  }),
  shape('ChatML whose thinking can be switched off', THINKING, [...chatml, '<think>', '</think>'], {
    question: `<|im_start|>${chatmlQuestion}<think>\n\n</think>\n\nO`,
    prefix: chatmlPrefix,
    controls: [...chatmlControls, '<think>', '</think>'],
  }),
  shape('ChatML that always begins to think', ALWAYS_THINKING, chatml, {
    question: `<|im_start|>${chatmlQuestion}<think>\n\n</think>\n\nO`,
    prefix: chatmlPrefix,
    controls: chatmlControls,
  }),
  shape('Llama 2', LLAMA2, ['<s>', '</s>'], {
    bos: '<s>',
    question: '<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST]O',
    prefix: '<s>[INST] <<SYS>>\nS\n<</SYS>>\n\n',
    controls: ['<s>'],
  }),
  shape(
    'Llama 3',
    LLAMA3,
    ['<|begin_of_text|>', '<|eot_id|>', '<|start_header_id|>', '<|end_header_id|>', '<|end_of_text|>'],
    {
      bos: '<|begin_of_text|>',
      question:
        '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday: 26 Jul 2024\n\nS<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nO',
      prefix:
        '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday: 26 Jul 2024\n\nS<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\n',
      controls: [
        '<|begin_of_text|>',
        '<|start_header_id|>',
        '<|end_header_id|>',
        '<|eot_id|>',
        '<|start_header_id|>',
        '<|end_header_id|>',
        '<|eot_id|>',
        '<|start_header_id|>',
        '<|end_header_id|>',
      ],
    },
  ),
  shape('Gemma', GEMMA, ['<bos>', '<end_of_turn>', '<start_of_turn>', '<eos>'], {
    bos: '<bos>',
    question: '<bos><start_of_turn>user\nS\n\nU<end_of_turn>\n<start_of_turn>model\nO',
    prefix: '<bos><start_of_turn>user\nS\n\n',
    controls: ['<bos>', '<start_of_turn>', '<end_of_turn>', '<start_of_turn>'],
  }),
  shape('Phi 3', PHI3, ['<s>', '<|end|>', '<|system|>', '<|user|>', '<|assistant|>', '<|endoftext|>'], {
    bos: '<s>',
    question: '<s><|system|>\nS<|end|>\n<|user|>\nU<|end|>\n<|assistant|>\nO',
    prefix: '<s><|system|>\nS<|end|>\n<|user|>\n',
    controls: ['<s>', '<|system|>', '<|end|>', '<|user|>', '<|end|>', '<|assistant|>'],
  }),
  shape('Mistral', MISTRAL, ['<s>', '</s>', '[INST]', '[/INST]'], {
    bos: '<s>',
    question: '<s>[INST] S\n\nU[/INST]O',
    prefix: '<s>[INST] S\n\n',
    controls: ['<s>', '[INST]', '[/INST]'],
  }),
  shape('contents as lists of parts', PARTS, ['<s>', '</s>', '<|system|>', '<|user|>', '<|assistant|>'], {
    question: '<|system|>S</s><|user|>U</s><|assistant|>O',
    prefix: '<|system|>S</s><|user|>',
    controls: ['<|system|>', '</s>', '<|user|>', '</s>', '<|assistant|>'],
  }),
];
