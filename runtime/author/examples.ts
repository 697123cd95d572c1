import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { AuthoringExample } from '../../policies/index.ts';

/** So many are kept; the file holds up to twice as many lines before it is written anew. */
const KEPT = 500;

const line = z.object({
  at: z.number(),
  sentence: z.string().max(2000),
  verdict: z.enum(['proposed', 'accepted', 'edited', 'rejected']),
  draft: z.string(),
  key: z.string(),
  policies: z.array(z.object({ id: z.string(), text: z.string() })),
  edited: z.string().optional(),
  standing: z.string().optional(),
});

/** What became of drafts: one JSON object a line in the data folder, the latest 500. A line that cannot be read is passed over. */
export class ExampleStore {
  readonly #file: string | undefined;
  #examples: AuthoringExample[] | undefined;
  #lines = 0;

  /** @param file undefined: kept in memory alone */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  all(): readonly AuthoringExample[] {
    this.#examples ??= this.#read();
    return this.#examples;
  }

  /** The latest example of a draft. */
  find(draft: string): AuthoringExample | undefined {
    return this.all().findLast((one) => one.draft === draft);
  }

  /** Never throws for a disk that cannot be written: what is learned then lasts until the process ends. */
  add(example: AuthoringExample): void {
    const all = [...this.all(), example].slice(-KEPT);
    this.#examples = all;
    if (this.#file === undefined) return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      if (++this.#lines > 2 * KEPT) this.#rewrite(this.#file, all);
      else appendFileSync(this.#file, `${JSON.stringify(example)}\n`);
    } catch {
      // It is remembered in memory.
    }
  }

  #rewrite(file: string, all: readonly AuthoringExample[]): void {
    writeFileSync(`${file}.new`, all.map((one) => `${JSON.stringify(one)}\n`).join(''));
    renameSync(`${file}.new`, file);
    this.#lines = all.length;
  }

  #read(): AuthoringExample[] {
    let text = '';
    try {
      if (this.#file !== undefined) text = readFileSync(this.#file, 'utf8');
    } catch {
      return [];
    }
    const lines = text.split('\n').filter((one) => one !== '');
    this.#lines = lines.length;
    return lines.slice(-KEPT).flatMap((one): AuthoringExample[] => {
      try {
        const { edited, standing, ...rest } = line.parse(JSON.parse(one));
        const known = standing === undefined ? rest : { ...rest, standing };
        return [edited === undefined ? known : { ...known, edited }];
      } catch {
        return [];
      }
    });
  }
}
