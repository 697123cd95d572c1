import type { SkippedRung, RungName } from './decision.ts';

/** Something about what a policy learns. */
export interface LearningEvent {
  readonly at: number;
  readonly policy: string;
  readonly kind:
    | 'not-ready'
    | 'shadow'
    | 'certified'
    | 'dropped'
    | 'withdrawn'
    | 'reverted'
    | 'anew'
    | 'explore';
  /** Of the tree. */
  readonly version?: number;
  /** A sentence. */
  readonly text: string;
}

/** How the learning of one `decide` policy stands, in short. */
export interface LearningSummary {
  readonly policy: string;
  readonly mode: 'auto' | 'shadow' | 'off';
  /** A sentence. */
  readonly text: string;
  readonly examples: number;
  /** Decisions it was asked about, and those its tree made, since learning began. */
  readonly decisions: number;
  readonly answered: number;
  /** Share of the last decisions (at most 256) that the tree made, 0–1. */
  readonly recent: number;
  /** The version that answers, or is compared. */
  readonly version?: number;
}

/** One place of a tree that is tested, certified and withdrawn as one. */
export interface LearningRegion {
  readonly where: string;
  readonly choices: readonly string[];
  /** Of the decisions it was learned from, 0–1. */
  readonly share: number;
  readonly cases: number;
  readonly agreed: number;
  readonly outcome: 'testing' | 'certified' | 'failed';
  /** Shown, once certified, 0–1. */
  readonly agreement?: number;
  /** Cases at which it is looked at next, while it is tested. */
  readonly nextLook?: number;
}

export interface LearningVersion {
  readonly version: number;
  readonly at: number;
  /** Decisions it was learned from, and the share of them cross-validation got wrong. */
  readonly rows: number;
  readonly error: number | null;
  readonly status: 'shadow' | 'active' | 'replaced' | 'withdrawn' | 'dropped';
  /** Why it has that status. */
  readonly reason: string;
  readonly regions: readonly LearningRegion[];
  /** One line per leaf. */
  readonly rules: readonly string[];
  /** What it decides otherwise than the version before, in sentences. */
  readonly diff: readonly string[];
}

export interface LearningAudits {
  /** Decisions of the tree put to the teacher, those it answered, and those where it chose otherwise. */
  readonly asked: number;
  readonly answered: number;
  readonly disagreed: number;
  /** Not asked because too many waited. */
  readonly dropped: number;
}

/** Choices among which experience decides. */
export interface ExploringReport {
  readonly live: boolean;
  readonly actions: readonly { readonly label: string; readonly safe: boolean; readonly worth: number }[];
  readonly choices: number;
  readonly explored: number;
  /** Judgements that came, choices nobody judged in time, and such as are waited for. */
  readonly rewards: number;
  readonly silent: number;
  readonly waiting: number;
  /** Mean reward estimated from what was logged; null where nothing was. Whether going live is allowed. */
  readonly judgement: {
    readonly good: boolean;
    readonly text: string;
    readonly doublyRobust: number | null;
    readonly inversePropensity: number | null;
    readonly usual: number | null;
    readonly advantage: number | null;
    readonly standardError: number | null;
  };
}

export interface LearningReport extends LearningSummary {
  readonly features: readonly string[];
  readonly choices: readonly string[];
  /** Rungs it learns from, and those that cannot run here. */
  readonly teachers: readonly (RungName | SkippedRung)[];
  /** What is asked of a region before it answers. */
  readonly certify: { readonly agreement: number; readonly confidence: number };
  /** Examples by choice. */
  readonly counts: Readonly<Record<string, number>>;
  readonly audits: LearningAudits;
  /** Oldest first. */
  readonly versions: readonly LearningVersion[];
  /** The latest things that happened, oldest first. */
  readonly events: readonly LearningEvent[];
  readonly exploring?: ExploringReport;
}

/** One decision that taught something. */
export interface LearningExample {
  readonly at: number;
  /** In the order of the policy's features; null: missing. */
  readonly values: readonly (number | null)[];
  readonly choice: string;
  readonly source: 'model' | 'human';
}

/** A tree that was learned elsewhere, offered to a policy. */
export interface OfferedTree {
  /** A tree file of the policy's features, in their order, and its choices. */
  readonly tree: unknown;
  readonly rows: number;
  /** Share that cross-validation got wrong, 0–1. */
  readonly error: number;
}

/** What `decide` policies learn, and what people may do about it. */
export interface LearningApi {
  list(): readonly LearningSummary[];
  /** Throws POLICY_UNKNOWN, LEARNING_ABSENT. So do the others. */
  report(policy: string): LearningReport;
  /** The latest, oldest first. */
  examples(policy: string, limit: number): readonly LearningExample[];
  /** Throws LEARNING_VERSION. */
  revert(policy: string, version: number): LearningReport;
  /** Throws TREE_INVALID, LEARNING_TREE. */
  offer(policy: string, offered: OfferedTree): LearningReport;
  /** Acts on what was learned about equally good choices, or goes back to the usual. Throws EXPLORE_UNPROVEN. */
  explore(policy: string, live: boolean): LearningReport;
}
