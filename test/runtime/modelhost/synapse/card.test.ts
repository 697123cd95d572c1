import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../../../runtime/lib/package-root.ts';
import { embeddedSynapse, synapseAt, verifySynapse } from '../../../../runtime/modelhost/synapse/card.ts';
import { writeCard } from '../../../support/synapse.ts';

let root: string;
let file: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-card-'));
  mkdirSync(join(root, 'models/synapse'), { recursive: true });
  file = join(root, 'models/synapse/synapse.gguf');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('finds the model of the package with its card, and takes only the bytes that were measured', async () => {
  expect(embeddedSynapse(root)).toBeUndefined();
  writeFileSync(file, 'GGUF and so on');
  expect(() => embeddedSynapse(root)).toThrow(/synapse\.json/);
  writeCard(file, { threshold: 0.8 });
  const found = embeddedSynapse(root)!;
  expect(found).toMatchObject({ file, card: { threshold: 0.8 } });
  await expect(verifySynapse(found)).resolves.toBeUndefined();
  writeFileSync(file, 'GGUF and so oN');
  await expect(verifySynapse(found)).rejects.toMatchObject({
    code: 'MODEL_FILE_INVALID',
    message: expect.stringContaining(file),
  });
  await expect(verifySynapse({ ...found, file: join(root, 'gone') })).rejects.toMatchObject({
    code: 'MODEL_FILE_UNREADABLE',
  });
});

it('takes another model for one of this sort by the card beside it alone', () => {
  const other = join(root, 'other.gguf');
  expect(synapseAt(other)).toBeUndefined();
  writeFileSync(join(root, 'other.json'), '{"name":"something else"}');
  expect(synapseAt(other)).toBeUndefined();
  writeFileSync(join(root, 'other.json'), 'no JSON');
  expect(synapseAt(other)).toBeUndefined();
  writeFileSync(join(root, 'other.json'), '{"synapse":1,"name":""}');
  expect(() => synapseAt(other)).toThrow(/embedded model's card/);
  expect(synapseAt(join(root, 'model.onnx'))).toBeUndefined();
});

it('ships: its files are in the package, as is the folder they are looked for in', () => {
  const own = packageRoot(import.meta.url);
  const { files } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as { files: string[] };
  expect(files).toEqual(
    expect.arrayContaining(['models/synapse/synapse.gguf', 'models/synapse/synapse.json']),
  );
  expect(existsSync(join(own, 'models/synapse/README.md'))).toBe(true);
});
