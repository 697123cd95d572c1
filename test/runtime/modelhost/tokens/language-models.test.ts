import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoadedModel, ModelSpec } from '../../../../runtime/contract/engine.ts';
import { Lanes } from '../../../../runtime/modelhost/lanes.ts';
import { PrefixCache } from '../../../../runtime/modelhost/prefix/cache.ts';
import { LanguageModels } from '../../../../runtime/modelhost/tokens/language-models.ts';
import type { TokenModel } from '../../../../runtime/modelhost/tokens/token-model.ts';
import { FileSession } from '../prefix/file-session.ts';
import { ByteVocabulary } from './byte-vocabulary.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ganglion-models-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function tokenModel(file: string): { readonly model: TokenModel; readonly session: FileSession } {
  const session = new FileSession();
  const model: TokenModel = {
    info: { engine: 'test', file, name: 'test', sizeBytes: 1, memoryBytes: 1, details: {} },
    vocabulary: new ByteVocabulary({ ends: ['<|end|>'], controls: ['<|end|>'] }),
    contextTokens: 1024,
    batchTokens: 64,
    stateKey: 'test',
    session: () => session,
    dispose: async () => {},
  };
  return { model, session };
}

it('keeps no prompts of a model it cannot tell from others', async () => {
  const prefixes = new PrefixCache({ folder: join(home, 'kept'), freeBytes: async () => 2 ** 40 });
  const models = new LanguageModels({ mono: () => 0, random: () => 0, prefixes });
  const lanes = new Lanes(() => 0);
  const { signal } = new AbortController();
  const ask = async (file: string): Promise<FileSession> => {
    const { model, session } = tokenModel(file);
    const spec: ModelSpec = { file, contextTokens: 1024, threads: 1 };
    const loaded: LoadedModel = await models.make(spec, async () => model);
    await lanes.run({ lane: 'event', signal, file }, async (turn) =>
      loaded.decide!(
        {
          prompt: { system: ['x'.repeat(100)], user: ['dark'] },
          language: { key: 'one', root: { any: [{ text: 'on' }, { text: 'off' }] } },
        },
        turn,
      ),
    );
    await models.settled();
    await loaded.dispose();
    return session;
  };
  const gone = join(home, 'gone.gguf');
  for (let time = 0; time < 2; time++) {
    const { saved, loaded } = await ask(gone);
    expect([saved, loaded]).toEqual([[], []]);
  }
  expect(prefixes.counters).toMatchObject({ hits: 0, misses: 0, saves: 0 });
  const there = join(home, 'there.gguf');
  writeFileSync(there, 'weights');
  expect((await ask(there)).saved).toHaveLength(1);
  expect((await ask(there)).loaded).toHaveLength(1);
});
