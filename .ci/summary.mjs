/**
 * Prints "N passed, N failed, N skipped" over vitest's JSON reports; exits 1 if anything failed, nothing ran, or a report
 * that cannot be read.
 *
 * node .ci/summary.mjs FAILED_CHECKS REPORT.json…
 */
import { readFileSync } from 'node:fs';

const [failedChecks, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
let broken = Number(failedChecks);
for (const file of files) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    // A file that does not even load has no failed test in it.
    failed += report.testResults.filter(
      (suite) =>
        suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
    ).length;
  } catch (error) {
    console.error(`Expected a test report in ${file} but received: ${error.message}`);
    broken++;
  }
}
// A check that failed without a failed test (lint, types, a run that died) still counts as a failure.
failed = Math.max(failed, broken);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
