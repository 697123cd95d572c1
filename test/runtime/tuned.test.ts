import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { boardKey, identityOf, probeHost, writeTuning, type TuneSpec } from '../../devices/index.ts';
import { checkConfig } from '../../runtime/config/load.ts';
import { canonical } from '../../runtime/modelhost/options.ts';
import { settingsOf } from '../../runtime/model-settings.ts';
import { loadSpec } from '../../runtime/tuned.ts';

const BEST: TuneSpec = {
  threads: 1,
  batchTokens: 32,
  contextTokens: 8192,
  kvType: 'q8_0',
  gpuLayers: 7,
  device: 'auto',
};

function tuned(board = boardKey(probeHost())): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-tuned-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'm.gguf');
  writeFileSync(file, 'GGUF');
  const measurement = { promptTokensPerS: 1, decisionMs: 1, tokenMs: 1, memoryBytes: 1, loadMs: 1 };
  writeTuning(join(folder, 'data'), file, {
    version: 1,
    model: { ...identityOf(file), parameters: 1 },
    board,
    boardName: 'this one',
    versions: {},
    measuredAt: '2026-01-01T00:00:00Z',
    quick: true,
    budgetBytes: 1,
    best: BEST,
    measurement,
    trials: [],
  });
  return folder;
}

function spec(folder: string, model: object) {
  const config = checkConfig({ data: 'data', model: { file: 'm.gguf', ...model } }, { baseDir: folder });
  return loadSpec(config.data, config.model!.file, settingsOf(config.model!));
}

test('a model is loaded as it was tuned here', () => {
  const folder = tuned();
  expect(spec(folder, {})).toEqual({ ...BEST, lora: [], file: canonical(join(folder, 'm.gguf')) });
});

test('what the configuration says goes over it', () => {
  expect(
    spec(tuned(), { threads: 3, context: 512, kv: 'f16', batch: 64, gpu_layers: 0, device: 'cpu' }),
  ).toMatchObject({
    threads: 3,
    contextTokens: 512,
    kvType: 'f16',
    batchTokens: 64,
    gpuLayers: 0,
    device: 'cpu',
  });
  expect(spec(tuned(), { context: 512 })).toMatchObject({ contextTokens: 512, kvType: 'q8_0', threads: 1 });
});

test('what was measured on another board does not count: the defaults hold', () => {
  const plain = spec(tuned('another board'), {});
  expect(plain).toMatchObject({ contextTokens: 2048, kvType: 'f16', device: 'auto' });
  expect(plain.gpuLayers).toBeUndefined();
});
