import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSource, readSources, REPOSITORY } from '../support/source.ts';
import { brokenImports, findCycles, layerOf, PARTS, PRODUCT } from './layers.ts';

const product = readSources([...PRODUCT, 'models']);

describe('dependency direction', () => {
  test('imports point one way and enter each part through its face', () => {
    expect(product.length).toBeGreaterThan(10);
    expect(brokenImports(product)).toEqual([]);
  });

  test('no imports form a cycle', () => {
    expect(findCycles(product)).toEqual([]);
  });

  test('every relative import names a file that exists', () => {
    const paths = new Set(product.map((file) => file.path));
    const missing = product.flatMap((file) =>
      file.imports
        .filter((entry) => entry.local && entry.target.endsWith('.ts') && !paths.has(entry.target))
        .map((entry) => `${file.path} imports ${entry.specifier}, which does not exist.`),
    );
    expect(missing).toEqual([]);
  });

  test('faces and all other files name what they export', () => {
    const stars = product
      .filter((file) => /\bexport\s*\*/.test(file.code))
      .map((file) => `${file.path} exports *: name each export.`);
    expect(stars).toEqual([]);
  });

  test('packages that the product imports are its dependencies', () => {
    const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      optionalDependencies?: Record<string, string>;
    };
    const known = new Set([
      ...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
      'ganglion',
    ]);
    const builtin = new Set(builtinModules.map((name) => `node:${name}`));
    const unknown = product.flatMap((file) =>
      file.imports
        .filter(
          ({ local, specifier }) => !local && !builtin.has(specifier) && !known.has(packageOf(specifier)),
        )
        .map(({ specifier }) => `${file.path} imports ${specifier}, which package.json does not name.`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the pure parts of policies', () => {
  const IMPURE = [
    // A date made from a given time is arithmetic; only the present time is a clock.
    String.raw`Date\.now`,
    String.raw`new Date\(\s*\)`,
    String.raw`performance`,
    'Promise',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'async',
    'await',
    String.raw`Math\.random`,
  ];
  const pure = product.filter((file) => /^policies\/(?:rules|tree|cache)\//.test(file.path));

  test('import nothing of Node', () => {
    const imports = pure.flatMap((file) =>
      file.imports
        .filter((entry) => entry.specifier.startsWith('node:'))
        .map((entry) => `${file.path} imports ${entry.specifier}: rules, tree and cache do no I/O.`),
    );
    expect(imports).toEqual([]);
  });

  test('use no clock, timer, promise or randomness of their own', () => {
    const word = new RegExp(String.raw`(?<![.\w$])(?:${IMPURE.join('|')})(?![\w$]|\s*:)`, 'g');
    const uses = pure.flatMap((file) =>
      [...file.code.matchAll(word)].map(
        (match) => `${file.path} uses ${match[0]}: have it handed in from outside.`,
      ),
    );
    expect(uses).toEqual([]);
  });
});

describe('the checks themselves', () => {
  test('see imports of every form and none in comments or strings', () => {
    const file = parseSource(
      'sensors/a/b.ts',
      [
        "import type { A } from '../../policies/x.ts';",
        "import { type B, type C } from './types.ts';",
        'import {',
        '  d,',
        "} from 'mqtt';",
        "export { e } from '../c.ts';",
        "import './side.ts';",
        "const late = await import('./late.ts');",
        "// import f from './comment.ts'",
        `const text = "import g from './string.ts'";`,
        'const pattern = /[\'"`/]/.test(`a ${late(`b ${1} from "x"`)} c`);',
        "export { h } from './h.ts';",
      ].join('\n'),
    );
    expect(file.imports.map((entry) => entry.target)).toEqual([
      'policies/x.ts',
      'sensors/a/types.ts',
      'mqtt',
      'sensors/c.ts',
      'sensors/a/h.ts',
      'sensors/a/side.ts',
      'sensors/a/late.ts',
    ]);
    expect(file.imports.map((entry) => entry.typeOnly)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test('name what is wrong', () => {
    const files = [
      parseSource('sensors/a.ts', "import { x } from '../policies/index.ts';"),
      parseSource('runtime/daemon.ts', "import { x } from '../sensors/decode/json.ts';"),
      parseSource('runtime/contract/x.ts', "import { x } from '../lib/id.ts';"),
      parseSource('runtime/pipeline.ts', "import { x } from './cli/main.ts';"),
      parseSource('runtime/cli/ok.ts', "import { x } from '../../sensors/index.ts';"),
    ];
    expect(brokenImports(files).map((problem) => problem.split(':')[0])).toEqual([
      'sensors/a.ts imports ../policies/index.ts',
      'runtime/daemon.ts imports ../sensors/decode/json.ts',
      'runtime/contract/x.ts imports ../lib/id.ts',
      'runtime/pipeline.ts imports ./cli/main.ts',
    ]);
    expect(PARTS.map((part) => layerOf(`${part}/index.ts`))).toEqual([...PARTS]);
  });

  test('find a cycle, and let types refer back', () => {
    const a = "import { b } from './b.ts';";
    const cyclic = [parseSource('x/a.ts', a), parseSource('x/b.ts', "export { c } from './a.ts';")];
    const typed = [parseSource('x/a.ts', a), parseSource('x/b.ts', "import type { c } from './a.ts';")];
    expect(findCycles(cyclic)).toEqual(['x/a.ts → x/b.ts → x/a.ts']);
    expect(findCycles(typed)).toEqual([]);
  });
});

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
