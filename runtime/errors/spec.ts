/** Who can mend it: us, whoever configured or called, the machine around it, or whoever sent the data. */
export type Blame = 'bug' | 'caller' | 'environment' | 'data';

export interface ErrorSpec<F> {
  readonly blame: Blame;
  /** "Expected X for NAME but received Y." */
  readonly text: (fields: F) => string;
  /** What to do, one sentence. */
  readonly remedy: string;
}

export function spec<F extends object = object>(
  blame: Blame,
  text: (fields: F) => string,
  remedy: string,
): ErrorSpec<F> {
  return { blame, text, remedy };
}
