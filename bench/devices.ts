import { existsSync } from 'node:fs';
import { openEnergyMeter } from '../devices/index.ts';
import { ggufToOnnx } from '../quantize/index.ts';
import { DEVICES, type ChatRequest, type Device, type ModelSpec } from '../runtime/contract/engine.ts';
import { GanglionError, isGanglionError } from '../runtime/errors.ts';
import { systemClock } from '../runtime/lib/clock.ts';
import { modelSpec } from '../runtime/modelhost/options.ts';
import type { Bench, BenchCase } from './harness.ts';
import { benchHouse, questionOf, withCalls } from './support/deliberation.ts';
import { startHost } from './support/host-process.ts';
import { readModelOption } from './support/model-option.ts';
import { readOptions } from './support/options.ts';
import { pssOfTree } from './support/proc.ts';
import { median, quantile } from './support/stats.ts';

const DEFAULTS = { rounds: 3, entities: 20, decisions: 20, tokens: 48 };
const SHORT = { rounds: 1, entities: 6, decisions: 3, tokens: 8 };
const CONTEXT = 2048;

interface Backend {
  readonly name: string;
  readonly spec: ModelSpec;
}

interface Run {
  readonly loadMs: number;
  readonly prefillPerS: number;
  readonly decodePerS: number;
  readonly decisionsMs: readonly number[];
  readonly memoryMb: number;
  readonly joulesPerDecision: number | undefined;
}

/**
 * Every backend of this machine on the same weights: the GGUF at Q8_0 by llama.cpp, and what the project converts it to by
 * ONNX Runtime, on the processor and on each accelerator there is. One process per run, in turn.
 */
export const devices: Bench = async (context) => {
  const model = await readModelOption(context.args, {
    log: context.log,
    contextTokens: CONTEXT,
    type: 'Q8_0',
  });
  const options = readOptions(model.args, DEFAULTS, SHORT);
  const found = await backends(model.spec, context.log);
  const runs = new Map<string, Run[]>(found.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const [i] of found.entries()) {
      if (context.signal.aborted)
        throw new GanglionError('BENCH_SYSTEM', { system: 'devices', reason: 'the bench was stopped' });
      const backend = found[(i + round) % found.length]!;
      const run = await measure(backend, options).catch((error: unknown) =>
        absent(error, backend, context.log),
      );
      if (run !== undefined) runs.get(backend.name)!.push(run);
    }
  }
  const cases: BenchCase[] = [];
  const ratios: Record<string, number[]> = {};
  for (const [name, all] of runs) {
    if (all.length === 0) continue;
    const of = (pick: (run: Run) => number): number => median(all.map(pick));
    const latencies = all.flatMap((run) => run.decisionsMs);
    const joules = all.map((run) => run.joulesPerDecision).filter((value) => value !== undefined);
    cases.push(
      { name: `${name}: prefill`, value: of((run) => run.prefillPerS), unit: 'tokens/s' },
      { name: `${name}: decode`, value: of((run) => run.decodePerS), unit: 'tokens/s' },
      {
        name: `${name}: one decision`,
        value: median(latencies),
        unit: 'ms',
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
      },
      { name: `${name}: loading`, value: of((run) => run.loadMs), unit: 'ms' },
      { name: `${name}: memory`, value: of((run) => run.memoryMb), unit: 'MB' },
      ...(joules.length === 0
        ? []
        : [{ name: `${name}: energy of one decision`, value: median(joules), unit: 'J' }]),
    );
    const first = runs.get(found[0]!.name)!;
    if (name !== found[0]!.name)
      ratios[`${name.replaceAll(' ', '_')}_vs_${found[0]!.name.replaceAll(' ', '_')}`] = all.map(
        (run, round) => median(first[round]?.decisionsMs ?? []) / median(run.decisionsMs),
      );
  }
  return { cases, ratios };
};

/** llama.cpp and ONNX Runtime, each on the processor and on whatever accelerator may be there. */
async function backends(spec: ModelSpec, log: (line: string) => void): Promise<readonly Backend[]> {
  const folder = spec.file.replace(/\.gguf$/, '-onnx');
  if (!existsSync(folder)) {
    log(`converting the model to ONNX in ${folder}: this takes a moment the first time`);
    await ggufToOnnx(spec.file, folder, { precision: 'int8' });
  }
  const accelerators = DEVICES.filter((device) => device !== 'auto' && device !== 'cpu');
  const on = (engine: string, file: string, device: Device): Backend => {
    const { contextTokens, threads } = spec;
    return { name: `${engine} ${device}`, spec: modelSpec(file, { contextTokens, threads, device }) };
  };
  return [
    on('llama.cpp', spec.file, 'cpu'),
    on('onnxruntime', folder, 'cpu'),
    ...accelerators.flatMap((device) => [
      on('llama.cpp', spec.file, device),
      on('onnxruntime', folder, device),
    ]),
  ];
}

/** What this machine does not have is said and left out. */
function absent(error: unknown, { name }: Backend, log: (line: string) => void): undefined {
  if (!isGanglionError(error)) throw error;
  log(`${name}: left out. ${error.message}`);
}

async function measure({ spec }: Backend, options: Record<keyof typeof DEFAULTS, number>): Promise<Run> {
  const house = benchHouse(options.entities);
  const soon = { deadlineMs: 600_000 };
  const host = await startHost();
  try {
    const started = performance.now();
    await host.load(spec);
    const loadMs = performance.now() - started;
    const question = async (i: number) =>
      withCalls(await questionOf(house, `make it nicer here, please, ${i}`, 8), 1);
    const cold = await host.decide(spec.file, await question(0), soon);
    const meter = openEnergyMeter(systemClock);
    meter?.start();
    const decisionsMs: number[] = [];
    for (let i = 1; i <= options.decisions; i++) {
      const asked = await question(i);
      const from = performance.now();
      await host.decide(spec.file, asked, soon);
      decisionsMs.push(performance.now() - from);
    }
    const joules = meter?.joules();
    meter?.stop();
    const written = await host.chat(spec.file, chat(options.tokens), soon);
    return {
      loadMs,
      prefillPerS: (cold.tokens.prompt * 1000) / cold.timings.promptMs,
      decodePerS: ((written.tokens.generated - 1) * 1000) / written.timings.predictedMs,
      decisionsMs,
      memoryMb: pssOfTree(host.status.pid!) / 1e6,
      joulesPerDecision: joules === undefined ? undefined : joules / options.decisions,
    };
  } finally {
    await host.stop();
  }
}

function chat(maxTokens: number): ChatRequest {
  const messages = [{ role: 'user' as const, content: 'Tell me about the house.' }];
  return { messages, maxTokens, temperature: 0, topP: 1, stop: [] };
}
