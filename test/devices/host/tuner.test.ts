import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { profileOf } from '../../../devices/host/profiles.ts';
import {
  costMs,
  median,
  medianOf,
  type Measurement,
  type TuneSpec,
} from '../../../devices/host/tuner/measurement.ts';
import {
  boardKey,
  identityOf,
  measuredHere,
  readTuning,
  tunedSpec,
  tuningFile,
  writeTuning,
  type TuningRecord,
} from '../../../devices/host/tuner/record.ts';
import { searchSettings, type SearchResult, type SearchStep } from '../../../devices/host/tuner/search.ts';
import { spaceOf, startOf, type SpaceOptions, type TuneSpace } from '../../../devices/host/tuner/space.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import { armCpu, meminfo, PI5, probe, rootOf } from './support.ts';

const SHAPE = { fileBytes: 491e6, parameters: 494e6, kvBytesPerToken: 12_288, vocabulary: 151_936 };
const START: TuneSpec = {
  threads: 3,
  batchTokens: 64,
  contextTokens: 2048,
  kvType: 'f16',
  gpuLayers: 0,
  device: 'auto',
};
const ONLY: TuneSpace = {
  threads: [3],
  batchTokens: [64],
  contextTokens: [2048],
  kvType: ['f16'],
  gpuLayers: [0],
};

/** A machine whose best is at 2 threads and batches of 128; what it takes grows with the context. */
function machine(spec: TuneSpec): Measurement {
  const decisionMs =
    400 + 100 * Math.abs(spec.threads - 2) + 80 * Math.abs(Math.log2(spec.batchTokens / 128));
  return {
    decisionMs: decisionMs * (spec.kvType === 'f16' ? 1 : 1.01),
    promptTokensPerS: 60_000 / decisionMs,
    tokenMs: decisionMs / 8,
    memoryBytes: 5e8 + spec.contextTokens * 1e5,
    loadMs: 900,
  };
}

async function search(
  space: Partial<TuneSpace>,
  more: {
    readonly measure?: (spec: TuneSpec) => Measurement;
    readonly budgetBytes?: number;
    readonly rounds?: number;
    readonly start?: TuneSpec;
  } = {},
): Promise<{ found: SearchResult; visits: TuneSpec[]; steps: SearchStep[] }> {
  const visits: TuneSpec[] = [];
  const steps: SearchStep[] = [];
  const found = await searchSettings({
    start: more.start ?? START,
    space: { ...ONLY, ...space },
    rounds: more.rounds ?? 3,
    budgetBytes: more.budgetBytes ?? 1e9,
    measure: async (spec) => {
      visits.push(spec);
      return (more.measure ?? machine)(spec);
    },
    onProgress: (step) => steps.push(step),
  });
  if (!('best' in found)) throw new TypeError(JSON.stringify(found.trials));
  return { found, visits, steps };
}

