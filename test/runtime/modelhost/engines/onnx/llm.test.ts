import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ggufToOnnx, writeOnnx } from '../../../../../quantize/index.ts';
import type { DecideRequest, ModelSpec } from '../../../../../runtime/contract/engine.ts';
import { bundledEngines } from '../../../../../runtime/modelhost/engines/bundled.ts';
import {
  isLlmFolder,
  llmFile,
  llmFolderOf,
} from '../../../../../runtime/modelhost/engines/onnx/llm-folder.ts';
import { loadOnnxLlm } from '../../../../../runtime/modelhost/engines/onnx/llm.ts';
import { loadWith } from '../../../../../runtime/modelhost/engines/registry.ts';
import { Lanes } from '../../../../../runtime/modelhost/lanes.ts';
import { modelBytes } from '../../../../../runtime/modelhost/memory.ts';
import { canonical } from '../../../../../runtime/modelhost/options.ts';
import { LanguageModels } from '../../../../../runtime/modelhost/tokens/language-models.ts';
import { CHATML, writeTinyLlama } from '../../../../support/gguf.ts';
import { runningMeanDecoder } from '../../../../support/onnx-decoder.ts';
import { writeTinyQwen } from '../../../../support/qwen.ts';
import { bpeTable } from '../../../../support/vocabulary.ts';

const signal = new AbortController().signal;
let home: string;
let gguf: string;
let folder: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ganglion-llm-'));
  gguf = join(home, 'model.gguf');
  folder = join(home, 'model');
  await writeTinyLlama(gguf, { chatTemplate: CHATML });
  await ggufToOnnx(gguf, folder, { precision: 'fp32' });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const specOf = (file: string): ModelSpec => ({ file, contextTokens: 1024, threads: 1, device: 'cpu' });

/** A copy of the folder to spoil. */
function copy(name: string): string {
  const target = join(home, name);
  cpSync(folder, target, { recursive: true });
  return target;
}

function change(file: string, with_: (json: Record<string, unknown>) => object): void {
  const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify(with_(json)));
}

function kvShape(at: string): { layers: number; heads: number; size: number } {
  const config = JSON.parse(readFileSync(join(at, 'config.json'), 'utf8')) as Record<string, number>;
  const { num_hidden_layers: layers = 0, num_key_value_heads: heads = 0, head_dim: size = 0 } = config;
  return { layers, heads, size };
}

