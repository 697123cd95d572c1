import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkModel } from '../../../../runtime/cli/doctor/model.ts';
import type { Config } from '../../../../runtime/config/load.ts';
import { writeTinyImageClassifier } from '../../../support/onnx.ts';
import { tinyLayers, writeTfModel } from '../../../support/tfjs.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-doctor-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const check = (file: string) => checkModel({ model: { file } } as Config);

describe('doctor: the configured model', () => {
  it('knows models that are folders', async () => {
    const tf = writeTfModel(join(root, 'dense'), tinyLayers({ weights: [1, 0, 0, 1], bias: [0, 0] }));
    expect(await check(tf)).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^dense: TensorFlow\.js layers/),
    });
    expect(await check(join(tf, 'model.json'))).toMatchObject({ status: 'ok' });
    const vision = join(root, 'vision');
    mkdirSync(vision);
    writeFileSync(join(vision, 'preprocessor_config.json'), '{}');
    writeTinyImageClassifier(join(vision, 'model.onnx'), { layout: 'nchw', shape: [1, 3, 4, 4] });
    expect(await check(vision)).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^vision: ONNX/),
    });
  });

  it('says what is wrong with others', async () => {
    const folder = join(root, 'empty');
    mkdirSync(folder);
    expect(await check(folder)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('directory'),
    });
    writeFileSync(join(folder, 'model.json'), '{"a":1}');
    expect(await check(folder)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('modelTopology'),
    });
    expect(await check(join(root, 'nowhere.gguf'))).toMatchObject({ status: 'fail' });
    expect(await checkModel({})).toMatchObject({ status: 'ok' });
  });
});
