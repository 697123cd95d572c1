export { createRuleEngine, type RuleEngine, type RuleEngineOptions } from './rules/engine.ts';
export type { DecideFiring, Firing, Now, Overridden, RuleFiring } from './rules/firing.ts';
export type { ConditionNow, PolicyExplanation } from './rules/explain.ts';
export type { PolicyCosts } from './rules/costs.ts';
export { compileScan } from './rules/scan.ts';
export type { Veto } from './rules/veto.ts';
export type { Overdue } from './rules/watchdog.ts';
export type { Site } from './rules/watch/sun.ts';
export { type CheckedPolicies, checkPolicies } from './rules/check.ts';
export type { ToolSignature } from './rules/call-check.ts';
export { importJsonRules, type JsonRulesImport, type JsonRulesOptions } from './rules/import-json.ts';
export { type ParsedPolicies, parsePolicies } from './rules/parse.ts';
export type { PolicyFile } from './rules/read-yaml.ts';
export { formatProblem, type PolicyProblem } from './rules/problem.ts';
export type { CallTemplate, DecideSpec, PolicyMode, PolicySpec, RuleSpec, VetoSpec } from './rules/policy.ts';
export { formatDuration, parseDuration } from './rules/duration.ts';
export type { FlatTree } from './tree/flat-tree.ts';
export { type Certificate, type DecisionTree, type Leaf, readTree } from './tree/read-tree.ts';
export {
  createTreeRung,
  DEFAULT_CERTIFICATE,
  type TreeRung,
  type TreeRungOptions,
} from './tree/tree-rung.ts';
export { type CacheCounters, DecisionCache, type DecisionCacheOptions } from './cache/decision-cache.ts';
export { CacheRung, type CacheRungOptions } from './cache/cache-rung.ts';
export { Ladder, type LadderAnswer, type LadderOptions, type LadderRequest } from './ladder/ladder.ts';
