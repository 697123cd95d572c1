import {
  parsePolicies,
  type ParsedPolicies,
  type PolicyFile,
  type PolicyProblem,
} from '../../policies/index.ts';
import { piecesOf } from './policy-text.ts';

/** What the policy files say together, and which texts of them count. */
export interface PolicySet {
  /** By name, the texts that count: a broken file's is the last one that was good, where there was one. */
  readonly texts: ReadonlyMap<string, string>;
  /** Of these, those without a mistake. */
  readonly good: ReadonlyMap<string, string>;
  /** By name, what is wrong with a file as it stands, and whether an older text of it counts meanwhile. */
  readonly broken: ReadonlyMap<
    string,
    { readonly problems: readonly PolicyProblem[]; readonly kept: boolean }
  >;
  readonly parsed: ParsedPolicies;
  /** Every policy that runs, alone, by id. */
  readonly policies: () => ReadonlyMap<string, Placed>;
}

export interface Placed {
  readonly text: string;
  readonly file: string;
}

/**
 * @param texts of the files as they are, by name
 * @param good their last texts without a mistake
 * @param pathOf a file's place by its name
 */
export function readSet(
  texts: ReadonlyMap<string, string>,
  good: ReadonlyMap<string, string>,
  pathOf: (name: string) => string,
): PolicySet {
  const parse = (some: ReadonlyMap<string, string>): ParsedPolicies =>
    parsePolicies([...some].map(([name, text]): PolicyFile => ({ name: pathOf(name), text })));
  const asTheyAre = parse(texts);
  const wrong = errorsByFile(asTheyAre);
  const broken = new Map<string, { problems: readonly PolicyProblem[]; kept: boolean }>();
  const counting = new Map<string, string>();
  for (const [name, text] of texts) {
    const problems = wrong.get(pathOf(name));
    const before = good.get(name);
    if (problems !== undefined) broken.set(name, { problems, kept: before !== undefined });
    counting.set(name, problems === undefined ? text : (before ?? text));
  }
  const replaced = [...broken.values()].some(({ kept }) => kept);
  let parsed = replaced ? parse(counting) : asTheyAre;
  let left = replaced ? errorsByFile(parsed) : wrong;
  // Where older texts do not go with what other files say now (a variable they use, a policy they are like), all of them
  // count as they were.
  const leftIn = (name: string): boolean =>
    broken.get(name)?.kept === true && left.get(pathOf(name))?.some(({ path }) => path !== 'id') === true;
  if ([...broken.keys()].some(leftIn)) {
    for (const [name, text] of good) if (texts.has(name)) counting.set(name, text);
    parsed = parse(counting);
    left = errorsByFile(parsed);
  }
  let policies: ReadonlyMap<string, Placed> | undefined;
  return {
    texts: counting,
    good: new Map([...counting].filter(([name]) => broken.get(name)?.kept ?? !left.has(pathOf(name)))),
    broken,
    parsed,
    policies: () =>
      (policies ??= placed(counting, (name) => new Set(left.get(pathOf(name))?.map(({ policy }) => policy)))),
  };
}

function errorsByFile({ problems }: ParsedPolicies): Map<string, PolicyProblem[]> {
  const found = new Map<string, PolicyProblem[]>();
  for (const problem of problems) {
    if (problem.severity !== 'error') continue;
    const others = found.get(problem.file);
    if (others === undefined) found.set(problem.file, [problem]);
    else others.push(problem);
  }
  return found;
}

/** Of two policies of one id, the first counts. */
function placed(
  texts: ReadonlyMap<string, string>,
  wrongIn: (name: string) => ReadonlySet<string | undefined>,
): ReadonlyMap<string, Placed> {
  const found = new Map<string, Placed>();
  for (const [file, whole] of texts) {
    const wrong = wrongIn(file);
    for (const { id, text } of piecesOf(whole) ?? [])
      if (id !== undefined && !wrong.has(id) && !found.has(id)) found.set(id, { text, file });
  }
  return found;
}
