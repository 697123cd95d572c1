import type { RungName } from './decision.ts';
import type { EntityId } from './ids.ts';

/** A sentence that is to become a rule, or to change one. */
export interface AuthorRequest {
  readonly text: string;
  /** Id of the rule that the sentence changes. */
  readonly edit?: string;
  /** Replays what comes of it over so much of the past, ms. */
  readonly replayMs?: number;
  /** Puts it among the policies at once, as a suggestion. */
  readonly install?: boolean;
  readonly signal?: AbortSignal;
}

export interface AuthorVerdict {
  /** Of a reply. */
  readonly draft: string;
  readonly verdict: 'accept' | 'reject';
}

/** A part of a rule with the words of the sentence that it came from. */
export interface AuthoredPart {
  /** `when`, `if[0]`, `for`, `then[1]`, `lasts` */
  readonly part: string;
  readonly text: string;
  readonly words: readonly string[];
}

/** A given-when-then test that was made for a rule, and whether the rule passes it. */
export interface AuthoredTest {
  readonly name: string;
  readonly text: string;
  readonly passed: boolean;
  readonly failures: readonly string[];
}

/** What a rule would have done in the past. */
export interface AuthoredReplay {
  readonly fromMs: number;
  readonly toMs: number;
  readonly policies: readonly {
    readonly id: string;
    readonly fired: number;
    readonly days: readonly { readonly day: string; readonly fired: number }[];
    readonly calls: readonly {
      readonly entity: EntityId;
      readonly command: string;
      readonly count: number;
    }[];
    readonly examples: readonly { readonly atMs: number; readonly explanation: string }[];
    /** Why it would not have fired though its trigger came true. */
    readonly held: readonly { readonly reason: string; readonly count: number }[];
  }[];
  readonly conflicts: readonly string[];
}

/** A rule that came of a sentence, or why none did. */
export interface AuthorReply {
  readonly sentence: string;
  readonly status: 'proposed' | 'installed' | 'refused';
  /** (refused) why, in words that say what to do. */
  readonly reason?: string;
  /** (refused) the words that were not understood. */
  readonly notUnderstood: readonly string[];
  /** (refused) the sentence holds several rules: each by itself. */
  readonly rules?: readonly string[];
  /** (proposed, installed) by which it is accepted or rejected. */
  readonly draft?: string;
  /** Who made it: `link` the reader of common sentences, else a model. */
  readonly rung?: RungName;
  /** 0–1 */
  readonly confidence?: number;
  /** As YAML, the rule first, then the one that ends what it began. */
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  /** The rule in words. */
  readonly words?: string;
  readonly parts: readonly AuthoredPart[];
  /** How vague words were taken, and what else is to be known. */
  readonly notes: readonly string[];
  /** Other rules the sentence may mean, in words. */
  readonly others: readonly string[];
  /** What speaks against it beside what is there already. */
  readonly conflicts: readonly string[];
  readonly tests: readonly AuthoredTest[];
  /** The tests as a file of `ganglion policy test`. */
  readonly testFile?: string;
  readonly replay?: AuthoredReplay;
  /** (edit) lines that go, come and stay. */
  readonly diff?: readonly { readonly sign: ' ' | '-' | '+'; readonly text: string }[];
  /** (installed) the version each policy has now. */
  readonly versions: readonly { readonly policy: string; readonly version: number }[];
}

/** Rules from sentences. */
export interface Authoring {
  /**
   * A rule of a sentence, or the change a sentence means; what cannot be said as a rule is refused with the words that were
   * not understood.
   * @throws GanglionError POLICY_UNKNOWN for `edit`; POLICY_INVALID and what the shelf throws for `install`
   */
  author(request: AuthorRequest): Promise<AuthorReply>;

  /**
   * Accepts a draft that was shown, which installs it as a suggestion, or rejects it: it is not proposed again for its sentence.
   * @throws GanglionError AUTHOR_DRAFT_UNKNOWN; what the shelf throws
   */
  judge(verdict: AuthorVerdict): AuthorReply;
}
