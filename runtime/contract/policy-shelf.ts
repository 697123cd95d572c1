import type { WallMs } from './time.ts';

/** Where a version came from. `file`: somebody edited the policy file by hand. */
export type PolicyOrigin = 'file' | 'author' | 'edit' | 'import' | 'revert';

/** One state that a policy had. Versions of a policy are numbered from 1 and never change. */
export interface PolicyVersion {
  readonly policy: string;
  readonly version: number;
  readonly at: WallMs;
  readonly origin: PolicyOrigin;
  /** The policy alone, as the YAML of its file; undefined: it was removed. */
  readonly text: string | undefined;
  /** The sentence it was made from, or why it was changed. */
  readonly note: string | undefined;
}

/** The policies a daemon runs, kept as files that people may edit, with all their versions. */
export interface PolicyShelf {
  /** Policies that run now, by id, as YAML of one policy each. */
  current(): ReadonlyMap<string, string>;

  /** Takes in what people have changed in the files. */
  look(): void;

  /** The id of a policy given as YAML. @throws GanglionError POLICY_INVALID when it is no policy with an id */
  idOf(text: string): string;

  /**
   * Checks `text` (YAML of one policy) against the house and the other policies, writes it to its file, keeps the version and
   * puts it to work without a restart. A policy with the same id is replaced.
   *
   * @throws GanglionError when it does not pass the check or its file cannot be written; nothing has changed then.
   */
  install(text: string, origin: PolicyOrigin, note?: string): PolicyVersion;

  /** Takes it out of its file and out of work. @throws GanglionError when there is no such policy. */
  remove(policy: string, note?: string): PolicyVersion;

  /** Oldest first. */
  versions(policy: string): readonly PolicyVersion[];

  /** Puts `version` back to work, as a new version. @throws GanglionError when there is no such version. */
  revert(policy: string, version: number): PolicyVersion;
}
