import { formatProblem } from '../../../policies/index.ts';
import type { PolicyProblem } from '../../../policies/index.ts';
import type { Style } from '../style.ts';
import { clean, wrap } from '../text.ts';

export interface TestedFile {
  readonly file: string;
  readonly results: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly failures: readonly string[];
    readonly came: readonly string[];
  }[];
  /** Errors of the policies. */
  readonly problems: readonly PolicyProblem[];
}

/** Each test with a mark; what failed with what was expected, what came instead, and everything that came. */
export function testReport({ file, results, problems }: TestedFile, columns: number, style: Style): string {
  const lines = [style.bold(clean(file))];
  for (const problem of problems)
    lines.push(wrap(`${style.bad('error')} ${clean(formatProblem(problem))}`, columns, '  '));
  for (const { name, passed, failures, came } of results) {
    lines.push(`  ${passed ? style.good('✓') : style.bad('✗')} ${clean(name)}`);
    if (passed) continue;
    for (const failure of failures) lines.push(wrap(clean(failure), columns, '      '));
    lines.push(came.length === 0 ? '      Nothing came.' : '      What came:');
    for (const one of came) lines.push(wrap(clean(one), columns, '        '));
  }
  return `${lines.join('\n')}\n`;
}

export function testSummary(files: readonly TestedFile[]): { passed: number; failed: number } {
  let [passed, failed] = [0, 0];
  for (const { results, problems } of files) {
    passed += results.filter((result) => result.passed).length;
    // A policy that cannot run makes every test doubtful.
    failed += results.filter((result) => !result.passed).length + (problems.length > 0 ? 1 : 0);
  }
  return { passed, failed };
}
