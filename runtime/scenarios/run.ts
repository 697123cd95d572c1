import type { PolicyFile, PolicyProblem, ToolSignature } from '../../policies/index.ts';
import type { House } from '../contract/house.ts';
import type { ReplaySettings } from '../replay/index.ts';
import type { Scenario } from './scenario.ts';

export interface ScenarioOptions {
  readonly files: readonly PolicyFile[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
}

export interface ScenarioResult {
  readonly name: string;
  readonly passed: boolean;
  /** One sentence for each thing that came out differently: what was expected, what came, at which step. */
  readonly failures: readonly string[];
  /** Everything that came, in order: `22:00:00 hall-night-light: light.hall.turn_on(brightness: 20), because …`. */
  readonly came: readonly string[];
  /** Of the policies, where they keep the test from meaning anything. */
  readonly problems: readonly PolicyProblem[];
}

/** Runs given-when-then tests in the engine that runs the policies, each from the start and by a clock of its own. */
export declare function runScenarios(
  scenarios: readonly Scenario[],
  options: ScenarioOptions,
): readonly ScenarioResult[];