describe('a folder in the layout of transformers', () => {
  it('is told from others without being opened', () => {
    expect(isLlmFolder(folder)).toBe(true);
    expect(isLlmFolder(join(folder, 'onnx', 'model.onnx'))).toBe(true);
    expect(isLlmFolder(join(folder, 'config.json'))).toBe(false);
    expect(llmFolderOf(folder)).toBe(folder);
    expect(llmFolderOf(join(folder, 'onnx', 'model.onnx'))).toBe(folder);
    expect(isLlmFolder(home)).toBe(false);
    expect(isLlmFolder(join(home, 'missing'))).toBe(false);
    expect(isLlmFolder(gguf)).toBe(false);
  });

  it('gives the same tokens as transformers does', async () => {
    const model = await loadOnnxLlm(specOf(folder), signal);
    const prompt = model.vocabulary.tokenize('turn on the kitchen light');
    const session = model.session('event');
    const written: number[] = [];
    for (let next = prompt; written.length < 12; next = written.slice(-1)) {
      written.push(await session.sample(next, { temperature: 0, topP: 1, seed: 0 }));
    }
    await model.dispose();

    const options = { local_files_only: true, device: 'cpu', dtype: 'fp32' } as const;
    const tokenizer = await AutoTokenizer.from_pretrained(folder, options);
    const theirs = await AutoModelForCausalLM.from_pretrained(folder, options);
    const inputs = tokenizer('turn on the kitchen light') as Record<string, unknown>;
    const output = (await theirs.generate({
      ...inputs,
      do_sample: false,
      min_new_tokens: 12,
      max_new_tokens: 12,
    })) as { tolist(): bigint[][] };
    const found = output.tolist()[0]!.map(Number);
    await theirs.dispose();
    const ends = model.vocabulary.ends;
    const upTo = written.findIndex((token) => ends.includes(token));
    expect(found.slice(0, prompt.length)).toEqual(prompt);
    // transformers may not end where it is told to write on; up to there both are the same.
    const compared = upTo === -1 ? written.length : upTo;
    expect(compared).toBeGreaterThan(2);
    expect(found.slice(prompt.length, prompt.length + compared)).toEqual(written.slice(0, compared));
  });

  it('remembers across the growth of its buffers', async () => {
    const model = await loadOnnxLlm({ ...specOf(folder), batchTokens: 700 }, signal);
    expect(model.info.details['keyValues']).toBe('in place');
    const tokens = Array.from({ length: 700 }, (_, i) => (i * 7) % 250);
    const all = Array.from({ length: model.vocabulary.size }, (_, token) => token);
    const whole = await model.session('event').branch(tokens, all);
    const other = model.session('background');
    for (let from = 0; from < 690; from += 69) await other.append(tokens.slice(from, from + 69));
    const parts = await other.branch(tokens.slice(690), all);
    parts.forEach((p, i) => expect(p).toBeCloseTo(whole[i]!, 4));
    expect(await other.rewind(300)).toBe(300);
    (await other.branch(tokens.slice(300), all)).forEach((p, i) => expect(p).toBeCloseTo(whole[i]!, 4));
    await model.dispose();
  });

  it('asks the network for nothing', async () => {
    const fetch = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
    try {
      await (await loadOnnxLlm(specOf(folder), signal)).dispose();
      const broken = copy('broken');
      writeFileSync(join(broken, 'onnx', 'model.onnx'), Buffer.from([8, 8, 58, 0]));
      await expect(loadOnnxLlm(specOf(broken), signal)).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
      expect(fetch).not.toHaveBeenCalled();
    } finally {
      fetch.mockRestore();
    }
  });

  it('decides as llama.cpp does on the same weights', async () => {
    const models = new LanguageModels({
      mono: () => performance.now(),
      random: Math.random,
      prefixes: undefined,
    });
    const engines = bundledEngines(models, () => {});
    const answers = [' none', ' light.hall.turn_on', ' light.kitchen.turn_on', ' cover.hall.open'];
    const request: DecideRequest = {
      prompt: { system: ['You decide.'], user: ['It is dark in the hall.'], opening: 'Answer:' },
      language: { key: 'all', root: { any: answers.map((text) => ({ text })) } },
      exact: true,
      alternatives: 3,
    };
    const lanes = new Lanes(() => performance.now());
    const [theirs, ours] = await Promise.all(
      [gguf, folder].map(async (file) => {
        const model = await loadWith(engines, specOf(file), signal);
        const decided = await lanes.run({ lane: 'event', signal, file }, async (turn) =>
          model.decide!(request, turn),
        );
        await model.dispose();
        return new Map(
          [decided, ...decided.alternatives].map(({ text, probability }) => [text, probability]),
        );
      }),
    );
    expect(ours!.size).toBe(4);
    for (const answer of answers) expect(ours!.get(answer)).toBeCloseTo(theirs!.get(answer)!, 2);
  });
});

