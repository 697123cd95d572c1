import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLexicon } from '../../../models/synapse/corpus/lexicon.ts';
import { makeCard } from '../../../models/synapse/eval/card.ts';
import { heldOutCases } from '../../../models/synapse/eval/cases.ts';
import {
  agreement,
  chosen,
  sameTokens,
  textsChosen,
  vocabularyOf,
} from '../../../models/synapse/eval/check.ts';
import { loadTokens } from '../../../models/synapse/eval/load.ts';
import { sampleTexts } from '../../../models/synapse/train/prepare.ts';
import { Encoder } from '../../../models/synapse/tokenizer/vocabulary.ts';
import { ggufToOnnx } from '../../../quantize/index.ts';
import { embeddedSynapse } from '../../../runtime/modelhost/synapse/card.ts';
import { writeRandomSynapse } from '../../support/synapse.ts';

let root: string;
let file: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-synapse-'));
  mkdirSync(join(root, 'models/synapse'), { recursive: true });
  file = await writeRandomSynapse(
    join(root, 'models/synapse'),
    {},
    {
      type: 'F16',
      texts: [...sampleTexts(readLexicon(), 60)],
    },
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('llama.cpp and ONNX Runtime choose alike, and tokens are cut as the trainer cuts them', async () => {
  const folder = join(root, 'onnx');
  await ggufToOnnx(file, folder, { precision: 'fp32' });
  const cases = heldOutCases(readLexicon(), 3);
  const encoder = new Encoder(vocabularyOf(file));
  const texts = [' turn on the kitchen light', " it's 21.5 °C!", ' naïve <e3> 照明', ' '];
  const model = await loadTokens(file, (tokens) => {
    expect(sameTokens(texts, tokens.vocabulary, encoder)).toMatchObject({ agreed: 1, decisions: 4 });
    return tokens;
  });
  const answers = await chosen(model, cases);
  await model.dispose();
  expect(answers.length).toBeGreaterThan(8);
  const others = await textsChosen(folder, cases);
  expect(agreement('onnx', answers, others).agreed).toBeGreaterThan(0.9);
  expect(agreement('shifted', answers, others.slice(1)).agreed).toBeLessThan(1);
});

it('the card says what the model was measured with', async () => {
  const lines: string[] = [];
  const card = await makeCard({
    file,
    perTask: 2,
    only: new Set(['requests', 'rules']),
    say: (line) => lines.push(line),
  });
  expect(card.threshold).toBeGreaterThanOrEqual(0.5);
  expect(card.sha256).toBe(embeddedSynapse(root)!.card.sha256);
  expect(Object.keys(card.accuracies ?? {})).toEqual(['requests', 'rules']);
  expect(lines).toHaveLength(3);
});
