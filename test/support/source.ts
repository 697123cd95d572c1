import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One TypeScript file of the project, taken apart far enough to hold the layout to its rules. */
export interface SourceFile {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  /** The code with comments removed and every string, template and regular expression emptied. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** Relative imports as a path from the root; packages and `node:` modules as they are written. */
  readonly target: string;
  readonly local: boolean;
  /** Erased by the compiler: cannot make a cycle at run time. */
  readonly typeOnly: boolean;
}

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

const SKIPPED = new Set(['node_modules', 'dist', 'baselines']);

/** Every `.ts` file under the given folders of the repository; folders that do not exist yet count as empty. */
export function readSources(folders: readonly string[], root = REPOSITORY): SourceFile[] {
  return folders.flatMap((folder) => [...walk(join(root, folder))].map((file) => readSource(root, file)));
}

function* walk(folder: string): Generator<string> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')) yield path;
  }
}

function readSource(root: string, file: string): SourceFile {
  return parseSource(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8'));
}

export function parseSource(path: string, text: string): SourceFile {
  const { code, strings } = strip(text);
  return { path, lines: text.split('\n').length - 1, code, imports: findImports(path, code, strings) };
}

const FROM = /\b(?:import|export)\s+(type\s+)?([\w\s{},*$]*?)\s*from\s*'(\d+)'/g;
const BARE = /\bimport\s*\(?\s*'(\d+)'/g;

function findImports(path: string, code: string, strings: readonly string[]): Import[] {
  const found: Import[] = [];
  const add = (index: string | undefined, typeOnly: boolean): void => {
    const specifier = strings[Number(index)] ?? '';
    const local = specifier.startsWith('.');
    const target = local ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier;
    found.push({ specifier, target, local, typeOnly });
  };
  for (const match of code.matchAll(FROM)) add(match[3], match[1] !== undefined || allTypes(match[2] ?? ''));
  for (const match of code.matchAll(BARE)) add(match[1], false);
  return found;
}

/** `{ type A, type B }` */
function allTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}$/.exec(clause.trim())?.[1];
  if (names === undefined) return false;
  const list = names.split(',').map((name) => name.trim());
  return list.every((name) => name === '' || name.startsWith('type '));
}

/** Where a slash starts a regular expression: after these, or after a keyword that expects an expression. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>])$|\b(?:return|typeof|case|in|of|void|delete|do|else|yield|await)$/;

/**
 * Takes comments out, and strings into a list: `'a'` becomes `'0'`. Not a parser: it knows just enough of the grammar
 * (escapes, nested templates, regular expressions by what stands before them) for code that the formatter has laid out.
 */
function strip(text: string): { code: string; strings: string[] } {
  const strings: string[] = [];
  const open: number[] = []; // brace depth at which each enclosing `${` began
  let code = '';
  let depth = 0;
  let i = 0;
  const template = (): void => {
    // Called behind the backtick or behind the brace that ends a substitution.
    for (; i < text.length; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === '`') break;
      else if (text[i] === '$' && text[i + 1] === '{') {
        open.push(depth++);
        i++;
        code += '(';
        break;
      }
    }
    i++;
  };
  while (i < text.length) {
    const char = text[i]!;
    const next = text[i + 1];
    if (char === '/' && next === '/') {
      while (i < text.length && text[i] !== '\n') i++;
    } else if (char === '/' && next === '*') {
      const end = text.indexOf('*/', i + 2);
      i = end < 0 ? text.length : end + 2;
      code += ' ';
    } else if (char === '"' || char === "'") {
      const start = ++i;
      while (i < text.length && text[i] !== char) i += text[i] === '\\' ? 2 : 1;
      code += `'${strings.push(text.slice(start, i)) - 1}'`;
      i++;
    } else if (char === '`') {
      i++;
      code += '``';
      template();
    } else if (char === '/' && BEFORE_REGEX.test(code.slice(-20).trimEnd())) {
      let inClass = false;
      for (i++; i < text.length && (inClass || text[i] !== '/'); i++) {
        if (text[i] === '\\') i++;
        else if (text[i] === '[') inClass = true;
        else if (text[i] === ']') inClass = false;
      }
      i++;
      code += '/ /';
    } else {
      if (char === '{') depth++;
      if (char === '}') {
        depth--;
        if (open.at(-1) === depth) {
          open.pop();
          i++;
          code += ')';
          template();
          continue;
        }
      }
      code += char;
      i++;
    }
  }
  return { code, strings };
}
