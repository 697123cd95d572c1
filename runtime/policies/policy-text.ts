import { isDeepStrictEqual } from 'node:util';
import {
  isAlias,
  isMap,
  isSeq,
  type Document,
  type Node,
  parse,
  parseDocument,
  stringify,
  visit,
} from 'yaml';

/** One entry of a policy file. */
export interface Piece {
  /** undefined where the entry has none. */
  readonly id: string | undefined;
  /** The policy alone, as it is written there; what it borrows from other entries (aliases) is written out. */
  readonly text: string;
}

/** A piece with the place it was cut from: whole lines. */
interface Cut extends Piece {
  readonly start: number;
  readonly end: number;
}

const LINE_WIDTH = { lineWidth: 0 } as const;
/** As in the reader of the rule language: aliases cannot multiply. */
const TO_JS = { maxAliasCount: 100 } as const;

/** The policies of a file, in its order; undefined where the file is no list that YAML can read. */
export function piecesOf(file: string): readonly Piece[] | undefined {
  return quickly(file)?.map(({ id, text }) => ({ id, text })) ?? fully(file)?.pieces;
}

/** The same by the YAML library alone; for what lines do not tell, and to compare with. */
export function piecesFully(file: string): readonly Piece[] | undefined {
  return fully(file)?.pieces;
}

/**
 * One policy given as YAML, as a mapping or a list of one.
 * @returns its id and its text, or the sentence why it is none
 */
export function onePolicy(text: string): { readonly id: string; readonly text: string } | string {
  const document = parseDocument(text);
  const error = document.errors[0];
  if (error !== undefined) return `Expected YAML but ${error.message.split('\n', 1)[0] ?? ''}`;
  const { contents } = document;
  if (isMap(contents)) {
    const id = idOf(contents.toJS(document, TO_JS));
    return id === undefined
      ? 'Expected a policy with an id but it has none'
      : { id, text: `${text.trimEnd()}\n` };
  }
  const pieces = isSeq(contents) ? piecesOf(text) : undefined;
  if (pieces?.length !== 1) return `Expected one policy but received ${pieces?.length ?? 'something else'}`;
  const [{ id, text: only }] = pieces as [Piece];
  return id === undefined ? 'Expected a policy with an id but it has none' : { id, text: only };
}

/**
 * The file with one policy put in place of the one of the same id, or added at its end; undefined: taken out. All else
 * stays as it is, to the letter where the file is a plain list. Undefined where the file cannot be read.
 */
export function editFile(file: string, id: string, policy: string | undefined): string | undefined {
  return editQuickly(file, id, policy) ?? editFully(file, id, policy);
}

/** For a file that can be read and whose lines tell it all: a file of a thousand policies is not parsed three times. */
function editQuickly(file: string, id: string, policy: string | undefined): string | undefined {
  const cuts = quickly(file);
  if (cuts === undefined || cuts.length === 0) return undefined;
  const at = cuts.findIndex((cut) => cut.id === id);
  const edited = splice(file, cuts, at, policy);
  const wanted = cuts.map(({ text }) => text);
  if (at >= 0) wanted.splice(at, 1, ...(policy === undefined ? [] : [policy]));
  else if (policy !== undefined) wanted.push(policy);
  const found = quickly(edited);
  const same = found?.length === wanted.length && found.every(({ text }, i) => text === wanted[i]);
  return same && isReadable(policy) ? edited : undefined;
}

function isReadable(policy: string | undefined): boolean {
  return policy === undefined || (policy.trim() !== '' && parseDocument(policy).errors.length === 0);
}

function editFully(file: string, id: string, policy: string | undefined): string | undefined {
  const whole = fully(file);
  if (whole === undefined) return undefined;
  const { document, cuts } = whole;
  const at = whole.pieces.findIndex((piece) => piece.id === id);
  const before = listOf(document)?.toJS(document, TO_JS) as unknown[] | undefined;
  const data: unknown = policy === undefined ? undefined : parse(policy, TO_JS);
  const wanted = [...(before ?? [])];
  if (at >= 0) wanted.splice(at, 1, ...(policy === undefined ? [] : [data]));
  else if (policy !== undefined) wanted.push(data);
  const good = (text: string): boolean => {
    const again = parseDocument(text);
    if (again.errors.length > 0) return false;
    try {
      return isDeepStrictEqual(listOf(again)?.toJS(again, TO_JS) ?? [], wanted);
    } catch {
      // Another entry borrows from what is no longer there.
      return false;
    }
  };
  const spliced = cuts === undefined ? undefined : splice(file, cuts, at, policy);
  if (spliced !== undefined && good(spliced)) return spliced;
  const rewritten = rewrite(document, at, policy, data);
  return good(rewritten) ? rewritten : undefined;
}

