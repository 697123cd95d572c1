/** The face of the scenarios: given-when-then tests of policies. */
export { runScenarios, type ScenarioOptions, type ScenarioResult, type ScenariosResult } from './run.ts';
export { type Came, cameText } from './came.ts';
export { readScenarios, type ScenarioFile } from './read.ts';
export type { Expected, Scenario, ScenarioEvent } from './scenario.ts';
