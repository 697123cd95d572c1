import { parse } from 'yaml';

/** One line of a comparison. */
export interface DiffLine {
  readonly sign: '-' | '+';
  readonly text: string;
}

/** Lines longer than this many are compared as a whole: the table below grows with their product. */
const MAX_LINES = 1000;

/** The lines that went and came, in order; by the longest common subsequence (Wagner and Fischer, 1974). */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  if (a.length > MAX_LINES || b.length > MAX_LINES) return [...signed('-', a), ...signed('+', b)];
  // lengths[i][j]: the longest common subsequence of a from i and b from j
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [row, next] = [lengths[i]!, lengths[i + 1]!];
      row[j] = a[i] === b[j] ? next[j + 1]! + 1 : Math.max(next[j]!, row[j + 1]!);
    }
  }
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (i < a.length && (j === b.length || lengths[i + 1]![j]! >= lengths[i]![j + 1]!))
      found.push({ sign: '-', text: a[i++]! });
    else found.push({ sign: '+', text: b[j++]! });
  }
  return found;
}

/** What became of a policy, in words: which of its keys say something else. */
export function diffWords(before: string | null | undefined, after: string | null): string {
  if (after === null) return 'taken out';
  if (before === undefined) return 'the first version kept';
  if (before === null) return 'put back';
  const [old, now] = [keysOf(before), keysOf(after)];
  if (old === undefined || now === undefined) return 'written anew';
  const names = (some: readonly string[]): string => some.join(', ');
  const changed = [...now.keys()].filter((key) => old.has(key) && old.get(key) !== now.get(key));
  const added = [...now.keys()].filter((key) => !old.has(key));
  const gone = [...old.keys()].filter((key) => !now.has(key));
  const parts = [
    ...(changed.length === 0 ? [] : [`changed ${names(changed)}`]),
    ...(added.length === 0 ? [] : [`added ${names(added)}`]),
    ...(gone.length === 0 ? [] : [`took out ${names(gone)}`]),
  ];
  return parts.length === 0 ? 'the same in other letters' : parts.join('; ');
}

function keysOf(text: string): Map<string, string> | undefined {
  try {
    const data: unknown = parse(text);
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
    return new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)]));
  } catch {
    return undefined;
  }
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function signed(sign: '-' | '+', lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}