/** By lines alone, many times faster; undefined where lines do not tell it all. For files that can be read. */
function quickly(file: string): Cut[] | undefined {
  if (/^(?:%|---|\.\.\.|[ ]+#)|[\t\r]|[\s,[{][&*]\w|[|>]\d?\+/m.test(file)) return undefined;
  const cuts: Cut[] = [];
  let lines: string[] = [];
  let start = -1;
  let end = 0;
  let filled = 0;
  const finish = (): boolean => {
    if (start < 0) return true;
    // Comments and blank lines after it stand before the next one.
    const own = lines.slice(0, filled);
    const ids = own.flatMap((line, i) =>
      // A text that goes on in the next line, blank ones between or not, is none of ours.
      own.find((next, j) => j > i && next !== '')?.startsWith(' ') === true
        ? []
        : (ID_LINE.exec(line)?.[1] ?? []),
    );
    if (ids.length !== 1 || /^(?:true|false|null)$/i.test(ids[0]!)) return false;
    cuts.push({ id: ids[0]!, text: `${own.join('\n')}\n`, start, end });
    return true;
  };
  for (let from = 0; from < file.length;) {
    const newline = file.indexOf('\n', from);
    const to = newline < 0 ? file.length : newline;
    const line = file.slice(from, to);
    if (line === '' || line.startsWith('#')) lines.push(line);
    else {
      if (line.startsWith('- ')) {
        if (!finish() || !/^- [A-Za-z]+:/.test(line)) return undefined;
        [lines, start] = [[], from];
      } else if (!line.startsWith('  ') || start < 0) return undefined;
      filled = lines.push(line.slice(2));
      end = Math.min(to + 1, file.length);
    }
    from = to + 1;
  }
  return finish() ? cuts : undefined;
}

/** A plain id; a quoted one is left to the library. */
const ID_LINE = /^id: ([A-Za-z][\w.-]*) *$/;

function fully(
  file: string,
): { document: Document.Parsed; pieces: readonly Piece[]; cuts: readonly Cut[] | undefined } | undefined {
  const document = parseDocument(file, { keepSourceTokens: true });
  if (document.errors.length > 0) return undefined;
  const list = listOf(document);
  if (list === undefined) return document.contents === null ? { document, pieces: [], cuts: [] } : undefined;
  try {
    const token = list.srcToken;
    const block =
      token?.type === 'block-seq' &&
      list.items.length ===
        token.items.filter((one) => one.start.some(({ type }) => type === 'seq-item-ind')).length;
    if (!block) {
      return { document, cuts: undefined, pieces: list.items.map((item) => written(item as Node, document)) };
    }
    const cuts = list.items.map((item, i): Cut => {
      const node = item as Node;
      const dash = token.items[i]!.start.find(({ type }) => type === 'seq-item-ind')!.offset;
      const start = file.lastIndexOf('\n', dash) + 1;
      const end = endOfEntry(file, start, dash - start, endOfLine(file, node.range?.[1] ?? dash + 1));
      const plain = written(node, document);
      const text = dedented(file.slice(dash, end), dash - start);
      const same = (): boolean => {
        const again = parseDocument(text);
        return again.errors.length === 0 && isDeepStrictEqual(again.toJS(TO_JS), node.toJS(document, TO_JS));
      };
      return { ...plain, start, end, text: !borrows(node) && same() ? text : plain.text };
    });
    return { document, pieces: cuts.map(({ id, text }) => ({ id, text })), cuts };
  } catch {
    // Aliases that multiply, and files nested so deeply that recursion ends.
    return undefined;
  }
}

/** Some files keep more than policies and have these under `policies`. */
function listOf(document: Document.Parsed) {
  const { contents } = document;
  if (isSeq(contents)) return contents;
  const inner = isMap(contents) ? contents.get('policies', true) : undefined;
  return isSeq(inner) ? inner : undefined;
}

function written(node: Node, document: Document.Parsed): Piece {
  const data: unknown = node.toJS(document, TO_JS);
  return { id: idOf(data), text: stringify(data, LINE_WIDTH) };
}

/** Whether it says something by way of an anchor somewhere else. */
function borrows(node: Node): boolean {
  let found = isAlias(node);
  visit(node, { Alias: () => ((found = true), visit.BREAK) });
  return found;
}

/** Past what is left of a line when a value in brackets ends: nothing, or a comment. */
function endOfLine(file: string, from: number): number {
  if (file[from - 1] === '\n') return from;
  const rest = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
  rest.lastIndex = from;
  return rest.test(file) ? rest.lastIndex : from;
}

/** Before comments no deeper than its dash: the library gives those to a last key that has no value. */
function endOfEntry(file: string, start: number, margin: number, end: number): number {
  for (let to = end; ;) {
    const from = file.lastIndexOf('\n', to - 2) + 1;
    const line = file.slice(from, to).trim();
    if (from <= start || (line !== '' && !line.startsWith('#'))) return end;
    const indent = file.slice(from, to).search(/\S/);
    if (indent > margin) return end;
    to = from;
    if (line !== '') end = from;
  }
}

/** An entry without its dash, as far left as it can stand. */
function dedented(entry: string, indent: number): string {
  const [first = '', ...rest] = entry.replaceAll('\r\n', '\n').trimEnd().split('\n');
  const head = first.slice(1);
  const filled = head.trim() !== '';
  const margin = filled ? indent + 1 + (head.length - head.trimStart().length) : leastIndent(rest);
  const lines = rest.map((line) => (line.slice(0, margin).trim() === '' ? line.slice(margin) : line));
  return `${[...(filled ? [head.trimStart()] : []), ...lines].join('\n')}\n`;
}

function leastIndent(lines: readonly string[]): number {
  const filled = lines.filter((line) => line.trim() !== '');
  return Math.min(...filled.map((line) => line.length - line.trimStart().length), 80);
}

function splice(file: string, cuts: readonly Cut[], at: number, policy: string | undefined): string {
  const old = cuts[at];
  const some = old ?? cuts[0];
  const margin = some === undefined ? '' : (/^ */.exec(file.slice(some.start))?.[0] ?? '');
  const eol = file.includes('\r\n') ? '\r\n' : '\n';
  const lines = policy?.trimEnd().split(/\r?\n/) ?? [];
  const entry = lines
    .map((line, i) => (line === '' ? '' : `${margin}${i === 0 ? '- ' : '  '}${line}`) + eol)
    .join('');
  if (old !== undefined) return file.slice(0, old.start) + entry + file.slice(old.end);
  if (policy === undefined) return file;
  const ended = file === '' || file.endsWith('\n') ? file : file + eol;
  // A blank line between policies where whoever wrote the file likes them.
  const gap = ended !== '' && (cuts.length === 0 || /\n\s*\n/.test(ended)) ? eol : '';
  return ended + gap + entry;
}

/** Through the library's tree: for lists in brackets, and where another entry uses an anchor of this one. */
function rewrite(document: Document.Parsed, at: number, policy: string | undefined, data: unknown): string {
  const list = listOf(document);
  if (list === undefined)
    return policy === undefined ? document.toString(LINE_WIDTH) : stringify([data], LINE_WIDTH);
  const old = at < 0 ? undefined : (list.items[at] as Node);
  if (old !== undefined) {
    const anchors = new Set<string>();
    visit(old, {
      Node: (_key, { anchor }: { anchor?: string }) => void (anchor !== undefined && anchors.add(anchor)),
    });
    // Whoever borrowed from it keeps what it said.
    visit(document, {
      Alias: (_key, alias) =>
        anchors.has(alias.source) ? (document.createNode(alias.toJS(document, TO_JS)) as Node) : undefined,
    });
  }
  if (policy === undefined) list.items.splice(at, 1);
  else {
    const node = document.createNode(data);
    list.items.splice(at < 0 ? list.items.length : at, at < 0 ? 0 : 1, node as never);
  }
  return document.toString(LINE_WIDTH);
}

function idOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'id')) return undefined;
  const { id } = data as { id: unknown };
  return typeof id === 'string' && id !== '' ? id : undefined;
}
