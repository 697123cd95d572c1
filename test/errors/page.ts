import { CATALOGUE } from '../../runtime/errors.ts';

interface AnySpec {
  readonly blame: string;
  readonly text: (fields: never) => string;
  readonly remedy: string;
}

const MENDED_BY: Readonly<Record<string, string>> = {
  bug: 'us: please report it',
  caller: 'whoever called or configured it',
  environment: 'the machine around it',
  data: 'whoever sent the data',
};

/** docs/errors.md as the catalogue says it should be. */
export function errorsPage(catalogue: Readonly<Record<string, AnySpec>> = CATALOGUE): string {
  const entries = Object.entries(catalogue).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.map(([code, { blame, text, remedy }]) => {
    const sentence = template(text)
      .split('\n')
      .map((line) => `> ${line}`)
      .join('\n');
    return `## ${code}\n\n${sentence}\n\nMended by ${MENDED_BY[blame] ?? blame}. ${remedy}\n`;
  });
  return [
    '# Errors',
    '',
    'Every error that Ganglion reports on purpose has a stable code, a sentence, somebody who can mend it and a remedy.',
    'Handle errors by their code; sentences may change. Words in ‹angle quotes› stand for what is named at the time.',
    '',
    'This page is generated from runtime/errors.ts: `npm run docs:errors` writes it and a test keeps the two in step.',
    '',
    ...parts,
  ].join('\n');
}

/** The sentence with each field shown by its name. */
function template(text: (fields: never) => string): string {
  const fields = new Proxy(
    {},
    { get: (_, name) => (typeof name === 'string' ? placeholder(name) : undefined) },
  );
  // A sentence that is nothing but its field comes back as the placeholder itself.
  const sentence: unknown = text(fields as never);
  return String(sentence);
}

/**
 * Stands for a field of any type: as a string or number it is `‹name›`, as a list it has one such member, and members
 * and methods of it (`toFixed()`, `join()`, `.length`) are again such a value.
 */
function placeholder(name: string): unknown {
  const shown = `‹${name}›`;
  const list = [shown];
  return new Proxy(() => shown, {
    get(_, key): unknown {
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'valueOf') return () => shown;
      if (key === Symbol.iterator) return () => list[Symbol.iterator]();
      if (key === 'length') return 1;
      if (key === '0') return shown;
      if (typeof key === 'symbol') return undefined;
      const method: unknown = Reflect.get(list, key);
      if (typeof method === 'function') return (method as (...a: unknown[]) => unknown).bind(list);
      return placeholder(name);
    },
    apply: () => shown,
  });
}
