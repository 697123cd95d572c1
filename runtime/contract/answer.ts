/**
 * The closed language of an answer: a finite set of strings, written as a tree. A model picks one of them and writes none.
 *
 * The language has to be readable in one way only: no two paths through the tree may spell the same string. What no
 * string of it may be is the beginning of another one plus nothing: the end of an answer is chosen like any other token.
 */
export type AnswerNode =
  /** Exactly this text. Data: never read as special tokens. */
  | { readonly text: string }
  /**
   * A control token of the model, by its name: `<e3>`. A model without it is given `otherwise`; without `otherwise` the
   * language does not fit that model.
   */
  | { readonly token: string; readonly otherwise?: string }
  /** One after the other; none: the empty text. */
  | { readonly seq: readonly AnswerNode[] }
  /** One of these; at least one. */
  | { readonly any: readonly AnswerNode[] }
  /** min, min + step, … up to max, written with exactly `decimals` places. At most 2000 values. */
  | { readonly number: NumberRange }
  /** `each`, once to `max` times, with `separator` between. At most 64 times. */
  | { readonly list: { readonly each: AnswerNode; readonly separator: AnswerNode; readonly max: number } };

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Decimal places, 0–3. */
  readonly decimals: number;
}

export interface AnswerLanguage {
  /** Same key, same language: what is compiled for it is kept under this key. */
  readonly key: string;
  readonly root: AnswerNode;
}
