import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../devices/host/catalogue.ts';
import { estimateSpeed, measureMemoryGBs, speedMeasured } from '../../../devices/host/estimate.ts';
import { memoryNeed } from '../../../devices/host/model-shape.ts';
import { profileOf, type BoardSpeed } from '../../../devices/host/profiles.ts';
import { rankModels, type Candidate, type RecommendOptions } from '../../../devices/host/recommend.ts';
import { PI5, probe } from './support.ts';

const PI5_SPEED: BoardSpeed = { memoryGBs: 10, promptGflops: 80, source: 'published' };
const CHOICE = { contextTokens: 4096, batchTokens: 64, kvType: 'f16' } as const;

const candidate = (name: string, parameters: number, more: Partial<Candidate> = {}): Candidate => ({
  name,
  quantization: 'Q4_K_M',
  source: `hf:x/${name}`,
  local: false,
  fileBytes: parameters * 0.7,
  parameters,
  kvBytesPerToken: 12_288,
  vocabulary: 32_000,
  ...more,
});

function rank(candidates: readonly Candidate[], more: Partial<RecommendOptions> = {}) {
  return rankModels({
    candidates,
    board: PI5_SPEED,
    budgetBytes: 2e9,
    choice: CHOICE,
    contextFixed: false,
    deadlineMs: 20_000,
    ...more,
  });
}

describe('memory', () => {
  test('is weights, a context for every lane, scores of a batch and the process', () => {
    const shape = { fileBytes: 491e6, parameters: 494e6, kvBytesPerToken: 12_288, vocabulary: 151_936 };
    const need = memoryNeed(shape, CHOICE);
    expect(need.kvBytes).toBe(3 * 4096 * 12_288);
    expect(need.workBytes).toBe(151_936 * 64 * 4 + 225 * 1024 * 1024);
    expect(need.totalBytes).toBe(491e6 + need.kvBytes + need.workBytes);
    // What a random-weight model of this shape was measured to take.
    const measured = { ...shape, fileBytes: 395_327_936 };
    expect(memoryNeed(measured, { ...CHOICE, batchTokens: 32 }).totalBytes / 799e6).toBeCloseTo(1, 1);
    expect(memoryNeed(measured, { ...CHOICE, batchTokens: 128 }).totalBytes / 858e6).toBeCloseTo(1, 1);
    // 34 bytes hold 32 numbers.
    expect(memoryNeed(shape, { ...CHOICE, kvType: 'q8_0' }).kvBytes).toBe((need.kvBytes * 34) / 64);
  });
});

describe('speed', () => {
  test('a token reads all weights, a prompt multiplies with them', () => {
    const speed = estimateSpeed({ fileBytes: 1e9, parameters: 1e9 }, PI5_SPEED, 64);
    expect(speed?.tokenMs).toBeCloseTo(100);
    expect(speed?.promptTokensPerS).toBeCloseTo(40);
    expect(speed?.decisionMs).toBeCloseTo(40 * 25 + 3 * 100);
  });

  test('is about what was published for the Pi 5', () => {
    const { speed } = profileOf(probe(PI5));
    // TinyLlama 1.1B Q8_0: 9 tokens/s written, 35–45 read. Llama 3.2 3B Q4_K_M: 5.5 tokens/s.
    const tiny = estimateSpeed({ fileBytes: 1.17e9, parameters: 1.1e9 }, speed, 64)!;
    expect(1000 / tiny.tokenMs).toBeCloseTo(9, 0);
    expect(tiny.promptTokensPerS).toBeGreaterThan(33);
    expect(tiny.promptTokensPerS).toBeLessThan(45);
    const three = estimateSpeed({ fileBytes: 2.02e9, parameters: 3.21e9 }, speed, 64)!;
    expect(1000 / three.tokenMs).toBeGreaterThan(5);
    expect(1000 / three.tokenMs).toBeLessThan(6);
  });

  test('is unknown where nothing is known, and follows from any model that was measured', () => {
    expect(estimateSpeed({ fileBytes: 1, parameters: 1 }, { source: 'nothing' }, 64)).toBeUndefined();
    expect(speedMeasured([])).toBeUndefined();
    const measured = {
      name: 'a.gguf',
      fileBytes: 5e8,
      parameters: 5e8,
      measurement: { promptTokensPerS: 100, tokenMs: 50 },
    };
    const speed = speedMeasured([measured]);
    expect(speed).toEqual({
      memoryGBs: 10,
      promptGflops: 100,
      source: 'estimated from a.gguf, measured on this board',
    });
    const again = estimateSpeed(measured, speed!, 64);
    expect(again?.tokenMs).toBeCloseTo(50);
    expect(again?.promptTokensPerS).toBeCloseTo(100);
  });

  test('memory is timed by the fastest of a few copies', () => {
    let now = 0;
    const looks = [100, 20, 10, 30, 40].flatMap((ms) => [0, ms]);
    const gbs = measureMemoryGBs(() => (now += looks.shift()!));
    expect(gbs).toBeCloseTo((2 * 32 * 1024 * 1024) / 10e6);
  });
});

