import type { TokenId, Vocabulary } from './token-model.ts';

/** What template text becomes: plain text, and control tokens by their ids. */
export type TemplateToken = string | TokenId;

const CLOSERS: Readonly<Record<string, string>> = { '<': '>', '[': ']' };
const MAX_NAME = 64;

/**
 * Cuts text at the names of tokens that `control` knows. A name begins with `<` or `[` and ends with its
 * counterpart: `<|im_start|>`, `<s>`, `[INST]`, `<｜User｜>`, `[|system|]`. Only for the template's own text, never for data.
 */
export function cutAtControls(text: string, vocabulary: Vocabulary): TemplateToken[] {
  const out: TemplateToken[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const found = controlAt(text, at, vocabulary);
    if (found === undefined) continue;
    if (at > from) out.push(text.slice(from, at));
    out.push(found.id);
    from = found.end;
    at = found.end - 1;
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}

function controlAt(
  text: string,
  at: number,
  vocabulary: Vocabulary,
): { readonly id: TokenId; readonly end: number } | undefined {
  const closer = CLOSERS[text[at]!];
  if (closer === undefined) return undefined;
  // The longest name wins, as in the tokenizers these templates were written for.
  let found: { id: TokenId; end: number } | undefined;
  const last = Math.min(text.length, at + MAX_NAME);
  for (let end = at + 2; end < last + 1; end++) {
    if (text[end - 1] !== closer) continue;
    const id = vocabulary.control(text.slice(at, end));
    if (id !== undefined) found = { id, end };
  }
  return found;
}
