import type { PolicyVersion } from '../contract/policy-shelf.ts';
import type { Clock } from '../contract/time.ts';
import { isGanglionError } from '../errors.ts';
import type { ProblemDesk } from '../problems.ts';
import type { PolicySet } from './policy-set.ts';
import { piecesOf } from './policy-text.ts';
import type { NewVersion, PolicyVersions } from './policy-versions.ts';

export interface VersionKeeperParts {
  readonly versions: PolicyVersions;
  readonly clock: Clock;
  readonly problems: Pick<ProblemDesk, 'report' | 'caught'>;
}

/** Keeps the versions in step with the files. While the journal is down nothing is noted, and all of it later. */
export class VersionKeeper {
  readonly #parts: VersionKeeperParts;
  /** By name, the texts that versions are kept of; undefined until the journal could be read. */
  #noted: Map<string, string> | undefined;
  #settled = false;

  constructor(parts: VersionKeeperParts) {
    this.#parts = parts;
  }

  /** The files as they were when they could last be read, in this run or one before. */
  files(): ReadonlyMap<string, string> {
    const { versions } = this.#parts;
    if (!versions.ready) return new Map();
    return (this.#noted ??= versions.files());
  }

  /** Notes what was changed by hand. */
  note(set: PolicySet): void {
    const { versions, clock } = this.#parts;
    if (!versions.ready) return;
    this.#settle(set);
    const noted = new Map(this.files());
    const files = new Map<string, string | undefined>();
    for (const [name, text] of set.good) if (noted.get(name) !== text) files.set(name, text);
    // A file that is there and broken is not gone.
    for (const name of noted.keys()) if (!set.texts.has(name)) files.set(name, undefined);
    if (files.size === 0) return;
    const found: NewVersion[] = [];
    const seen = new Set<string>();
    for (const [name, text] of files) {
      for (const { id } of [...(piecesOf(text ?? '') ?? []), ...(piecesOf(noted.get(name) ?? '') ?? [])]) {
        if (id === undefined || seen.has(id)) continue;
        seen.add(id);
        const now = set.policies().get(id);
        const last = versions.latest(id);
        if (last?.text === now?.text) continue;
        const file = now?.file ?? name;
        found.push({ policy: id, at: clock.wall(), origin: 'file', text: now?.text, note: undefined, file });
      }
    }
    this.#try(() => {
      versions.note(found, files);
      for (const [name, text] of files) {
        if (text === undefined) noted.delete(name);
        else noted.set(name, text);
      }
      this.#noted = noted;
    });
  }

  /** Its file says so now. What cannot be written is settled by the next start. */
  finish(version: PolicyVersion, set: PolicySet): void {
    this.#try(() => this.#parts.versions.finish(version));
    this.note(set);
  }

  abandon(version: PolicyVersion): void {
    this.#try(() => this.#parts.versions.abandon(version));
  }

  /** After a crash: a version that was begun holds if its file says so, else it never was. */
  #settle({ policies }: PolicySet): void {
    if (this.#settled) return;
    this.#settled = true;
    const { versions } = this.#parts;
    this.#try(() => {
      for (const begun of versions.begun()) {
        if (policies().get(begun.policy)?.text === begun.text) versions.finish(begun);
        else versions.abandon(begun);
      }
    });
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (isGanglionError(error)) this.#parts.problems.report(error);
      else this.#parts.problems.caught('The versions of policies', error);
    }
  }
}
