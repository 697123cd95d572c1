import { createHash } from 'node:crypto';
import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';

/** A language under a key made from what it is: equal trees, equal keys. */
export function answerLanguage(root: AnswerNode): AnswerLanguage {
  const key = createHash('sha256').update(JSON.stringify(root)).digest('base64url').slice(0, 22);
  return { key, root };
}

/** The language of these texts. */
export function choiceLanguage(texts: readonly string[]): AnswerLanguage {
  return answerLanguage({ any: texts.map((text) => ({ text })) });
}
