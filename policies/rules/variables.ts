import { countParts, type Expr } from './expression.ts';
import { moved, type Scope } from './scope.ts';
import { parseExpression } from './syntax.ts';
import { Unsupported } from './watch-syntax.ts';

/** A variable as written under `let`. */
export interface Variable {
  readonly name: string;
  readonly source: string;
  /** Told of what is wrong with it. */
  readonly report: (message: string) => void;
}

/** With the variables it is made of, a variable has at most so many parts; else it would double at every step. */
const MAX_PARTS = 300;

/** Names that expressions use for something else. */
export const RESERVED: ReadonlySet<string> = new Set([
  'now',
  'sun',
  'tool',
  'area',
  'it',
  'true',
  'false',
  'in',
  'null',
]);

/**
 * Variables that may be made of others. Each is read once, when it is first asked for; one that leads back to itself is
 * an error that names the circle.
 */
export class Variables implements Scope {
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #values = new Map<string, Expr | undefined>();
  readonly #open: string[] = [];

  constructor(variables: ReadonlyMap<string, Variable>) {
    this.#variables = variables;
  }

  get names(): readonly string[] {
    return [...this.#variables.keys()];
  }

  /** Reads all of them, so that every problem is reported even where nobody uses the variable. */
  readAll(): void {
    for (const name of this.#variables.keys()) this.#read(name);
  }

  find(path: readonly string[], start: number, end: number): Expr | undefined {
    const [name] = path;
    if (path.length !== 1 || !this.#variables.has(name!)) return undefined;
    const value = this.#read(name!);
    // What is wrong with it was said where it stands; whoever uses it cannot be read either.
    if (value === undefined)
      throw new Unsupported(
        `Expected ${name} to be a variable that can be read; see what is wrong with it`,
        start,
      );
    return moved(value, start, end);
  }

  #read(name: string): Expr | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    const variable = this.#variables.get(name)!;
    const from = this.#open.indexOf(name);
    if (from >= 0) {
      const circle = [...this.#open.slice(from), name];
      // Once, and for all of them: whichever was asked for first leads the same way round.
      variable.report(`Expected variables that do not lead back to themselves but ${circle.join(' → ')} do`);
      for (const member of circle) this.#values.set(member, undefined);
      return undefined;
    }
    this.#open.push(name);
    const parsed = parseExpression(variable.source, this);
    this.#open.pop();
    if (this.#values.has(name)) return this.#values.get(name);
    if (!parsed.ok) {
      variable.report(parsed.problem.message);
      this.#values.set(name, undefined);
      return undefined;
    }
    const { expr } = parsed.value;
    const size = countParts(expr);
    const value = size > MAX_PARTS ? undefined : expr;
    if (value === undefined)
      variable.report(
        `Expected at most ${MAX_PARTS} parts for ${name}, with the variables in it, but received ${size}`,
      );
    this.#values.set(name, value);
    return value;
  }
}
