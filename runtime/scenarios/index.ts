/** The face of the scenarios: given-when-then tests of policies. */
export { runScenarios, type ScenarioOptions, type ScenarioResult } from './run.ts';
export type { Expected, Scenario, ScenarioEvent } from './scenario.ts';
