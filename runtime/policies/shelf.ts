import { formatProblem, samePolicy, sameTemplate } from '../../policies/index.ts';
import type { ParsedPolicies, PolicyProblem } from '../../policies/index.ts';
import type { PolicyOrigin, PolicyShelf, PolicyVersion } from '../contract/policy-shelf.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { GanglionError, isGanglionError } from '../errors.ts';
import type { HealthBoard } from '../health.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { ProblemDesk } from '../problems.ts';
import { FolderWatch, type FolderWatchOptions } from './folder-watch.ts';
import type { PolicyFolder } from './policy-folder.ts';
import { type PolicySet, readSet } from './policy-set.ts';
import { editFile, onePolicy, piecesOf } from './policy-text.ts';
import type { PolicyVersions } from './policy-versions.ts';
import { VersionKeeper } from './version-keeper.ts';

/** What runs the policies. */
export interface PolicyWork {
  /** What the house says against some of all these. */
  readonly check: (
    some: Pick<ParsedPolicies, 'policies' | 'templates' | 'vetoes'>,
    all: ParsedPolicies,
  ) => readonly PolicyProblem[];
  /** Puts these to work in the place of all others. Throws only before anything has changed. */
  readonly replace: (parsed: ParsedPolicies, changed: PolicyChanges) => void;
}

/** Ids of policies. */
export interface PolicyChanges {
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface ShelfParts {
  /** undefined: the configuration names none. */
  readonly folder: PolicyFolder | undefined;
  readonly versions: PolicyVersions;
  readonly clock: Clock;
  readonly problems: Pick<ProblemDesk, 'report' | 'say' | 'caught' | 'mended'>;
  readonly health: Pick<HealthBoard, 'set'>;
  readonly tell?: FolderWatchOptions['tell'];
}

/** A file that is gone, or empty, may be on its way to its new text: it is believed after so long. */
const GONE_MS = 1000;
const EMPTY: ReadonlyMap<string, string> = new Map();

/**
 * The policies a daemon runs, as files that people may edit.
 *
 *     file changed ──► look ──► read ──► broken: its last good text counts ──► replace ──► versions noted
 *     install ──► look ──► edit, check ──► version begun, on the disk ──► file renamed ──► replace ──► version finished
 *
 * open → start → stop; what is asked in between happens at once, one after the other, in the main thread.
 */
export class Shelf implements PolicyShelf {
  readonly #parts: ShelfParts;
  readonly #keeper: VersionKeeper;
  #set: PolicySet = readSet(EMPTY, EMPTY, String);
  #work: PolicyWork | undefined;
  #watch: FolderWatch | undefined;
  #again: Timer | undefined;
  /** By name, since when a file has been missing or empty, monotonic ms. */
  readonly #missing = new Map<string, number>();
  /** The texts that were read last. */
  #seen = EMPTY;
  #complained = false;

  constructor(parts: ShelfParts) {
    this.#parts = parts;
    this.#keeper = new VersionKeeper(parts);
  }

  /** Reads the files, and settles what a crash left half done. */
  open(): ParsedPolicies {
    const { folder } = this.#parts;
    if (folder === undefined) return this.#set.parsed;
    try {
      folder.tidy();
      this.#seen = folder.read((_, error) => this.#parts.problems.report(error, error.message));
      this.#set = this.#readSet(this.#seen, this.#keeper.files());
      this.#say(this.#set);
      this.#keeper.note(this.#set);
    } catch (error) {
      this.#failed(error);
    }
    return this.#set.parsed;
  }

