import { didYouMean } from '../../runtime/lib/suggest.ts';
import type { PolicySpec, VetoSpec } from './policy.ts';
import { idOf, PolicyReader } from './policy-reader.ts';
import type { PolicyProblem } from './problem.ts';
import { type PolicyFile, type RawPolicy, readYaml } from './read-yaml.ts';
import { describeIssues, letSchema } from './schema.ts';
import type { TemplateSpec } from './template.ts';
import { RESERVED, type Variable, Variables } from './variables.ts';

const FILE = 2 ** 32;

export interface ParsedPolicies {
  /** Only those that can be read; in file order. */
  readonly policies: readonly PolicySpec[];
  /** Rules for each area or entity; what they become depends on the house. */
  readonly templates: readonly TemplateSpec[];
  /** Rules that forbid. */
  readonly vetoes: readonly VetoSpec[];
  readonly problems: readonly PolicyProblem[];
}

/** Reads policy files. Never throws: everything wrong, in every file, is in `problems`. */
export function parsePolicies(files: readonly PolicyFile[]): ParsedPolicies {
  const problems: PolicyProblem[] = [];
  const policies: PolicySpec[] = [];
  const templates: TemplateSpec[] = [];
  const vetoes: VetoSpec[] = [];
  /** Where each id stands: its file · 2^32 + line. */
  const places = new Map<string, number>();
  const folder = files.map((file) => readYaml(file, problems));
  const variables = readVariables(folder, problems);
  const heirs = new Heirs(folder);
  for (const [index, entries] of folder.entries()) {
    for (const entry of entries) {
      if (isLet(entry)) continue;
      const raw = heirs.complete(entry, problems);
      if (raw === undefined) continue;
      const reader = new PolicyReader(raw, problems, variables);
      const policy = reader.read(policies.length);
      const id = idOf(raw.data);
      const twin = id === undefined ? undefined : places.get(id);
      if (id !== undefined && twin === undefined) places.set(id, index * FILE + (raw.lineOf([]) ?? 1));
      if (twin !== undefined)
        reader.report(
          ['id'],
          `Expected an id of its own but ${id} is already in ${files[Math.floor(twin / FILE)]!.name}:${twin % FILE}`,
        );
      else if (policy?.type === 'veto') vetoes.push(policy.spec);
      else if (policy?.type === 'template') templates.push(policy.spec);
      else if (policy !== undefined) policies.push(policy);
    }
  }
  return { policies, templates, vetoes, problems };
}

function isLet({ data }: RawPolicy): boolean {
  return typeof data === 'object' && data !== null && 'let' in data && !('id' in data);
}

/** What `let` gives names to, in all files; undefined if there is none. */
function readVariables(
  folder: readonly (readonly RawPolicy[] | Iterable<RawPolicy>)[],
  problems: PolicyProblem[],
): Variables | undefined {
  const found = new Map<string, Variable>();
  for (const entries of folder) {
    // A file of flat rules cannot have one.
    if (!Array.isArray(entries)) continue;
    for (const raw of (entries as readonly RawPolicy[]).filter(isLet)) {
      const report = (path: readonly (string | number)[], message: string): void => {
        const line = raw.lineOf(path);
        const place = line === undefined ? {} : { line };
        problems.push({ severity: 'error', file: raw.file, ...place, path: path.join('.'), message });
      };
      const result = letSchema.safeParse(raw.data);
      if (!result.success) {
        for (const { path, message } of describeIssues(result.error.issues, raw.data, 'let'))
          report(path, message);
        continue;
      }
      for (const [name, value] of Object.entries(result.data.let)) {
        const path = ['let', name];
        if (RESERVED.has(name))
          report(path, `Expected another name: expressions use ${name} for something else`);
        else if (found.has(name)) report(path, `Expected ${name} only once, in all policy files`);
        else found.set(name, { name, source: String(value), report: (message) => report(path, message) });
      }
    }
  }
  if (found.size === 0) return undefined;
  const variables = new Variables(found);
  variables.readAll();
  return variables;
}

/** Policies that are `like` others: they take over what they do not say themselves. */
class Heirs {
  readonly #folder: readonly Iterable<RawPolicy>[];
  #byId: Map<string, object> | undefined;

  constructor(folder: readonly Iterable<RawPolicy>[]) {
    this.#folder = folder;
  }

  /** The policy with all it takes over; undefined, and a problem, where that cannot be found. */
  complete(raw: RawPolicy, problems: PolicyProblem[]): RawPolicy | undefined {
    const { data } = raw;
    if (typeof data !== 'object' || data === null || !('like' in data)) return raw;
    const id = idOf(data);
    const result = this.#merge(data, id === undefined ? [] : [id]);
    if (typeof result !== 'string') return { ...raw, data: result };
    const line = raw.lineOf(['like']);
    problems.push({
      severity: 'error',
      file: raw.file,
      path: 'like',
      message: result,
      ...(line === undefined ? {} : { line }),
      ...(id === undefined ? {} : { policy: id }),
    });
    return undefined;
  }

  #merge(data: object, seen: readonly string[]): object | string {
    if (!('like' in data)) return data;
    const { like, ...own } = data;
    if (typeof like !== 'string') return 'Expected the id of another policy for like';
    if (seen.includes(like)) {
      const circle = [...seen.slice(seen.indexOf(like)), like].join(' → ');
      return `Expected templates that do not lead back to themselves but ${circle} do`;
    }
    const base = this.#find(like);
    if (base === undefined) {
      return `Expected the id of another policy for like but received ${like}; ${didYouMean(like, [...this.#byId!.keys()])}`;
    }
    const whole = this.#merge(base, [...seen, like]);
    return typeof whole === 'string' ? whole : { ...whole, ...own };
  }

  #find(id: string): object | undefined {
    if (this.#byId === undefined) {
      this.#byId = new Map();
      for (const entries of this.#folder) {
        for (const { data } of entries) {
          const own = idOf(data);
          if (own !== undefined && !this.#byId.has(own)) this.#byId.set(own, data as object);
        }
      }
    }
    return this.#byId.get(id);
  }
}