describe('a folder that cannot be used', () => {
  it.each<[string, (at: string) => void, { code: string; message: RegExp }]>([
    [
      'no config',
      (at) => rmSync(join(at, 'config.json')),
      { code: 'MODEL_FILE_UNREADABLE', message: /config\.json/ },
    ],
    [
      'no tokenizer',
      (at) => rmSync(join(at, 'tokenizer.json')),
      { code: 'MODEL_FILE_UNREADABLE', message: /tokenizer\.json/ },
    ],
    [
      'no model',
      (at) => rmSync(join(at, 'onnx', 'model.onnx')),
      { code: 'MODEL_FILE_UNREADABLE', message: /onnx but there is no model\.onnx/ },
    ],
    [
      'a config that is no JSON',
      (at) => writeFileSync(join(at, 'config.json'), '{"a":'),
      { code: 'MODEL_FILE_INVALID', message: /JSON/ },
    ],
    [
      'a config that is a list',
      (at) => writeFileSync(join(at, 'config.json'), '[]'),
      { code: 'MODEL_FILE_INVALID', message: /a JSON object/ },
    ],
    [
      'a tokenizer without a model',
      (at) => writeFileSync(join(at, 'tokenizer.json'), '{}'),
      { code: 'MODEL_FILE_INVALID', message: /tokenizer/ },
    ],
    [
      'no token that ends an answer',
      (at) => {
        rmSync(join(at, 'generation_config.json'));
        change(join(at, 'config.json'), (json) => ({ ...json, eos_token_id: 1e6 }));
      },
      { code: 'MODEL_UNSUPPORTED', message: /ends an answer/ },
    ],
    [
      'an empty model',
      (at) => writeFileSync(join(at, 'onnx', 'model.onnx'), ''),
      { code: 'MODEL_FILE_INVALID', message: /an empty file/ },
    ],
  ])('%s', async (name, spoil, { code, message }) => {
    const at = copy(name.replaceAll(' ', '-'));
    spoil(at);
    await expect(loadOnnxLlm(specOf(at), signal)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<[string, (model: ReturnType<typeof runningMeanDecoder>) => object, RegExp]>([
    [
      'an input no decoder of text has',
      (model) => ({ inputs: [...model.inputs, { name: 'pixel_values', type: 'float32', shape: [1] }] }),
      /asks for pixel_values/,
    ],
    [
      'no cache',
      ({ inputs, nodes }) => ({
        inputs: inputs.filter(({ name }) => !name.startsWith('past')),
        nodes: nodes.map((node) => (node.op === 'Concat' ? { ...node, inputs: ['new'] } : node)),
      }),
      /no past_key_values/,
    ],
    [
      'a cache that does not come back',
      ({ outputs }) => ({ outputs: outputs.filter(({ name }) => name !== 'present.0.key') }),
      /does not give present\.0\.key/,
    ],
    [
      'a cache of unknown size',
      ({ inputs }) => ({
        inputs: inputs.map((port) =>
          port.name.endsWith('key') ? { ...port, shape: ['b', 'heads', 'past', 32] } : port,
        ),
      }),
      /\[b, heads, past, 32\]/,
    ],
  ])('%s', async (name, spoil, message) => {
    const at = copy(name.replaceAll(' ', '-'));
    const model = runningMeanDecoder(bpeTable().tokens.length, 512);
    await writeOnnx(join(at, 'onnx', 'model.onnx'), { ...model, ...spoil(model) });
    await expect(loadOnnxLlm(specOf(at), signal)).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringMatching(message) as string,
    });
  });

  it('counts and names the file that is loaded', async () => {
    const at = realpathSync(copy('two'));
    const [full, small] = ['model.onnx', 'model_q4.onnx'].map((name) => join(at, 'onnx', name));
    writeFileSync(small!, 'x'.repeat(1000));
    writeFileSync(`${small!}_data`, 'x'.repeat(500));
    writeFileSync(join(at, 'onnx', 'model_q4f16.onnx'), 'x'.repeat(10_000));
    expect(modelBytes(specOf(at))).toBe(1500);
    expect(modelBytes(specOf(small!))).toBe(1500);
    expect(modelBytes(specOf(full!))).toBe(llmFile(full!).sizeBytes);
    expect(llmFile(full!).sizeBytes).toBe(statSync(full!).size);
    expect(canonical(small!)).toBe(at);
    expect(canonical(full!)).toBe(full);
    change(join(at, 'config.json'), (json) => ({ ...json, 'transformers.js_config': { dtype: 'fp32' } }));
    expect([canonical(at), canonical(small!), canonical(full!)]).toEqual([at, small, at]);
    writeFileSync(join(at, 'config.json'), '{');
    expect(canonical(small!)).toBe(small);
  });

  it('counts the keys and values of every lane', async () => {
    const { layers, heads, size } = kvShape(folder);
    const bytes: number[] = [];
    for (const contextTokens of [100, 300]) {
      const model = await loadOnnxLlm({ ...specOf(folder), contextTokens }, signal);
      bytes.push(model.info.memoryBytes! - model.info.sizeBytes);
      await model.dispose();
    }
    const perToken = layers * 2 * heads * size * 4;
    expect(perToken).toBeGreaterThan(0);
    expect(bytes).toEqual([100 * perToken * 3, 300 * perToken * 3]);
  });

  it('prefers the precision its configuration names, else the fastest', async () => {
    const at = copy('precisions');
    const other = join(home, 'qwen.gguf');
    await writeTinyQwen(other);
    await ggufToOnnx(other, at, { precision: 'q4' });
    const precision = async (file: string): Promise<unknown> => {
      const model = await loadOnnxLlm(specOf(file), signal);
      await model.dispose();
      return model.info.details['precision'];
    };
    expect(await precision(at)).toBe('q4');
    change(join(at, 'config.json'), (json) => ({ ...json, 'transformers.js_config': { dtype: 'fp32' } }));
    expect(await precision(at)).toBe('fp32');
    expect(await precision(join(at, 'onnx', 'model_q4.onnx'))).toBe('q4');
    const both = await Promise.all(
      [at, join(at, 'onnx', 'model_q4.onnx')].map(async (file) => loadOnnxLlm(specOf(file), signal)),
    );
    expect(both[0]!.stateKey).not.toBe(both[1]!.stateKey);
    for (const model of both) await model.dispose();
    mkdirSync(join(at, 'elsewhere'));
    renameSync(join(at, 'onnx', 'model_q4.onnx'), join(at, 'elsewhere', 'model_q4.onnx'));
    expect(await precision(at)).toBe('fp32');
  });
});
