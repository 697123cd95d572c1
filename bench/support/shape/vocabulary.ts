import { trainBpe, type BpeVocabulary } from '../../../models/index.ts';
import { ownText } from './corpus.ts';
import { piecesOf } from './pieces.ts';
import type { Shape } from './shapes.ts';

/** Enough that plain English takes a token for four characters, as with the vocabularies the shapes have. */
const MERGES = 6000;

/** Token types of GGUF. Source: the GGUF specification in ggml's docs/gguf.md. */
const TYPES = { normal: 1, control: 3, unused: 5 } as const;

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const LLAMA3 =
  "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

interface Chat {
  readonly control: readonly string[];
  readonly bos: string;
  readonly eos: string;
  readonly addBos: boolean;
  readonly template: string;
}

const CHATS: Readonly<Record<Shape['chat'], Chat>> = {
  chatml: {
    control: ['<|endoftext|>', '<|im_start|>', '<|im_end|>'],
    bos: '<|endoftext|>',
    eos: '<|im_end|>',
    addBos: false,
    template: CHATML,
  },
  llama3: {
    control: [
      '<|begin_of_text|>',
      '<|end_of_text|>',
      '<|start_header_id|>',
      '<|end_header_id|>',
      '<|eot_id|>',
    ],
    bos: '<|begin_of_text|>',
    eos: '<|eot_id|>',
    addBos: true,
    template: LLAMA3,
  },
};

export interface ShapeVocabulary {
  /** (vocabulary) */
  readonly tokens: readonly string[];
  /** (vocabulary) */
  readonly types: readonly number[];
  readonly merges: readonly string[];
  readonly bos: number;
  readonly eos: number;
  readonly addBos: boolean;
  readonly chatTemplate: string;
}

/** A vocabulary of the shape's size: learned tokens, then control tokens, then unused ones. */
export function vocabularyOf(shape: Shape, text: readonly string[] = ownText()): ShapeVocabulary {
  const { tokens: learned, merges }: BpeVocabulary = trainBpe(
    text.flatMap((part) => piecesOf(part, shape.pre)),
    MERGES,
  );
  const { control, bos, eos, addBos, template } = CHATS[shape.chat];
  const used = [...learned, ...control];
  const unused = Array.from({ length: shape.vocabulary - used.length }, (_, i) => `[PAD${used.length + i}]`);
  return {
    tokens: [...used, ...unused],
    types: [
      ...learned.map(() => TYPES.normal),
      ...control.map(() => TYPES.control),
      ...unused.map(() => TYPES.unused),
    ],
    merges,
    bos: learned.length + control.indexOf(bos),
    eos: learned.length + control.indexOf(eos),
    addBos,
    chatTemplate: template,
  };
}
