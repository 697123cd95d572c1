import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';
import { buildGraph } from './graph.ts';
import { answerCount, listAnswers, type ControlStyle } from './members.ts';
import { numberTexts } from './numbers.ts';

/** Strings that are listed one by one; above, a pattern is shorter. */
const MAX_ENUM = 256;

/**
 * The language as an anchored regular expression that ECMAScript and those who turn the `pattern` of a JSON schema into a
 * grammar read alike: plain groups, alternatives and counted repeats; no classes, no look-around, no groups with marks.
 *
 *     ^(none|(light\.hall|light\.bath)\.turn_on)$
 *
 * Throws MODEL_QUESTION_INVALID.
 */
export function answerPattern(language: AnswerLanguage, style: ControlStyle = 'otherwise'): string {
  buildGraph(language);
  return `^${group(spell(language.root, style))}$`;
}

/** The language as a JSON schema of one string: its strings if there are few, else its pattern. Throws MODEL_QUESTION_INVALID. */
export function answerSchema(
  language: AnswerLanguage,
  style: ControlStyle = 'otherwise',
): { type: 'string'; enum: string[] } | { type: 'string'; pattern: string } {
  return answerCount(language) <= MAX_ENUM
    ? { type: 'string', enum: listAnswers(language, MAX_ENUM, style) }
    : { type: 'string', pattern: answerPattern(language, style) };
}

function spell(node: AnswerNode, style: ControlStyle): string {
  if ('text' in node) {
    return escape(node.text);
  }
  if ('token' in node) {
    return escape(style === 'names' ? node.token : (node.otherwise ?? node.token));
  }
  if ('seq' in node) {
    return node.seq.map((part) => group(spell(part, style))).join('');
  }
  if ('any' in node) {
    return node.any.map((part) => group(spell(part, style))).join('|');
  }
  if ('number' in node) {
    return numberTexts(node.number).map(escape).join('|');
  }
  const { each, separator, max } = node.list;
  const one = group(spell(each, style));
  return max === 1 ? one : `${one}(${group(spell(separator, style))}${one}){0,${max - 1}}`;
}

/** Only what has alternatives needs brackets. */
function group(pattern: string): string {
  return pattern.includes('|') ? `(${pattern})` : pattern;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`);
}
