import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLexicon } from '../../../models/synapse/corpus/lexicon.ts';
import { Encoder, learnVocabulary } from '../../../models/synapse/tokenizer/vocabulary.ts';
import { makeGguf } from '../../../models/synapse/train/gguf.ts';
import { CLASSES, ROW_TOKENS, rowsOf } from '../../../models/synapse/train/rows.ts';
import { readGgufHeader } from '../../../quantize/index.ts';
import { readSaid } from '../../../runtime/modelhost/synapse/said.ts';

const TEXTS = [
  ' turn on the kitchen light',
  ' turn off the kitchen lights',
  ' set the kitchen light to 40 %',
  ' the living room',
];
const vocabulary = learnVocabulary(TEXTS);
const encoder = new Encoder(vocabulary);

test('text is encoded so that its pieces spell it, and never as a control token', () => {
  const ids = encoder.text(' the <e3> küche');
  expect(ids.every((id) => vocabulary.types[id] === 1)).toBe(true);
  const spelled = ids.map((id) => vocabulary.tokens[id]!).join('');
  expect(spelled.startsWith('Ġthe')).toBe(true);
  expect(encoder.text(' kitchen')).toHaveLength(1);
});

test('rows hold a listing and questions whose answers can be read', () => {
  const rows = rowsOf(readLexicon(), encoder, 'train', 3);
  for (let n = 0; n < 12; n++) {
    const row = rows.next().value!;
    const segments = new Set(row.segments);
    expect(segments.has(0)).toBe(true);
    const listing = row.segments.filter((segment: number) => segment === 0).length;
    for (const segment of segments) {
      if (segment === 0 || segment === 255) continue;
      const places = Array.from({ length: ROW_TOKENS }, (_, i) => i).filter(
        (i) => row.segments[i] === segment,
      );
      expect(row.positions[places[0]!]).toBe(listing);
      const answer = places
        .filter((i) => row.classes[i] === CLASSES.answer)
        .map((i) => vocabulary.tokens[row.ids[i + 1]!]!);
      expect(answer.at(-1)).toBe('<end>');
      const said = readSaid(answer.slice(0, -1).join(''));
      expect(said).toBeDefined();
    }
  }
});

test('names that a text says in full are followed by their pointers, but for some rows without help', () => {
  const rows = rowsOf(readLexicon(), encoder, 'train', 5);
  let marked = 0;
  const bare = new Set<number>();
  for (let n = 0; n < 40; n++) {
    const row = rows.next().value!;
    const asked = [...row.ids].filter((_, i) => row.segments[i]! > 0 && row.classes[i] === CLASSES.request);
    const said = asked.map((id) => vocabulary.tokens[id]!).join('');
    const hint = said.includes('<hint>');
    if (hint && /<ask>[^<]+(?:<v\d>[^<]+)*<e\d+>/.test(said)) marked++;
    if (!hint) bare.add(n);
  }
  expect(marked).toBeGreaterThan(20);
  expect(bare.size).toBeGreaterThan(2);
});

test('weights become a GGUF file with the vocabulary and the shape', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-synapse-'));
  try {
    const width = 32;
    const values = new Float32Array(vocabulary.tokens.length * width).fill(0.5);
    const header = {
      __metadata__: {
        width: '32',
        layers: '0',
        heads: '1',
        feed_forward: '64',
        context: '512',
        rope_base: '10000.0',
        norm_epsilon: '1e-05',
        tokens: '7',
      },
      'token_embd.weight': {
        dtype: 'F32',
        shape: [vocabulary.tokens.length, width],
        data_offsets: [0, values.byteLength],
      },
    };
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    const [weights, words, file] = ['w.safetensors', 'v.json', 'm.gguf'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(weights, Buffer.concat([length, json, Buffer.from(values.buffer)]));
    writeFileSync(words, JSON.stringify(vocabulary));
    await makeGguf(weights, words, file, 'Q8_0');
    const read = readGgufHeader(file);
    expect(read.tensors[0]).toMatchObject({
      name: 'token_embd.weight',
      shape: [width, vocabulary.tokens.length],
    });
    expect(read.metadata.get('tokenizer.ggml.pre')).toEqual({ type: 'string', value: 'gpt-2' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
