/** The library: `import { createRuntime } from 'ganglion'` gives the same daemon in process. */
export { createRuntime } from './daemon.ts';
export type { Runtime, RuntimeOptions } from './daemon.ts';
export { checkConfig, loadConfig } from './config/load.ts';
export type { Config } from './config/load.ts';
export { configJsonSchema } from './config/schema.ts';
export { policiesJsonSchema } from '../policies/index.ts';
export type { ConfigInput } from './config/schema.ts';
export { CATALOGUE, GanglionError, isGanglionError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export { ManualClock, systemClock } from './lib/clock.ts';
export { KINDS, expectedState, isKind, kindSpec } from './contract/kinds.ts';
export type { CommandSpec, Kind, KindSpec, ValueSpec } from './contract/kinds.ts';
export type { Action, ActionStage, Call, Feedback, Outcome, OutcomeStatus } from './contract/action.ts';
export type {
  Actuator,
  ActuatorResult,
  ActuatorTask,
  Encoder,
  Tool,
  WireCommand,
} from './contract/actuator.ts';
export type {
  AskOptions,
  AskResult,
  DecisionRecord,
  Health,
  RuntimeApi,
  RuntimeEvent,
  Stats,
} from './contract/api.ts';
export type { Decision, Refusal, RungName, SkippedRung, Trigger } from './contract/decision.ts';
export type { Decoder, Filter } from './contract/decoder.ts';
export type {
  ChatAnswer,
  ChatMessage,
  ChatRequest,
  Classified,
  ClassifyRequest,
  Decided,
  DecideRequest,
  Device,
  Engine,
  Lane,
  LoadedModel,
  ModelInfo,
  ModelSpec,
  Prompt,
  PromptPart,
  Turn,
} from './contract/engine.ts';
export type { AnswerLanguage, AnswerNode } from './contract/answer.ts';
export type { Extension } from './contract/extension.ts';
export type { Area, Entity, House, Target } from './contract/house.ts';
export type { EntityId, PropertyKey } from './contract/ids.ts';
export type { Log } from './contract/log.ts';
export type { Message } from './contract/message.ts';
export { AVAILABILITY } from './contract/reading.ts';
export type { Observation, Reading, Value } from './contract/reading.ts';
export type { CallSpace, Choice, Rung, RungAnswer, RungRequest } from './contract/rung.ts';
export type { Acceptance, Sink, Source } from './contract/source.ts';
export type { Frame, PropertyState, Standing, StateSnapshot, StateView } from './contract/state.ts';
export type { Clock, MonoMs, Timer, WallMs } from './contract/time.ts';
