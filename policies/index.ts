export { createRuleEngine, type RuleEngine } from './rules/engine.ts';
export type { RuleEngineOptions } from './rules/engine-options.ts';
export type { DecideFiring, Firing, Now, Overridden, RuleFiring } from './rules/firing.ts';
export type { ConditionNow, PolicyExplanation } from './rules/explain.ts';
export type { ConditionPart } from './rules/parts.ts';
export { lookBackMs, propertiesReadBy } from './rules/reach.ts';
export type { PolicyCosts } from './rules/costs.ts';
export { formatCall, literalCall, parseCall } from './rules/calls.ts';
export { compileScan } from './rules/scan.ts';
export { checkVeto, type Veto } from './rules/veto.ts';
export type { Overdue } from './rules/watchdog.ts';
export type { Site } from './rules/watch/sun.ts';
export { checkPolicies, checkPolicy, checkTemplate } from './rules/check.ts';
export { type HousePolicies, policiesIn } from './rules/instances.ts';
export type { ToolSignature } from './rules/call-check.ts';
export { importJsonRules, type JsonRulesImport, type JsonRulesOptions } from './rules/import-json.ts';
export { samePolicy, sameTemplate } from './rules/same.ts';
export { type ParsedPolicies, parsePolicies } from './rules/parse.ts';
export type { PolicyFile } from './rules/read-yaml.ts';
export { formatProblem, type PolicyProblem } from './rules/problem.ts';
export type {
  CallTemplate,
  DecideSpec,
  ExploreSpec,
  LearnMode,
  PolicyMode,
  PolicySpec,
  RuleSpec,
  VetoSpec,
} from './rules/policy.ts';
export { policiesJsonSchema } from './rules/schema.ts';
export type { TemplateSpec } from './rules/template.ts';
export { formatDuration, parseDuration } from './rules/duration.ts';
export type { FlatTree } from './tree/flat-tree.ts';
export { checkTree, type DecisionTree, readTree } from './tree/read-tree.ts';
export type {
  Certificate,
  Leaf,
  SetSplit,
  Split,
  ThresholdSplit,
  TreeFile,
  TreeNode,
} from './tree/tree-file.ts';
export { type TrainedTree, trainTree } from './tree/train.ts';
export type { ColumnKind, TrainingData, TrainOptions } from './tree/training-data.ts';
export {
  createTreeRung,
  DEFAULT_CERTIFICATE,
  featureName,
  type TreeRung,
  type TreeRungOptions,
} from './tree/tree-rung.ts';
export {
  type CacheCounters,
  type Changed,
  DecisionCache,
  type DecisionCacheOptions,
} from './cache/decision-cache.ts';
export { CacheRung, type CacheRungOptions } from './cache/cache-rung.ts';
export { Ladder, type LadderAnswer, type LadderOptions, type LadderRequest } from './ladder/ladder.ts';
export { Distiller } from './distil/distiller.ts';
export type {
  DistilAnswer,
  DistilExample,
  DistillerOptions,
  DistillerStats,
  TrainingJob,
} from './distil/types.ts';
export { weightOf } from './distil/example-store.ts';
export { regionWords, type RegionWords } from './distil/words.ts';
export type { DistilEvent } from './distil/events.ts';
export type { DistillerProgress, DistillerState } from './distil/state.ts';
export type { RegionState, VersionRecord, VersionStatus } from './distil/version.ts';
export { binomialAtMost, incompleteBeta, lowerBound } from './distil/clopper-pearson.ts';
export {
  Bandit,
  type BanditAction,
  type BanditChoice,
  type BanditJudgement,
  type BanditOptions,
  type BanditStats,
  type PastChoice,
} from './bandit/bandit.ts';
export { BetaThompson, GaussianThompson, type Learner, LinUcb } from './bandit/arms.ts';
export { doublyRobust, type Estimate, inversePropensity, type LoggedChoice } from './bandit/off-policy.ts';
export type { QuietHours } from './bandit/quiet-hours.ts';
export { treeToMermaid, treeToRules, treeToText } from './tree/export.ts';
export {
  type ImportOptions,
  importOnnxTree,
  importSklearnTree,
  type OnnxTreeAttributes,
  type SklearnTree,
} from './tree/import-tree.ts';
export { describeCall, describeDraft } from './author/describe.ts';
export { diffLines, type DiffLine } from './author/diff.ts';
export { type Draft, type DraftPart, END_SUFFIX, keyOf, type PartSource } from './author/draft.ts';
export { type Edit, edited, entityOfCall, subjectOf } from './author/edit.ts';
export {
  anyBecomes,
  atClock,
  atSun,
  clockText,
  compares,
  conjunction,
  conjuncts,
  equals,
  negated,
  onDays,
  timeWindow,
} from './author/expressions.ts';
export { contradictionsOf } from './author/contradiction.ts';
export { circleOf, criticalOf, isMoment, type Linked, undoesItself, undoneBy } from './author/loops.ts';
export type { Sky } from './author/moment.ts';
export { readDraft, ruleOf } from './author/read.ts';
export {
  type AuthoringExample,
  isRejected,
  nearest,
  type Recalled,
  sameSentence,
  type Verdict,
} from './author/recall.ts';
export { describeScenario, type Scenario, scenariosFor } from './author/scenarios.ts';
export { undoOf } from './author/undo.ts';
export { asEntry, idFor, partsOf, type PolicyText, writeDraft } from './author/write.ts';
export { createLocalTime } from './rules/local-time.ts';
