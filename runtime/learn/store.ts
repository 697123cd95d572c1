import { createHash } from 'node:crypto';
import type { DistillerProgress, VersionRecord } from '../../policies/index.ts';
import type { LearningAudits, LearningEvent } from '../contract/learning.ts';
import type { Example } from '../journal/examples.ts';
import type { Journal } from '../journal/journal.ts';

/** One version as it is kept, with what it decides otherwise than the one before. */
export interface KeptVersion {
  readonly record: Omit<VersionRecord, 'error'> & { readonly error: number | null };
  readonly diff: readonly string[];
}

/** How far the learning of one subject has come. The versions and the examples are kept beside it. */
export interface KeptProgress {
  readonly progress: Omit<DistillerProgress, 'versions'>;
  readonly versions: readonly number[];
  /** The last example that counts in it; later ones are to be learned again. */
  readonly upTo: string | undefined;
  /** The last decisions, `1` where the tree made it. */
  readonly recent: string;
  readonly audits: LearningAudits;
  readonly events: readonly LearningEvent[];
}

export interface Kept {
  /** Absent where the end came before it was first saved. */
  readonly state: KeptProgress | undefined;
  readonly versions: readonly KeptVersion[];
  readonly examples: readonly Example[];
}

/** Former features and choices of a policy whose learning is kept, so that they can be put back. */
const SUBJECTS_KEPT = 3;
/** What a policy has learned is kept for so long after it was removed: it may come back. */
const ABSENT_KEPT_MS = 90 * 24 * 3_600_000;
/** Since when policies are gone, by id, wall clock ms. No policy has a name that begins so. */
const ABSENT = '#absent';

/** What is learned for: a policy with its features and choices. Changed ones are learned anew, and put back they go on. */
export function subjectOf(policy: string, features: readonly string[], choices: readonly string[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([features, choices]))
    .digest('hex');
  return `${policy}#${hash.slice(0, 12)}`;
}

/**
 * Learning in the journal: examples as they come, one write each; progress and versions as documents, from time to time and
 * together. After a kill the examples since the last progress are learned again.
 */
export class LearningStore {
  readonly #journal: Journal;
  /** Subjects whose documents could not be looked for yet: they are not to be overwritten. */
  readonly #unread = new Set<string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  load(subject: string): Kept {
    const { decisions, volatile } = this.#journal;
    if (volatile) this.#unread.add(subject);
    else this.#unread.delete(subject);
    const examples = decisions.examples.list(subject);
    const state = decisions.document(nameOf(subject)) as KeptProgress | undefined;
    const versions = (state?.versions ?? []).flatMap(
      (id) => (decisions.document(nameOf(subject, id)) as KeptVersion | undefined) ?? [],
    );
    return { state, versions, examples };
  }

  examples(subject: string, limit?: number): readonly Example[] {
    return this.#journal.decisions.examples.list(subject, limit);
  }

  /** Whether a decision has taught this before. */
  knows(id: string): boolean {
    return this.#journal.decisions.examples.has(id);
  }

  add(example: Example): void {
    this.#journal.addExample(example);
  }

  /** @param versions those that have changed @param gone ids of versions that are not kept any more */
  save(
    subject: string,
    state: KeptProgress,
    versions: readonly KeptVersion[],
    gone: readonly number[],
  ): boolean {
    if (this.#journal.volatile || this.#unread.has(subject)) return false;
    return this.#journal.saveDocuments({
      ...Object.fromEntries(versions.map((version) => [nameOf(subject, version.record.id), version])),
      ...Object.fromEntries(gone.map((id) => [nameOf(subject, id), undefined])),
      [nameOf(subject)]: state,
    });
  }

  /**
   * Notes that a policy learns for a subject now; what was learned for its oldest former ones is removed.
   * @returns whether the policy has learned for another one before
   */
  begin(policy: string, subject: string): boolean {
    if (this.#journal.volatile) return false;
    const { decisions } = this.#journal;
    const known = this.#subjects(policy);
    if (known[0] === subject) return false;
    const subjects = [subject, ...known.filter((one) => one !== subject)];
    const gone = subjects.slice(SUBJECTS_KEPT);
    const documents: Record<string, unknown> = { [nameOf(policy)]: subjects.slice(0, SUBJECTS_KEPT) };
    for (const old of gone) {
      const state = decisions.document(nameOf(old)) as KeptProgress | undefined;
      for (const id of state?.versions ?? []) documents[nameOf(old, id)] = undefined;
      documents[nameOf(old)] = undefined;
      decisions.examples.remove(old);
    }
    this.#journal.saveDocuments(documents);
    return known.length > 0;
  }

  /**
   * Notes which policies are gone, and drops what those had learned that have been for long.
   * @param policies ids of those there are @param now wall clock; not to be called while it is not set
   */
  sweep(policies: ReadonlySet<string>, now: number): void {
    if (this.#journal.volatile) return;
    const { decisions } = this.#journal;
    const before = (this.document(ABSENT) ?? {}) as Readonly<Record<string, number>>;
    const names = new Map<string, string[]>();
    for (const name of decisions.documentsOf(nameOf(''))) {
      const own = names.get(policyOf(name));
      if (own === undefined) names.set(policyOf(name), [name]);
      else own.push(name);
    }
    const absent: Record<string, number> = {};
    const documents: Record<string, unknown> = {};
    for (const [policy, own] of names) {
      if (policy === '' || policies.has(policy)) continue;
      const since = Math.min(before[policy] ?? now, now);
      if (now - since < ABSENT_KEPT_MS) absent[policy] = since;
      else {
        for (const subject of this.#subjects(policy)) decisions.examples.remove(subject);
        for (const name of own) documents[name] = undefined;
      }
    }
    if (JSON.stringify(absent) === JSON.stringify(before)) return;
    this.#journal.saveDocuments({ ...documents, [nameOf(ABSENT)]: absent });
  }

  /** Those a policy learned for, the latest first. */
  #subjects(policy: string): readonly string[] {
    return (this.document(policy) as readonly string[] | undefined) ?? [];
  }

  document(name: string): unknown {
    return this.#journal.decisions.document(nameOf(name));
  }

  saveDocument(name: string, value: unknown): void {
    if (!this.#journal.volatile) this.#journal.saveDocuments({ [nameOf(name)]: value });
  }
}

/** The policy that a document is about; '' for what is about none. */
function policyOf(name: string): string {
  return name.slice(nameOf('').length).split(/[#/]/, 1)[0] ?? '';
}

/** Ids of policies have no `#` and no `/`. */
function nameOf(subject: string, version?: number): string {
  return version === undefined ? `learning/${subject}` : `learning/${subject}/${version}`;
}
