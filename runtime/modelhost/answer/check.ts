import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';
import { answerInvalid, buildGraph } from './graph.ts';
import { answerCount, listAnswers } from './members.ts';

/** Languages up to this size are looked through for strings that can be read in two ways. */
const LOOK_THROUGH = 2000;

/**
 * Throws MODEL_QUESTION_INVALID for a language that is none: a choice of nothing, too many numbers, text of half characters,
 * parts nested too deep, or, where that is cheap to tell, a string that can be read in two ways.
 */
export function checkAnswer(language: AnswerLanguage): void {
  buildGraph(language);
  checkChoices(language.key, language.root, new Set());
  const count = answerCount(language);
  if (count <= LOOK_THROUGH) {
    const different = listAnswers(language, LOOK_THROUGH).length;
    if (different < count) {
      throw answerInvalid(
        language.key,
        'a language whose answers can be read in one way only',
        `${count} ways to write ${different} answers`,
      );
    }
  }
}

/** Two equal texts in one choice, in languages of any size. */
function checkChoices(key: string, node: AnswerNode, seen: Set<AnswerNode>): void {
  if (seen.has(node)) {
    return;
  }
  seen.add(node);
  if ('any' in node) {
    const texts = new Set<string>();
    for (const part of node.any) {
      if ('text' in part) {
        if (texts.has(part.text)) {
          throw answerInvalid(key, 'different alternatives', `${JSON.stringify(part.text)} twice`);
        }
        texts.add(part.text);
      }
      checkChoices(key, part, seen);
    }
  } else if ('seq' in node) {
    for (const part of node.seq) {
      checkChoices(key, part, seen);
    }
  } else if ('list' in node) {
    checkChoices(key, node.list.each, seen);
    checkChoices(key, node.list.separator, seen);
  }
}
