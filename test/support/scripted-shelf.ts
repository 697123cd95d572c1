import type { PolicyOrigin, PolicyShelf, PolicyVersion } from '../../runtime/contract/policy-shelf.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';

/** A shelf in memory, without files: for tests of what stands on it. */
export class ScriptedShelf implements PolicyShelf {
  readonly kept = new Map<string, PolicyVersion[]>();

  current(): ReadonlyMap<string, string> {
    return new Map(
      [...this.kept].flatMap(([id, all]) => {
        const text = all.at(-1)?.text;
        return text === undefined ? [] : [[id, text] as const];
      }),
    );
  }

  look(): void {
    // There are no files.
  }

  idOf(text: string): string {
    const id = /^id: *(\S+)/m.exec(text)?.[1];
    if (id !== undefined) return id;
    throw new GanglionError('POLICY_INVALID', { problems: ['Expected a policy with an id but it has none'] });
  }

  install(text: string, origin: PolicyOrigin, note?: string): PolicyVersion {
    return this.#keep(this.idOf(text), text, origin, note);
  }

  remove(policy: string, note?: string): PolicyVersion {
    if (!this.current().has(policy)) throw new GanglionError('POLICY_UNKNOWN', { id: policy, hint: '' });
    return this.#keep(policy, undefined, 'edit', note);
  }

  versions(policy: string): readonly PolicyVersion[] {
    return this.kept.get(policy) ?? [];
  }

  revert(policy: string, version: number): PolicyVersion {
    const wanted = this.versions(policy).find((one) => one.version === version);
    if (wanted === undefined)
      throw new GanglionError('POLICY_VERSION_UNKNOWN', { policy, version, kept: 'none is kept yet' });
    return this.#keep(policy, wanted.text, 'revert', `as version ${version} was`);
  }

  #keep(policy: string, text: string | undefined, origin: PolicyOrigin, note?: string): PolicyVersion {
    const all = this.kept.get(policy) ?? [];
    const version = all.length + 1;
    const made = { policy, version, at: (1_767_646_800_000 + version) as WallMs, origin, text, note };
    this.kept.set(policy, [...all, made]);
    return made;
  }
}
