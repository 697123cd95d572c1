import { createHash } from 'node:crypto';
import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';
import { formsOf, type ArgForm, type CommandForm } from './forms.ts';
import type { SignedRange } from './numbers.ts';
import type { PointedSpace } from './space.ts';

/** Joins calls. Like every piece of the language it begins with a space or `=`, where tokenizers cut anyway. */
export const AND = ' and';
export const NONE = 'none';

/** Grows when the way calls are written changes. */
const VERSION = 'calls/1';

/**
 * What may be answered to a request in words:
 *
 *     answer  = " none" | call *(" and" call)          at most maxCalls of them
 *     call    = " " word pointer *required *optional
 *     pointer = control token <e3>, or " e3"
 *     required, number = "=" number                    position e4=60
 *     required, word   = " " word                      mode e7 heat
 *     optional, number = " " name "=" number           on e3 brightness=40
 *     optional, colour = " " colour                    on e3 red
 *     optional, word   = " " name " " word
 *
 * The command comes first, so one token tells `on` from `off`, and the entities that cannot do it are no longer in
 * question. Entities of equal shape share a branch. Undefined where no entity takes a command that can be written.
 */
export function callLanguage(space: PointedSpace): AnswerLanguage | undefined {
  const words = groups(space);
  if (words.size === 0 || space.maxCalls < 1) return undefined;
  const calls = [...words]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, shapes]): AnswerNode => ({
      seq: [
        text(` ${word}`),
        any(
          [...shapes.values()].map(({ form, pointers }) => ({
            seq: [any(pointers.map(pointerNode)), ...argNodes(form)],
          })),
        ),
      ],
    }));
  const list: AnswerNode = {
    list: { each: any(calls), separator: text(AND), max: space.maxCalls },
  };
  return { key: keyOf(words, space.maxCalls), root: any([text(` ${NONE}`), list]) };
}

interface Shape {
  readonly form: CommandForm;
  /** Ascending. */
  readonly pointers: readonly number[];
}

/** Commands by their word, then by the shape of their arguments. Does not depend on how the entities are ranked. */
function groups({ entities }: PointedSpace): Map<string, Map<string, Shape>> {
  const words = new Map<string, Map<string, Shape>>();
  for (const { pointer, entity } of entities.toSorted((a, b) => a.pointer - b.pointer)) {
    for (const form of formsOf(entity)) {
      let shapes = words.get(form.word);
      if (shapes === undefined) words.set(form.word, (shapes = new Map<string, Shape>()));
      const pointers = shapes.get(form.key)?.pointers ?? [];
      shapes.set(form.key, { form, pointers: [...pointers, pointer] });
    }
  }
  return words;
}

function keyOf(words: ReadonlyMap<string, ReadonlyMap<string, Shape>>, maxCalls: number): string {
  const hash = createHash('sha256').update(`${VERSION} ${maxCalls}`);
  for (const [word, shapes] of [...words].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\n${word}`);
    for (const [key, { pointers }] of shapes) hash.update(`\n ${key} ${pointers.join(',')}`);
  }
  return `${VERSION}:${hash.digest('hex').slice(0, 32)}`;
}

function argNodes({ required, optional }: CommandForm): AnswerNode[] {
  return [
    ...required.map((arg) => valueNode(arg)),
    ...optional.map((slot) => any([{ seq: [] }, ...slot.map((arg) => optionalNode(arg))])),
  ];
}

function optionalNode(arg: ArgForm): AnswerNode {
  return arg.bare ? valueNode(arg) : { seq: [text(` ${arg.name}`), valueNode(arg)] };
}

function valueNode({ values }: ArgForm): AnswerNode {
  if ('words' in values) return any([...values.words.keys()].map((word) => text(` ${word}`)));
  return any(values.numbers.map((range) => numberNode(range)));
}

function numberNode({ negative, range }: SignedRange): AnswerNode {
  return { seq: [text(negative ? '=-' : '='), { number: range }] };
}

function pointerNode(pointer: number): AnswerNode {
  return { token: `<e${pointer}>`, otherwise: ` e${pointer}` };
}

function text(literal: string): AnswerNode {
  return { text: literal };
}

function any(nodes: readonly AnswerNode[]): AnswerNode {
  return nodes.length === 1 ? nodes[0]! : { any: nodes };
}
