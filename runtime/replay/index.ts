/** The face of the replay: policies run over the past. */
export { replayPolicies, type ReplayOptions } from './replay.ts';
export type { ReplaySettings } from './settings.ts';
export type { KeptDecision, KeptReading, Recording, Wanted } from './recording.ts';
export type {
  CallCount,
  PolicyReplay,
  RealDecisions,
  RefusalCount,
  ReplayConflict,
  ReplayFiring,
  ReplayResult,
} from './result.ts';
export { explainPast, type ExplainOptions, verdictOfNow } from './explain-past.ts';
export type { CallAccount, PartAccount, PolicyAccount } from './account.ts';
export { Stage, timezoneOf } from './stage.ts';
export { PastDesk, type PastDeskOptions } from './past-desk.ts';
export type { ReplayQuestion } from './past.ts';
