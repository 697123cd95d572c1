/**
 * One thing wrong with a policy file. `error` keeps the policy from running; a `warning` is only shown, unless it says
 * that the policy has to wait.
 */
export interface PolicyProblem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1; absent where the file has no such place. */
  readonly line?: number;
  readonly policy?: string;
  /** Where inside the policy: `if`, `then[1]`, `decide.features[0]`; empty for the policy as a whole. */
  readonly path: string;
  readonly message: string;
  /** The policy waits until the house knows more of what it names. */
  readonly waits?: true;
}

/** `evening.yaml:12 hall-night-light if: Expected …` */
export function formatProblem(problem: PolicyProblem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const owner = problem.policy === undefined ? '' : ` ${problem.policy}`;
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  return `${place}${owner}${path}: ${problem.message}`;
}

/** How a problem quotes what the file says: one line, at most 60 characters. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
