import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../runtime/lib/package-root.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import { hashOf } from './random.ts';

/** Which side of the split: what is trained on, or what is held out of training for measuring. */
export type Part = 'train' | 'test';

/** The lines of a file's section. Sections of one name are one. */
export type Sections = ReadonlyMap<string, readonly string[]>;

/** All that is specific to a language: files of templates and names. */
export interface Lexicon {
  readonly language: string;
  readonly requests: Sections;
  readonly targets: Sections;
  readonly polite: Sections;
  readonly refusals: Sections;
  readonly questions: Sections;
  readonly conditions: Sections;
  readonly guidance: Sections;
  readonly places: Sections;
  readonly devices: Sections;
  readonly values: Sections;
}

/** Of the lines of a section, one in so many is held out; of names, one in so many. */
const HELD_OUT_LINES = 10;
const HELD_OUT_NAMES = 5;

const FOLDER = 'models/synapse/corpus/data';

/** Reads `data/<language>`. Throws BENCH_SYSTEM where it is not there. */
export function readLexicon(language = 'en', root = packageRoot(import.meta.url)): Lexicon {
  const folder = join(root, FOLDER, language);
  const file = (name: string): Sections => sectionsOf(readText(join(folder, `${name}.txt`)));
  const requests = readText(...readdirNames(join(folder, 'requests')));
  return {
    language,
    requests: sectionsOf(requests),
    targets: file('targets'),
    polite: file('polite'),
    refusals: file('refusals'),
    questions: file('questions'),
    conditions: file('conditions'),
    guidance: file('guidance'),
    places: file('places'),
    devices: file('devices'),
    values: file('values'),
  };
}

function readdirNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .toSorted()
      .map((name) => join(folder, name));
  } catch (cause) {
    throw new GanglionError(
      'BENCH_SYSTEM',
      { system: 'corpus', reason: `${folder} cannot be read` },
      { cause },
    );
  }
}

function readText(...files: readonly string[]): string {
  return files.map((file) => readFileSync(file, 'utf8')).join('\n');
}

/** `== name` begins a section, `#` a comment, anything else is a line of the section. */
function sectionsOf(text: string): Sections {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('# ')) continue;
    if (line.startsWith('== ')) {
      lines = sections.get(line.slice(3)) ?? [];
      sections.set(line.slice(3), lines);
    } else lines.push(line);
  }
  return sections;
}

/** How many template lines a lexicon has, names and noun phrases included or not. */
export function countLines(lexicon: Lexicon): { readonly phrasings: number; readonly names: number } {
  const count = (sections: Sections): number =>
    [...sections.values()].reduce((sum, lines) => sum + lines.length, 0);
  const { requests, targets, polite, refusals, questions, conditions, guidance, values, places, devices } =
    lexicon;
  const phrasings = [requests, targets, polite, refusals, questions, conditions, guidance, values];
  const names = [...devices.values()].flat().flatMap((line) => line.split(/[|,]/)).length + count(places);
  return { phrasings: phrasings.reduce((sum, sections) => sum + count(sections), 0), names };
}

/** The lines of a section on one side of the split. Of at least five lines one is held out; fewer are shared by both sides. */
export function linesOf(sections: Sections, name: string, part: Part): readonly string[] {
  const lines = sections.get(name) ?? [];
  const known = splits.get(lines);
  const split = known ?? splitLines(lines);
  if (known === undefined) splits.set(lines, split);
  return split[part];
}

const splits = new WeakMap<readonly string[], Record<Part, readonly string[]>>();

function splitLines(lines: readonly string[]): Record<Part, readonly string[]> {
  if (lines.length < 5) return { train: lines, test: lines };
  const least = Math.min(...lines.map((line) => hashOf(line)));
  const isHeldOut = (line: string): boolean => hashOf(line) % HELD_OUT_LINES === 0 || hashOf(line) === least;
  const test = lines.filter(isHeldOut);
  return { train: lines.filter((line) => !isHeldOut(line)), test };
}

/** Words of names on one side of the split. */
export function namesOf(words: readonly string[], part: Part): readonly string[] {
  const known = nameSplits.get(words);
  if (known !== undefined) return known[part];
  const isHeldOut = (word: string): boolean => hashOf(`name ${word}`) % HELD_OUT_NAMES === 0;
  const test = words.filter(isHeldOut);
  const train = words.filter((word) => !isHeldOut(word));
  // Of so few words that one side would have none, both have all.
  const split = { train: train.length === 0 ? words : train, test: test.length === 0 ? words : test };
  nameSplits.set(words, split);
  return split[part];
}

const nameSplits = new WeakMap<readonly string[], Record<Part, readonly string[]>>();
