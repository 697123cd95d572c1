import type { RungName } from '../../runtime/contract/decision.ts';
import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import type { Choice } from '../../runtime/contract/rung.ts';
import type { Expression } from './expression.ts';

export const MODES = ['auto', 'suggest', 'approve', 'off'] as const;
export type PolicyMode = (typeof MODES)[number];

/** A call as written: its arguments are expressions, evaluated when the rule fires. */
export interface CallTemplate {
  readonly source: string;
  readonly entity: EntityId;
  readonly command: string;
  readonly args: Readonly<Record<string, Expression>>;
}

interface PolicyBase {
  readonly id: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly cooldownMs: number;
  /** 0–1000, higher wins. */
  readonly priority: number;
  readonly mode: PolicyMode;
}

export interface RuleSpec extends PolicyBase {
  readonly type: 'rule';
  readonly when: Expression;
  readonly if?: Expression;
  /** How long `when` has to stay true; 0: it fires at once. */
  readonly forMs: number;
  readonly calls: readonly CallTemplate[];
}

/** `shadow`: a tree is learned and compared, and answers nothing. `off`: nothing is learned. */
export const LEARN_MODES = ['auto', 'shadow', 'off'] as const;
export type LearnMode = (typeof LEARN_MODES)[number];

/** Choices that are equally good, among which experience decides. */
export interface ExploreSpec {
  /** Labels of choices: where the ladder answers with one of them, any of them may be taken. */
  readonly among: readonly string[];
  /** Those of them that may be tried to find out what they are worth. */
  readonly safe: readonly string[];
  /** Share of decisions in which one is tried, 0–1. */
  readonly share: number;
  /** Local minutes of the day in which nothing is tried, 0–1439; `from` later than `to` goes past midnight. */
  readonly quiet: readonly { readonly from: number; readonly to: number }[];
  /** How long a judgement is waited for. */
  readonly patienceMs: number;
  /** What is worth most on average, or by the features. */
  readonly by: 'average' | 'features';
}

export interface DecideSpec extends PolicyBase {
  readonly type: 'decide';
  readonly on: readonly PropertyKey[];
  /** The closed set of answers, `none` among them if written. */
  readonly choices: readonly Choice[];
  readonly features: readonly Expression[];
  readonly rungs: readonly RungName[];
  readonly guidance: string;
  /** What a distilled tree must have shown before it may answer. */
  readonly certify?: { readonly agreement: number; readonly confidence: number };
  readonly learn: LearnMode;
  readonly explore?: ExploreSpec;
  /** File names as written, relative to the policies folder. */
  readonly tree?: string;
  readonly model?: string;
  /** Changes that come sooner are put together into one decision at the interval's end. */
  readonly minIntervalMs: number;
  /** Answers below this are passed over, 0–1. */
  readonly minConfidence: number;
  /** What the whole ladder may take. */
  readonly timeoutMs: number;
}

/** An interlock as a rule: calls that must never be made, or not while its condition is true or unknown. */
export interface VetoSpec {
  readonly id: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly mode: 'auto' | 'off';
  /** `entity.command`, either of them with `*`. */
  readonly never: readonly string[];
  readonly while?: Expression;
  /** In the words of whoever wrote it; may be empty. */
  readonly because: string;
}

export type PolicySpec = RuleSpec | DecideSpec;
