import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardKey, probeHost, type TuneSpec, type TuningRecord } from '../../../devices/index.ts';
import type { Decided, DecideRequest } from '../../../runtime/contract/engine.ts';
import { Measurer, type MeasuredHost } from '../../../runtime/cli/tune/measure.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { cli, temporaryFolder } from '../../support/cli.ts';
import { writeTinyLlama } from '../../support/gguf.ts';

const NOBODY = 'http: { listen: "127.0.0.1:1" }\n';

async function house(config = ''): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'ganglion.yaml'), NOBODY + config);
  mkdirSync(join(folder, 'models'));
  await writeTinyLlama(join(folder, 'models/tiny.gguf'));
  return folder;
}

describe('model recommend', () => {
  it('ranks what can be fetched and what is here, and says why others do not fit', async () => {
    const folder = await house();
    const { code, stdout } = await cli(folder, 'model', 'recommend', '--memory', '900MB', '--json');
    expect(code).toBe(0);
    const { budgetBytes, models } = JSON.parse(stdout) as {
      budgetBytes: number;
      models: { rank: number | null; name: string; why: string; accuracy: unknown; local: boolean }[];
    };
    expect(budgetBytes).toBe(900e6);
    const fitting = models.filter(({ rank }) => rank !== null);
    expect(fitting.map(({ rank }) => rank)).toEqual(fitting.map((_, i) => i + 1));
    expect(fitting.map(({ name }) => name)).toContain('Qwen2.5 0.5B Instruct');
    expect(models.find(({ local }) => local)).toMatchObject({ name: 'tiny random', accuracy: null });
    const four = models.find(({ name }) => name === 'Qwen3 4B');
    expect(four).toMatchObject({ rank: null });
    expect(four?.why).toMatch(/^needs .* of weights, .* and 900 MB may be taken$/);
  });

  it('prints a table that fits the terminal, and what to do next', async () => {
    const { stdout } = await cli(await house(), 'model', 'recommend', '--memory', '2GB');
    expect(stdout).toMatch(/# +MODEL +CONTEXT +MEMORY +DECISION +ACCURACY +LICENCE/);
    expect(stdout).toContain('not measured');
    expect(stdout).toContain('ganglion model pull hf:');
    for (const line of stdout.split('\n').filter((text) => !text.startsWith('Fetch')))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it('takes a size for --memory only', async () => {
    const { code, stderr } = await cli(temporaryFolder(), 'model', 'recommend', '--memory', 'much');
    expect(code).toBe(2);
    expect(stderr).toContain('Expected a size such as 1GB for --memory but received much.');
  });
});

describe('model tune', () => {
  it('says what it would try, without what the configuration fixes, and measures nothing', async () => {
    const folder = await house('model: { file: models/tiny.gguf, threads: 1, kv: q8_0 }\n');
    const { code, stdout } = await cli(folder, 'model', 'tune', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('Begins with 1 thread, batches of');
    expect(stdout).toContain('KV q8_0');
    expect(stdout).toMatch(/batchTokens: 32, 64/);
    expect(stdout).toContain('Set by the configuration and left so: threads, kvType.');
    expect(stdout).toContain('tuning/tiny.gguf.json');
    expect(existsSync(join(folder, 'ganglion-data'))).toBe(false);
  });

  it('needs a model', async () => {
    const { code, stderr } = await cli(temporaryFolder(), 'model', 'tune');
    expect(code).toBe(2);
    expect(stderr).toContain('Expected a model file, or `model.file` in the configuration');
    const missing = await cli(temporaryFolder(), 'model', 'tune', 'gone.gguf');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('gone.gguf');
  });

  it('really measures a model through the model host and keeps the best with the evidence', async () => {
    const folder = await house('model: { file: models/tiny.gguf, context: 1024 }\n');
    const { code, stdout, stderr } = await cli(folder, 'model', 'tune', '--quick', '--json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { written, ...record } = JSON.parse(stdout) as TuningRecord & { written: string };
    expect(written).toBe(join(folder, 'ganglion-data/tuning/tiny.gguf.json'));
    expect(JSON.parse(readFileSync(written, 'utf8'))).toEqual(record);
    expect(record).toMatchObject({
      quick: true,
      board: boardKey(probeHost()),
      best: { contextTokens: 1024 },
    });
    expect(record.versions).toMatchObject({
      node: process.version,
      'node-llama-cpp': expect.stringMatching(/^\d/),
    });
    expect(record.measurement.promptTokensPerS).toBeGreaterThan(0);
    expect(record.trials.some(({ trying }) => trying === 'batchTokens')).toBe(true);
    // What was measured is what the ranking then goes by.
    const ranked = await cli(folder, 'model', 'recommend', '--json');
    const { speed, models } = JSON.parse(ranked.stdout) as {
      speed: { source: string };
      models: { name: string; memoryMeasured: boolean; decisionMs: number }[];
    };
    expect(speed.source).toBe('estimated from tiny.gguf, measured on this board');
    expect(models.find(({ name }) => name === 'tiny random')).toMatchObject({
      memoryMeasured: true,
      decisionMs: record.measurement.decisionMs,
    });
  });
});

const SPEC: TuneSpec = {
  threads: 2,
  batchTokens: 64,
  contextTokens: 2048,
  kvType: 'f16',
  gpuLayers: 0,
  device: 'auto',
};

/** A host that takes 1 s to load, reads 100 tokens/s of what it has not kept, and 50 ms a branch. */
function scriptedHost(clock: ManualClock, say: (prompt: number) => Partial<Decided['timings']> = () => ({})) {
  const asked: DecideRequest[] = [];
  let kept = '';
  const host: MeasuredHost = {
    async load(spec) {
      clock.advance(1000);
      kept = '';
      return {
        engine: 'scripted',
        file: spec.file,
        name: 'm',
        sizeBytes: 400e6,
        memoryBytes: 500e6,
        details: {},
      };
    },
    async decide(_file, request) {
      asked.push(request);
      const system = JSON.stringify(request.prompt.system);
      const prompt = system === kept ? 40 : 340;
      kept = system;
      clock.advance(prompt * 10 + 150);
      const branch = { text: ' light', probability: 1, options: 4 };
      return {
        text: ' light kitchen on',
        probability: 1,
        abstained: false,
        branches: [branch, branch, branch],
        alternatives: [],
        tokens: { cached: 340 - prompt, prompt, generated: 3 },
        timings: { waitedMs: 0, promptMs: prompt * 10, predictedMs: 100, ...say(prompt) },
      };
    },
  };
  return { host, asked };
}

describe('a measurement', () => {
  const measurer = (clock: ManualClock, host: MeasuredHost, own?: number) =>
    new Measurer({ host, file: 'm.gguf', clock, ownBytes: async () => own, decisions: 3, lines: 4 });

  it('times loading, an unseen prompt, and decisions with the prefix kept', async () => {
    const clock = new ManualClock();
    const { host, asked } = scriptedHost(clock);
    const visits = measurer(clock, host);
    expect(await visits.measure(SPEC)).toEqual({
      promptTokensPerS: 100,
      decisionMs: 550,
      tokenMs: 50,
      memoryBytes: 500e6,
      loadMs: 1000,
    });
    await visits.measure(SPEC);
    // No two visits share a prefix from its first line on, and no two questions are the same.
    const systems = asked.map(({ prompt }) => JSON.stringify(prompt.system));
    expect(new Set(systems).size).toBe(4);
    expect(new Set(asked.map(({ prompt }) => JSON.stringify(prompt))).size).toBe(asked.length);
  });

  it('counts the memory the host holds itself where that is more', async () => {
    const clock = new ManualClock();
    expect((await measurer(clock, scriptedHost(clock).host, 700e6).measure(SPEC)).memoryBytes).toBe(700e6);
  });

  it('refuses figures that make no sense', async () => {
    const clock = new ManualClock();
    const { host } = scriptedHost(clock, () => ({ promptMs: 0 }));
    await expect(measurer(clock, host).measure(SPEC)).rejects.toMatchObject({ code: 'MODEL_ANSWER_FAILED' });
  });
});
