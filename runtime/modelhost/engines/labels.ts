/** One letter per choice, so that an answer is one token. */
export const LABELS: readonly string[] = Array.from({ length: 52 }, (_, i) =>
  String.fromCodePoint(i < 26 ? 65 + i : 97 + i - 26),
);

const MAX_CHOICE_LENGTH = 200;

/** The list of choices as the model reads it. They are data: quoted, on one line each, cut at 200 characters. */
export function labelledList(choices: readonly string[]): string {
  return choices.map((choice, i) => `${LABELS[i]}. ${JSON.stringify(shortened(choice))}`).join('\n');
}

function shortened(choice: string): string {
  return choice.length > MAX_CHOICE_LENGTH ? `${choice.slice(0, MAX_CHOICE_LENGTH - 1)}…` : choice;
}

/** What a tokenizer must be able to do to find the labels' tokens. */
export interface LabelTokenizer {
  tokenize(text: string): readonly number[];
  detokenize(token: number): string;
}

/**
 * The tokens that mean each label: with and without the space that many vocabularies glue to a word's front.
 * (52, …) An empty list: this vocabulary has no single token for that letter.
 */
export function labelTokens(tokenizer: LabelTokenizer): readonly (readonly number[])[] {
  return LABELS.map((label) => {
    const tokens = new Set<number>();
    for (const text of [label, ` ${label}`]) {
      const last = tokenizer.tokenize(text).at(-1);
      if (last !== undefined && tokenizer.detokenize(last).trim() === label) tokens.add(last);
    }
    return [...tokens];
  });
}

/**
 * Probabilities of the choices among themselves, from those of the next token over the whole vocabulary. (choices)
 * Where the model gives none of them any, each is as likely as the others.
 */
export function choiceProbabilities(
  labels: readonly (readonly number[])[],
  choices: number,
  next: { get(token: number): number | undefined },
): number[] {
  const weights = labels
    .slice(0, choices)
    .map((tokens) => tokens.reduce((sum, token) => sum + (next.get(token) ?? 0), 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total > 0 && Number.isFinite(total)
    ? weights.map((weight) => weight / total)
    : weights.map(() => 1 / choices);
}
