import type { ChatMessage, Prompt, PromptPart } from '../../../contract/engine.ts';

/** The member of the JSON object that holds the answer. */
export const ANSWER = 'answer';

/** Our servers are many, and some take a schema for advice: it is said in words too. */
const FORM = `Reply with one JSON object and nothing else: {"${ANSWER}": "…"}. The value is one of the possible answers, letter by letter.`;

/** A prompt as plain messages: another model's control tokens mean nothing here, so they are written out. */
export function promptMessages(prompt: Prompt): ChatMessage[] {
  const system = promptText(prompt.system);
  const user = `${promptText(prompt.user)}\n\n${FORM}`;
  return [
    ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: user },
  ];
}

function promptText(parts: readonly PromptPart[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.otherwise))
    .join('')
    .trim();
}
