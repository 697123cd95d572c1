import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeExample, TASK_WEIGHTS } from '../corpus/examples.ts';
import type { Task } from '../corpus/example.ts';
import { makeHome } from '../corpus/homes.ts';
import { readLexicon, type Lexicon, type Part } from '../corpus/lexicon.ts';
import { Random } from '../corpus/random.ts';
import { sceneOf, someOf } from '../corpus/scene.ts';
import { listingOf, listingParts } from '../../../runtime/modelhost/synapse/listing.ts';
import { plainText } from '../../../runtime/modelhost/synapse/values.ts';
import { Encoder, learnVocabulary, type SynapseVocabulary } from '../tokenizer/vocabulary.ts';
import { ROW_BYTES, ROW_TOKENS, rowsOf, writeRow } from './rows.ts';

/**
 * Writes what training needs: `vocabulary.json`, and rows of tokens.
 *
 *     node dist/models/synapse/train/prepare.js FOLDER FIRST LAST [train|test] [ROWS_PER_SHARD]
 *
 * Shards FIRST to LAST are made, each from its own seed, so that several processes can share the work. The vocabulary is
 * learned when it is not there yet.
 */
export function prepare(
  folder: string,
  first: number,
  last: number,
  part: Part,
  rows: number,
  log: (line: string) => void,
): void {
  mkdirSync(folder, { recursive: true });
  const lexicon = readLexicon();
  const file = join(folder, 'vocabulary.json');
  if (!existsSync(file)) {
    const vocabulary = learnVocabulary(sampleTexts(lexicon, 6000));
    writeFileSync(file, JSON.stringify(vocabulary));
    log(`vocabulary of ${vocabulary.tokens.length}`);
  }
  const encoder = new Encoder(JSON.parse(readFileSync(file, 'utf8')) as SynapseVocabulary);
  for (let shard = first; shard <= last; shard++)
    writeShard(join(folder, `${part}-${String(shard).padStart(4, '0')}.rows`), shard);

  function writeShard(path: string, shard: number): void {
    if (existsSync(path)) return;
    const seed = (part === 'train' ? 1 : 0x4000_0000) + shard * 1_000_003;
    const bytes = Buffer.alloc(rows * ROW_BYTES);
    let at = 0;
    let used = 0;
    for (const row of rowsOf(lexicon, encoder, part, seed)) {
      writeRow(row, bytes, at * ROW_BYTES);
      used += row.segments.filter((segment) => segment !== 255).length;
      if (++at === rows) break;
    }
    // Whole or not at all: a shard that is there is never made again.
    writeFileSync(`${path}.part`, bytes);
    renameSync(`${path}.part`, path);
    log(`${path}: ${rows} rows, ${((100 * used) / (rows * ROW_TOKENS)).toFixed(0)} % of their places used`);
  }
}

/** Texts of listings and of all tasks, as the model reads them. Only of the side that is trained on. */
export function* sampleTexts(lexicon: Lexicon, count: number): Generator<string> {
  const tasks = Object.keys(TASK_WEIGHTS) as Task[];
  for (let i = 0; i < count; i++) {
    const random = new Random(0x7000_0000 + i);
    const home = makeHome(random, lexicon, 'train', 24);
    const wanted = someOf(home, random, 10);
    for (const piece of listingParts(listingOf(home.house, wanted)))
      if (typeof piece === 'string') yield piece;
    const scene = sceneOf({ random, lexicon, part: 'train', home }, wanted, false);
    for (const task of tasks) {
      const example = makeExample(scene, task);
      if (example !== undefined) yield ` ${plainText(example.text)}`;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = 'models/synapse/train/work', first = '0', last = first, part = 'train', rows = '4096'] =
    process.argv.slice(2);
  const side = part === 'test' ? 'test' : 'train';
  prepare(
    folder,
    Number(first),
    Number(last),
    side,
    Number(rows),
    (line) => void process.stdout.write(`${line}\n`),
  );
}
