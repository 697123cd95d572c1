import type { PolicyMode } from '../rules/policy.ts';

/** A part of a draft with the words it came from, as they stand in the sentence. */
export interface DraftPart<T> {
  readonly value: T;
  /** Empty for what no word says. */
  readonly words: readonly string[];
}

/**
 * A rule on its way from a sentence to a policy file. Conditions and calls are texts of the rule language, so that a rule
 * somebody wrote by hand can be edited like one that came from a sentence.
 */
export interface Draft {
  readonly when: DraftPart<string>;
  /** All of them must hold. */
  readonly if: readonly DraftPart<string>[];
  /** How long `when` has to stay true first, ms. */
  readonly hold?: DraftPart<number>;
  readonly then: readonly DraftPart<string>[];
  /** What is done is undone so long after, ms: a second rule of the same name with `-end`. */
  readonly lasts?: DraftPart<number>;
  readonly cooldownMs?: number;
  readonly priority?: number;
  readonly mode: PolicyMode;
}

/** Places of a rule that came from words: `when`, `if[0]`, `for`, `then[1]`, `lasts`. */
export interface PartSource {
  readonly part: string;
  readonly text: string;
  readonly words: readonly string[];
}

/** What two drafts have in common when they say the same; mode and words do not count. */
export function keyOf({ when, if: conditions, hold, then, lasts }: Draft): string {
  return [
    when.value,
    conditions
      .map(({ value }) => value)
      .toSorted()
      .join(' && '),
    String(hold?.value ?? 0),
    then
      .map(({ value }) => value)
      .toSorted()
      .join('; '),
    String(lasts?.value ?? 0),
  ].join('\n');
}

/** Suffix of the rule that undoes what another one did. */
export const END_SUFFIX = '-end';
