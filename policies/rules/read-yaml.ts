import { isCollection, isMap, isNode, LineCounter, type Node, parseDocument } from 'yaml';
import { messageOf } from '../../runtime/errors.ts';
import type { PolicyProblem } from './problem.ts';
import { readFlatYaml } from './quick-yaml.ts';

export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** One entry of a policy file as plain data, with a way back to the line a path stands on. */
export interface RawPolicy {
  readonly file: string;
  readonly data: unknown;
  readonly lineOf: (path: readonly (string | number)[]) => number | undefined;
}

/** Largest policy file in characters. */
export const MAX_FILE = 32 * 1024 * 1024;
/** Aliases cannot multiply: at most so many uses of anchors in one file. */
const MAX_ALIASES = 100;

/** Splits one file into its policies. Problems come back in `problems`; nothing throws. */
export function readYaml(file: PolicyFile, problems: PolicyProblem[]): Iterable<RawPolicy> {
  const quick = file.text.length <= MAX_FILE ? readFlatYaml(file.name, file.text) : undefined;
  return quick ?? readFully(file, problems);
}

/** The same by the YAML library alone; for what `readFlatYaml` leaves, and to compare it with. */
export function readFully(file: PolicyFile, problems: PolicyProblem[]): RawPolicy[] {
  const report = (message: string, line?: number): RawPolicy[] => {
    problems.push({
      severity: 'error',
      file: file.name,
      path: '',
      message,
      ...(line === undefined ? {} : { line }),
    });
    return [];
  };
  if (file.text.length > MAX_FILE) {
    return report(`Expected at most ${MAX_FILE} characters but received ${file.text.length}`);
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false });
    if (document.errors.length > 0) {
      // One mistake can echo at every level of nesting: the first of each kind is enough.
      const seen = new Set<string>();
      for (const error of document.errors) {
        if (seen.has(error.code) || seen.size === 10) continue;
        seen.add(error.code);
        const { line } = lines.linePos(error.pos[0]);
        report(`Expected YAML but ${cut(error.message)}${quotingHint(file.text, line)}`, line);
      }
      return [];
    }
    const data: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (data === null || data === undefined) return [];
    if (!Array.isArray(data)) {
      return report('Expected a list of policies, each starting with `- id:`', 1);
    }
    return data.map((entry: unknown, index) => ({
      file: file.name,
      data: entry,
      lineOf: (path) => lineAt(document.contents, [index, ...path], lines),
    }));
  } catch (error) {
    // Alias bombs end here, and files nested so deeply that the parser's recursion does.
    const reason = error instanceof RangeError ? 'it nests too deeply' : cut(messageOf(error));
    return report(`Expected readable YAML but ${reason}`);
  }
}

function cut(message: string): string {
  return message.split('\n', 1)[0]!.slice(0, 160);
}

/** The usual slip of this format. */
function quotingHint(text: string, line: number): string {
  const written = text.split('\n', line).at(-1) ?? '';
  return /\(\s*\w+\s*:/.test(written) ? '; calls contain a colon and must be quoted' : '';
}

/** The line of the deepest part of the path that exists. */
function lineAt(
  root: Node | null,
  path: readonly (string | number)[],
  lines: LineCounter,
): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const part of path) {
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = node.get(part, true);
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    }
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}