describe('the ranking', () => {
  test('quick ones by size, then those that make people wait by speed, then what does not fit', () => {
    const ranked = rank([
      candidate('3b', 3e9),
      candidate('0.3b', 0.3e9),
      candidate('1b', 1e9),
      candidate('1.8b', 1.8e9),
      candidate('2.1b', 2.1e9),
    ]);
    expect(ranked.map(({ candidate: { name }, rank: place }) => [name, place])).toEqual([
      ['1b', 1],
      ['0.3b', 2],
      ['1.8b', 3],
      ['2.1b', 4],
      ['3b', undefined],
    ]);
    expect(ranked[4]!.why).toMatch(
      /^needs 2\.\d GB \(2\.1 GB of weights, .* for contexts of 1024 tokens\), and 2\.0 GB may be taken$/,
    );
  });

  test('measured accuracy counts before size, and is never made up', () => {
    const right = (share: number): Partial<Candidate> => ({ accuracy: { share, measuredBy: 'a test set' } });
    const ranked = rank([candidate('1b', 1e9, right(0.7)), candidate('0.5b', 0.5e9, right(0.9))]);
    expect(ranked.map(({ candidate: { name } }) => name)).toEqual(['0.5b', '1b']);
    expect(ranked[0]!.why).toBe('90 % of decisions right, answers at once');
    for (const { accuracy } of CATALOGUE) expect(accuracy).toBeUndefined();
  });

  test('what was measured here stands instead of the estimate', () => {
    const measurement = {
      promptTokensPerS: 9,
      decisionMs: 5000,
      tokenMs: 300,
      memoryBytes: 7e8,
      loadMs: 900,
    };
    const [first, second] = rank([
      candidate('slow', 0.6e9, {
        local: true,
        measured: { measurement, choice: { ...CHOICE, contextTokens: 2048 } },
      }),
      candidate('other', 0.3e9),
    ]);
    expect(first!.candidate.name).toBe('other');
    expect(second).toMatchObject({
      memoryMeasured: true,
      contextTokens: 2048,
      memory: { totalBytes: 7e8 },
      speed: { decisionMs: 5000 },
      speedSource: 'measured on this board',
      why: 'makes people wait, is here already',
    });
  });

  test('a shorter context is taken where that makes a model fit, unless it is configured', () => {
    const one = candidate('deep', 1e9, { kvBytesPerToken: 100_000 });
    expect(rank([one])[0]).toMatchObject({ rank: 1, contextTokens: 2048 });
    const fixed = rank([one], { contextFixed: true });
    expect(fixed[0]).toMatchObject({ contextTokens: 4096 });
    expect(fixed[0]!.rank).toBeUndefined();
  });

  test('a model that is too slow for the deadline does not fit', () => {
    const [only] = rank([candidate('1b', 1e9)], { deadlineMs: 1000 });
    expect(only!.rank).toBeUndefined();
    expect(only!.why).toBe('a decision takes about 1.2 s, longer than the 1.0 s it may take');
  });

  test('on a machine of unknown speed the memory decides', () => {
    const ranked = rank([candidate('0.5b', 5e8), candidate('1b', 1e9)], { board: { source: 'unknown' } });
    expect(ranked.map(({ candidate: { name }, speed }) => [name, speed])).toEqual([
      ['1b', undefined],
      ['0.5b', undefined],
    ]);
  });
});

describe('the catalogue', () => {
  test('names each model once, with a file to pull and figures that agree', () => {
    expect(new Set(CATALOGUE.map(({ reference }) => reference)).size).toBe(CATALOGUE.length);
    for (const { reference, quantization, fileBytes, parameters } of CATALOGUE) {
      expect(reference).toMatch(/^hf:[\w.-]+\/[\w.-]+\/[\w.-]+\.gguf$/);
      expect(reference.toLowerCase()).toContain(quantization.toLowerCase());
      // Q4_K_M takes 4.8 bits a weight and more with a large vocabulary, Q8_0 8.5.
      const bits = (fileBytes * 8) / parameters;
      expect(bits).toBeGreaterThan(quantization === 'Q8_0' ? 8.3 : 4.7);
      expect(bits).toBeLessThan(quantization === 'Q8_0' ? 9 : 8.1);
    }
  });
});