describe('the search', () => {
  test('finds the best of each coordinate, and shows what it was before', async () => {
    const { found, steps } = await search({ threads: [1, 2, 3], batchTokens: [32, 64, 128, 256] });
    expect(found.best).toMatchObject({ threads: 2, batchTokens: 128 });
    expect(found.measurement.decisionMs).toBe(400);
    expect(found.before?.decisionMs).toBe(580);
    expect(steps.at(-1)!.done).toBeLessThanOrEqual(steps[0]!.most);
    expect(new Set(steps.map(({ trying }) => trying))).toEqual(new Set(['threads', 'batchTokens', 'check']));
  });

  test('visits in turns, there and back, and those far behind once', async () => {
    const { visits } = await search({ threads: [1, 2, 3, 8] });
    const threads = visits.map((spec) => spec.threads);
    expect(threads.slice(0, 4)).toEqual([1, 2, 3, 8]);
    expect(threads.slice(4, 7)).toEqual([3, 2, 1]);
    expect(threads.filter((count) => count === 8)).toHaveLength(1);
  });

  test('takes the cheaper of two that are equally fast', async () => {
    const flat = (spec: TuneSpec): Measurement => ({ ...machine(START), loadMs: spec.threads });
    const { found } = await search({ threads: [1, 2, 3], kvType: ['f16', 'q8_0'] }, { measure: flat });
    // Nothing is gained, so the start stays.
    expect(found.best).toEqual(START);
    const worse = (spec: TuneSpec): Measurement =>
      spec.threads === 3 ? machine({ ...START, threads: 5 }) : machine({ ...START, threads: 2 });
    expect((await search({ threads: [1, 2, 3] }, { measure: worse })).found.best.threads).toBe(1);
  });

  test('one slow visit does not decide', async () => {
    let visit = 0;
    const noisy = (spec: TuneSpec): Measurement => {
      visit++;
      const measured = machine(spec);
      return visit === 2 ? { ...measured, decisionMs: measured.decisionMs * 1.2 } : measured;
    };
    const { found } = await search({ threads: [1, 2, 3] }, { measure: noisy });
    expect(found.best.threads).toBe(2);
  });

  test('takes the longest context that fits the memory, and leaves out what takes more', async () => {
    const { found } = await search({ contextTokens: [8192, 4096, 2048] }, { budgetBytes: 1e9 });
    expect(found.best.contextTokens).toBe(4096);
    const tooMuch = found.trials.find(({ spec }) => spec.contextTokens === 8192);
    expect(tooMuch?.problem).toBe('it takes 1319 MB of the 1000 MB a model may take');
  });

  test('a setting that cannot be loaded is left out with its reason; a defect is not swallowed', async () => {
    const gpu = (spec: TuneSpec): Measurement => {
      if (spec.gpuLayers > 0)
        throw new GanglionError('MODEL_LOAD_FAILED', { file: 'm.gguf', reason: 'no memory on the GPU' });
      return machine(spec);
    };
    const { found } = await search(
      { gpuLayers: [0, 12, 25] },
      { measure: gpu, start: { ...START, gpuLayers: 25 } },
    );
    expect(found.best.gpuLayers).toBe(0);
    expect(found.before).toBeUndefined();
    expect(found.trials.find(({ spec }) => spec.gpuLayers === 25)?.problem).toContain('no memory on the GPU');
    const broken = search({}, { measure: () => JSON.parse('{') as Measurement });
    await expect(broken).rejects.toThrow(SyntaxError);
  });

  test('says what each setting showed if none works', async () => {
    const found = await searchSettings({
      start: START,
      space: ONLY,
      rounds: 3,
      budgetBytes: 1,
      measure: async (spec) => machine(spec),
    });
    expect('best' in found).toBe(false);
    expect(found.trials).toMatchObject([
      { trying: 'check', runs: 1, problem: expect.stringContaining('a model may take') },
    ]);
  });

  test('ends when it is aborted', async () => {
    const stop = new AbortController();
    let visits = 0;
    const searching = searchSettings({
      start: START,
      space: { ...ONLY, threads: [1, 2, 3] },
      rounds: 3,
      budgetBytes: 1e9,
      signal: stop.signal,
      measure: async (spec) => {
        if (++visits === 2) stop.abort();
        return machine(spec);
      },
    });
    await expect(searching).rejects.toThrow('aborted');
    expect(visits).toBe(2);
  });

  test('never ends up really slower than it began', async () => {
    const costs = fc.array(fc.integer({ min: 100, max: 5000 }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(costs, costs, async (byThreads, byBatch) => {
        const measure = (spec: TuneSpec): Measurement => {
          const decisionMs = byThreads[spec.threads - 1]! + byBatch[Math.log2(spec.batchTokens) - 5]!;
          return { ...machine(START), decisionMs, promptTokensPerS: 1e6 };
        };
        const { found } = await search(
          { threads: [1, 2, 3, 4], batchTokens: [32, 64, 128, 256] },
          { measure },
        );
        expect(costMs(found.measurement)).toBeLessThanOrEqual(costMs(measure(START)));
      }),
      { numRuns: 50 },
    );
  });
});

test('medians and cost', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
  const slow = { ...machine(START), decisionMs: 900 };
  expect(medianOf([machine(START), machine(START), slow]).decisionMs).toBe(580);
  // 700 tokens at 100 tokens/s take 7 s, one time in twenty.
  expect(costMs({ decisionMs: 500, promptTokensPerS: 100 })).toBe(850);
});

describe('what is tried', () => {
  const options = (
    tree: Readonly<Record<string, string>>,
    more: Partial<SpaceOptions> = {},
  ): SpaceOptions => {
    const host = probe(tree);
    return {
      probe: host,
      profile: profileOf(host),
      shape: SHAPE,
      layers: 24,
      trainedTokens: 32_768,
      fixed: {},
      quick: false,
      ...more,
    };
  };

  test('begins as the profile of the board says, and never takes all cores', () => {
    const given = options(PI5);
    expect(startOf(given)).toEqual({
      threads: 3,
      batchTokens: 64,
      contextTokens: 4096,
      kvType: 'f16',
      gpuLayers: 0,
      device: 'auto',
    });
    expect(spaceOf(given)).toEqual({
      gpuLayers: [0],
      threads: [1, 2, 3],
      batchTokens: [32, 64, 128, 256, 512],
      kvType: ['f16', 'q8_0'],
      contextTokens: [8192, 4096, 2048, 1024, 512],
    });
  });

  test('what the configuration says is not tried', () => {
    const given = options(PI5, { fixed: { threads: 2, contextTokens: 3000, kvType: 'q8_0' } });
    expect(startOf(given)).toMatchObject({ threads: 2, contextTokens: 3000, kvType: 'q8_0' });
    expect(spaceOf(given)).toMatchObject({ threads: [2], contextTokens: [3000], kvType: ['q8_0'] });
  });

  test('a context that does not fit the memory or the model is not tried', () => {
    const small = options({ ...PI5, 'proc/meminfo': meminfo(3_000_000, 2_900_000) });
    expect(spaceOf(small).contextTokens[0]).toBe(8192);
    const tight = options({ ...PI5, 'proc/meminfo': meminfo(1_700_000, 1_600_000) });
    expect(startOf(tight).contextTokens).toBe(2048);
    expect(spaceOf(tight).contextTokens).toEqual([2048, 1024, 512]);
    expect(spaceOf(options(PI5, { trainedTokens: 2048 })).contextTokens).toEqual([2048, 1024, 512]);
  });

  test('layers on the GPU where there is one, and big cores apart from little ones', () => {
    const orin = options({
      'proc/device-tree/model': 'NVIDIA Jetson Orin Nano Developer Kit',
      'proc/cpuinfo': armCpu('0xd42', '0xd42', '0xd42', '0xd42', '0xd42', '0xd42'),
      'proc/meminfo': meminfo(7_800_000, 6_000_000),
      'dev/nvhost-gpu': '',
    });
    expect(spaceOf(orin).gpuLayers).toEqual([0, 12, 25]);
    expect(startOf(orin).gpuLayers).toBe(25);
    expect(spaceOf({ ...orin, quick: true })).toMatchObject({ gpuLayers: [0, 25], kvType: ['f16'] });
  });
});

