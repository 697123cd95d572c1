/** The tests of one subject while they are collected; a literal is the gate an outcome goes to · 2, + 1 if as it is. */
export class ColumnPlan {
  /** Limits of `<` and `<=`; beside them the literal · 2, + 1 for `<=`. */
  readonly limits: number[] = [];
  readonly less: number[] = [];
  /** Numbers that equality is asked of, and the literals. */
  readonly points: number[] = [];
  readonly equal: number[] = [];
  readonly texts = new Map<string, number[]>();
  readonly truths: number[] = [];
  readonly knowns: number[] = [];
  /** Leaves to be evaluated, and conditions to be told, whenever the subject changes. */
  readonly leaves: number[] = [];
  readonly conditions: number[] = [];

  addLess(limit: number, upto: boolean, literal: number): void {
    this.limits.push(limit);
    this.less.push(2 * literal + Number(upto));
  }

  addEqual(value: number | string | boolean, literal: number): void {
    if (typeof value === 'number') {
      this.points.push(value);
      this.equal.push(literal);
    } else if (typeof value === 'string') {
      const list = this.texts.get(value);
      if (list === undefined) this.texts.set(value, [literal]);
      else list.push(literal);
      // A truth compared with false is its negation.
    } else this.truths.push(value ? literal : literal ^ 1);
  }
}