  /** From here on changes of the files take effect. */
  start(work: PolicyWork): void {
    const { folder, clock, tell } = this.#parts;
    this.#work = work;
    if (folder === undefined) return;
    this.#watch = new FolderWatch({
      path: folder.watched,
      clock,
      onLook: () => this.look(),
      ...(tell === undefined ? {} : { tell }),
    });
    this.#watch.start();
  }

  stop(): void {
    this.#watch?.stop();
    this.#again?.cancel();
    this.#work = undefined;
  }

  /** Takes in what has changed in the files. */
  look(): void {
    try {
      this.#takeIn();
    } catch (error) {
      this.#failed(error);
    }
  }

  current(): ReadonlyMap<string, string> {
    return new Map([...this.#set.policies()].map(([id, { text }]) => [id, text]));
  }

  versions(policy: string): readonly PolicyVersion[] {
    return this.#parts.versions.list(policy);
  }

  idOf(text: string): string {
    return read(text).id;
  }

  install(text: string, origin: PolicyOrigin, note?: string): PolicyVersion {
    const given = read(text);
    return this.#change(given.id, given.text, origin, note);
  }

  remove(policy: string, note?: string): PolicyVersion {
    return this.#change(policy, undefined, 'edit', note);
  }

  revert(policy: string, version: number): PolicyVersion {
    const all = this.versions(policy);
    const wanted = all.find((one) => one.version === version);
    if (wanted === undefined) {
      if (all.length === 0 && !this.#set.policies().has(policy)) throw this.#unknown(policy);
      const [first, last] = [all[0]?.version, all.at(-1)?.version];
      const kept = first === undefined ? 'none is kept yet' : `kept are ${first} to ${last}`;
      throw new GanglionError('POLICY_VERSION_UNKNOWN', { policy, version, kept });
    }
    return this.#change(policy, wanted.text, 'revert', `as version ${version} was`);
  }

  #change(
    id: string,
    text: string | undefined,
    origin: PolicyOrigin,
    note: string | undefined,
  ): PolicyVersion {
    const { folder, versions, clock } = this.#parts;
    if (folder === undefined) throw new GanglionError('POLICY_NO_PLACE', {});
    folder.make();
    const { disk, texts } = this.#takeIn();
    const name = this.#placeOf(id, text === undefined, disk);
    const path = folder.pathOf(name);
    const before = disk.get(name);
    const after = editFile(before ?? '', id, text);
    if (after === undefined || this.#set.broken.get(name)?.kept === true) {
      const [problem] = this.#set.broken.get(name)?.problems ?? [];
      const reason = problem === undefined ? 'it is no list of policies' : formatProblem(problem);
      throw new GanglionError('POLICY_FILE_BROKEN', { file: path, reason });
    }
    const gone = after.trim() === '' && !folder.single;
    const wanted = inOrder(
      [...texts].filter(([one]) => one !== name),
      gone ? [] : [[name, after]],
    );
    const next = this.#checked(wanted, path, id);
    // What stands around it may keep the file from being read at all.
    const whole = next.broken.get(name)?.problems.find(({ policy }) => policy === undefined);
    if (whole !== undefined)
      throw new GanglionError('POLICY_FILE_BROKEN', { file: path, reason: formatProblem(whole) });
    const said = text === undefined ? undefined : piecesOf(after)?.find((piece) => piece.id === id)?.text;
    const last = after === before ? versions.list(id).at(-1) : undefined;
    if (last !== undefined) return last;
    const version = versions.begin({ policy: id, at: clock.wall(), origin, text: said, note, file: name });
    try {
      if (gone) folder.remove(name);
      else folder.replace(name, after, before);
    } catch (error) {
      this.#keeper.abandon(version);
      throw error;
    }
    try {
      this.#putToWork(next);
    } catch (error) {
      this.#keeper.abandon(version);
      if (before === undefined) folder.remove(name);
      else folder.replace(name, before, gone ? undefined : after);
      throw error;
    }
    this.#seen = wanted;
    this.#say(next);
    this.#keeper.finish(version, next);
    return version;
  }

  /** The file to write to. */
  #placeOf(id: string, removing: boolean, disk: ReadonlyMap<string, string>): string {
    const holders = [...disk].flatMap(([name, text]) =>
      (piecesOf(text) ?? []).some((piece) => piece.id === id) ? [name] : [],
    );
    const known = this.#set.policies().get(id)?.file;
    if (removing && holders.length > 1) {
      const files = holders.map((name) => this.#parts.folder!.pathOf(name));
      throw new GanglionError('POLICY_TWICE', { id, files });
    }
    const place = known ?? holders[0];
    if (place !== undefined) return place;
    if (removing) throw this.#unknown(id);
    // Back where it was, if it has been there before.
    const last = this.#parts.versions.latest(id)?.file;
    if (last !== undefined && disk.has(last)) return last;
    // It becomes the name of a file.
    if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(id)) {
      const problem = `Expected an id of at most 64 letters, digits, _ . - but received ${JSON.stringify(id.slice(0, 80))}`;
      throw new GanglionError('POLICY_INVALID', { problems: [problem] });
    }
    return this.#parts.folder!.single ? ([...disk.keys()][0] ?? 'policies.yaml') : `${id}.yaml`;
  }

  /** @throws GanglionError POLICY_INVALID where the change brings a mistake, or something the house cannot do */
  #checked(texts: ReadonlyMap<string, string>, path: string, id: string): PolicySet {
    const next = this.#readSet(texts, this.#set.good);
    const was = this.#set.parsed;
    const known = new Set(
      [...was.problems, ...[...this.#set.broken.values()].flatMap(({ problems }) => problems)].map(
        withoutLine,
      ),
    );
    const fresh = [...next.broken.values()]
      .flatMap(({ problems }) => problems)
      .filter(
        (problem) => (problem.policy === id && problem.file === path) || !known.has(withoutLine(problem)),
      );
    const touched = ({ id: one, file }: Pick<PolicyProblem, 'file'> & { id: string }): boolean =>
      file === path || isHeir(next.policies().get(one)?.text);
    const policies = fromOthers(next.parsed.policies.filter(touched), was.policies, samePolicy);
    const templates = fromOthers(next.parsed.templates.filter(touched), was.templates, sameTemplate);
    const vetoes = next.parsed.vetoes.filter((veto) => veto.id === id);
    const against = this.#work?.check({ policies, templates, vetoes }, next.parsed) ?? [];
    const errors = [...fresh, ...against.filter(({ severity }) => severity === 'error')];
    if (errors.length === 0) return next;
    throw new GanglionError('POLICY_INVALID', { problems: errors.slice(0, 20).map(formatProblem) });
  }

  /** @returns the files as they are, and as they are believed to be */
  #takeIn(): { readonly disk: ReadonlyMap<string, string>; readonly texts: ReadonlyMap<string, string> } {
    const { folder, problems } = this.#parts;
    if (folder === undefined) return { disk: EMPTY, texts: EMPTY };
    const failed = new Set<string>();
    const disk = folder.read((name, error) => {
      failed.add(name);
      problems.report(error, error.message);
    });
    const texts = this.#believed(disk, failed);
    if (!sameTexts(texts, this.#seen)) {
      const next = this.#readSet(texts, this.#set.good);
      if (sameTexts(next.texts, this.#set.texts)) this.#set = next;
      else this.#putToWork(next);
      this.#seen = texts;
      this.#say(next);
    }
    this.#keeper.note(this.#set);
    return { disk, texts };
  }

  /** What is missing or empty since a moment ago, or cannot be read, still says what it said. */
  #believed(disk: ReadonlyMap<string, string>, failed: ReadonlySet<string>): ReadonlyMap<string, string> {
    const { clock } = this.#parts;
    const now = clock.mono();
    const texts = new Map(disk);
    let waits = false;
    for (const [name, text] of this.#seen) {
      const there = disk.get(name);
      if ((there !== undefined && there.trim() !== '') || text.trim() === '') this.#missing.delete(name);
      else if (failed.has(name)) texts.set(name, text);
      else {
        const since = this.#missing.get(name) ?? now;
        this.#missing.set(name, since);
        if (now - since >= GONE_MS) this.#missing.delete(name);
        else {
          waits = true;
          texts.set(name, text);
        }
      }
    }
    if (waits) {
      this.#again?.cancel();
      this.#again = clock.schedule(GONE_MS, () => this.look());
    }
    return inOrder([...texts], []);
  }

  #putToWork(next: PolicySet): void {
    const before = this.#set.policies();
    const after = next.policies();
    const asked = ({ parsed }: PolicySet) => parsed.policies.filter(({ type }) => type === 'decide');
    // What they take over from other policies, and what they call by name, may have changed though they say the same.
    const other = new Set(fromOthers(asked(next), asked(this.#set), samePolicy).map(({ id }) => id));
    const changed = [...after].flatMap(([id, { text }]) =>
      before.get(id)?.text === text && !other.has(id) ? [] : [id],
    );
    const removed = [...before.keys()].filter((id) => !after.has(id));
    this.#work?.replace(next.parsed, { changed, removed });
    this.#set = next;
  }

  #readSet(texts: ReadonlyMap<string, string>, good: ReadonlyMap<string, string>): PolicySet {
    return readSet(texts, good, (name) => this.#parts.folder?.pathOf(name) ?? name);
  }

  /** Names what is wrong with the files. */
  #say({ broken, parsed }: PolicySet): void {
    const { folder, problems, health } = this.#parts;
    const say = (problem: PolicyProblem, kept: boolean): void => {
      const sentence = formatProblem(problem) + (kept ? '; what the file said before stays in force' : '');
      problems.say('POLICY_PROBLEM', sentence, sentence);
    };
    for (const { problems: wrong, kept } of broken.values()) for (const problem of wrong) say(problem, kept);
    for (const problem of parsed.problems) if (problem.severity === 'warning') say(problem, false);
    const [first] = broken;
    if (first !== undefined) {
      this.#complained = true;
      const [name, { problems: wrong, kept }] = first;
      const more = broken.size > 1 ? ` and ${broken.size - 1} more` : '';
      const meanwhile = kept ? 'it counts as it was before' : 'what can be read of it counts';
      const path = folder?.pathOf(name) ?? name;
      health.set(
        'policy files',
        'warn',
        `${path}${more} has mistakes, ${meanwhile}: ${wrong[0]?.message ?? ''}`,
      );
    } else if (this.#complained) {
      this.#complained = false;
      health.set('policy files', 'ok', 'all of them can be read');
      problems.mended(
        'POLICY_PROBLEM',
        'The policy files can all be read again; what they say now is in force.',
      );
    }
  }

  #failed(error: unknown): void {
    const { problems, health } = this.#parts;
    if (!isGanglionError(error)) return problems.caught('The policy files', error);
    this.#complained = true;
    health.set('policy files', 'warn', error.message);
    return problems.report(error, error.message);
  }

  #unknown(id: string): GanglionError {
    return new GanglionError('POLICY_UNKNOWN', {
      id,
      hint: didYouMean(id, [...this.#set.policies().keys()]),
    });
  }
}

/** Those that are new, or not what they were. */
function fromOthers<T extends { readonly id: string }>(
  now: readonly T[],
  before: readonly T[],
  same: (a: T, b: T) => boolean,
): T[] {
  const known = new Map(before.map((one) => [one.id, one]));
  return now.filter((one) => {
    const old = known.get(one.id);
    return old === undefined || !same(old, one);
  });
}

/** Whether a policy may take over what another one says. */
function isHeir(text: string | undefined): boolean {
  return text !== undefined && /\blike\b/.test(text);
}

function read(text: string): { readonly id: string; readonly text: string } {
  const given = onePolicy(text);
  if (typeof given === 'string') throw new GanglionError('POLICY_INVALID', { problems: [given] });
  return given;
}

/** By name, which decides which of two policies of one id counts. */
function inOrder(
  some: readonly (readonly [string, string])[],
  more: readonly (readonly [string, string])[],
): ReadonlyMap<string, string> {
  return new Map([...some, ...more].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function sameTexts(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, text] of a) if (b.get(name) !== text) return false;
  return true;
}

function withoutLine({ file, policy, path, message }: PolicyProblem): string {
  // One policy that stands elsewhere is named with its line.
  return [file, policy, path, message.replace(/:\d+$/, '')].join('\n');
}