describe('the record', () => {
  const BOARD = 'Raspberry Pi 5 Model B Rev 1.0 | Cortex-A76 | 4 cores | 8.5 GB';
  const found: TuningRecord = {
    version: 1,
    model: { name: 'm.gguf', fileBytes: 4, head: '', parameters: 494e6 },
    board: BOARD,
    boardName: 'Raspberry Pi 5 Model B Rev 1.0',
    versions: { ganglion: '0.1.0', node: 'v20.19.0' },
    measuredAt: '2026-01-01T00:00:00.000Z',
    quick: false,
    budgetBytes: 4e9,
    best: { ...START, threads: 2 },
    measurement: machine(START),
    trials: [{ trying: 'threads', spec: START, runs: 3, measurement: machine(START) }],
  };

  function written(record: Partial<TuningRecord> = {}): { readonly data: string; readonly model: string } {
    const data = rootOf({ 'm.gguf': 'GGUF' });
    const model = join(data, 'm.gguf');
    writeTuning(data, model, { ...found, model: { ...found.model, ...identityOf(model) }, ...record });
    return { data, model };
  }

  test('names the board by what a measurement depends on', () => {
    expect(boardKey(probe(PI5))).toBe(BOARD);
  });

  test('is used for the same file on the same board', () => {
    const { data, model } = written();
    expect(tuningFile(data, model)).toBe(join(data, 'tuning', 'm.gguf.json'));
    expect(tunedSpec(data, model, BOARD)).toEqual({ ...START, threads: 2 });
  });

  test.each([
    [
      'another board',
      (): string => 'Raspberry Pi 4',
      'it was measured on another board (Raspberry Pi 5 Model B Rev 1.0)',
    ],
    [
      'another file of that name',
      ({ model }: { model: string }): string => {
        writeFileSync(model, 'GGUX');
        return BOARD;
      },
      'it was measured with another file of that name',
    ],
    [
      'a damaged record',
      ({ data, model }: { data: string; model: string }): string => {
        writeFileSync(tuningFile(data, model), '{"version":1');
        return BOARD;
      },
      'is damaged',
    ],
    [
      'a record with impossible values',
      ({ data, model }: { data: string; model: string }): string => {
        writeTuning(data, model, { ...found, best: { ...START, threads: -4 } });
        return BOARD;
      },
      'is damaged',
    ],
  ])('is not used for %s', (_name, change, reason) => {
    const place = written();
    const board = change(place);
    expect(readTuning(place.data, place.model, board)).toEqual({ reason: expect.stringContaining(reason) });
    expect(tunedSpec(place.data, place.model, board)).toBeUndefined();
  });

  test('of any model of this board tells how fast the board is', () => {
    const { data, model } = written();
    writeTuning(data, '/gone/elsewhere.gguf', {
      ...found,
      model: { ...found.model, name: 'elsewhere.gguf' },
    });
    writeTuning(data, '/other.gguf', { ...found, board: 'another' });
    writeFileSync(tuningFile(data, '/damaged.gguf'), '[]');
    expect(measuredHere(data, BOARD).map(({ name }) => name)).toEqual(['elsewhere.gguf', 'm.gguf']);
    expect(measuredHere(model, BOARD)).toEqual([]);
  });

  test('that cannot be written says where and why', () => {
    const root = rootOf({ 'data/tuning': 'a file where a folder should be' });
    expect(() => writeTuning(join(root, 'data'), '/m.gguf', found)).toThrow(
      expect.objectContaining({ code: 'FILE_UNWRITABLE' }),
    );
    expect(() => identityOf(join(root, 'gone.gguf'))).toThrow(
      expect.objectContaining({ code: 'MODEL_FILE_UNREADABLE' }),
    );
    expect(readTuning(root, '/m.gguf', 'any')).toEqual({ reason: 'it was not measured here' });
  });
});
