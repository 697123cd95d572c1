import type { KvType } from '../../runtime/contract/engine.ts';
import type { HostProbe } from './probe.ts';

export type ProfileId =
  | 'pi-zero-2'
  | 'pi-3'
  | 'pi-4'
  | 'pi-5'
  | 'jetson-nano'
  | 'jetson-orin-nano'
  | 'jetson-orin-agx'
  | 'generic';

/** How fast a board moves and multiplies numbers: what the speed of a model is estimated from. */
export interface BoardSpeed {
  /** Memory read per second while a model writes tokens, GB/s. Undefined: nothing is known about this machine. */
  readonly memoryGBs?: number;
  /** Arithmetic while a prompt is read, GFLOP/s (two per weight and token). */
  readonly promptGflops?: number;
  /** Where the two come from, in words. */
  readonly source: string;
}

/** What a kind of board is good for: where `init` starts from before anything is measured. */
export interface Profile {
  readonly id: ProfileId;
  readonly name: string;
  /** Threads for the model: never all cores, the main loop needs one. */
  readonly modelThreads: number;
  /** Workers of the action pool. */
  readonly poolThreads: number;
  /** Memory a model may take with its context, bytes; 0: no language model here. */
  readonly modelBytes: number;
  /** Layers of a model to put on the GPU: 0 none, 999 all. */
  readonly gpuLayers: number;
  /** Tokens of context that make sense in that memory. */
  readonly contextTokens: number;
  /** Tokens per decode call: a call cannot be interrupted, so slow boards take small ones. */
  readonly batchTokens: number;
  readonly kvType: KvType;
  readonly speed: BoardSpeed;
  /** One sentence for people. */
  readonly advice: string;
}

interface Known {
  readonly id: Exclude<ProfileId, 'generic'>;
  readonly name: string;
  readonly matches: RegExp;
  readonly modelThreads: number;
  /** Share of the usable memory a model may take. */
  readonly modelShare: number;
  readonly gpuLayers: number;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly kvType: KvType;
  readonly speed: BoardSpeed;
  readonly advice: string;
}

/**
 * Memory buses are given by the makers as peaks (width × rate). What llama.cpp reaches of them was published for the two
 * boards people measure most; for the others the same share is taken and said to be an estimate.
 *
 * - Pi 5: 32 bit × LPDDR4X-4267 = 17.1 GB/s peak. Published: TinyLlama 1.1B Q8_0 (1.17 GB) writes 9 tokens/s and reads a
 *   prompt at 35–45 tokens/s (J. Tunney, "LLaMA Now Goes Faster on CPUs", 2024); Llama 3.2 3B Q4_K_M (2.02 GB) writes
 *   5.5 tokens/s (geerlingguy/ai-benchmarks, issue 24). Both: 10.5–11 GB/s, 62 % of the peak; 77–99 GFLOP/s.
 * - Pi 4: 32 bit × LPDDR4-3200 = 12.8 GB/s peak. Published: TinyLlama 1.1B Q8_0 writes 3 tokens/s and reads 10 (Tunney);
 *   Qwen 1.8B Q4_0 (1.1 GB) writes 3.05 (aidatatools/ollama-benchmark, pull request 9). Both: 3.4 GB/s, 27 %; 22 GFLOP/s.
 * - Pi 3, Zero 2: 32 bit × LPDDR2-900 = 3.6 GB/s peak, half of it taken; arithmetic as the Pi 4's by clock, halved,
 *   because a Cortex-A53 has half the vector width of an A72.
 * - Jetson, peaks by NVIDIA's data sheets. Nano: 25.6 GB/s; its processor works, so the Pi 4's share, and the Pi 4's
 *   arithmetic by clock. Orin Nano 8 GB: 68 GB/s (102 in its "Super" mode), AGX Orin: 204.8 GB/s; 60 % of it taken, and a
 *   quarter of their dense 8-bit rate (20 and 138 TOPS), because quantized weights are unpacked first.
 */
const KNOWN: readonly Known[] = [
  {
    id: 'pi-zero-2',
    name: 'Raspberry Pi Zero 2 W',
    matches: /raspberry pi zero 2|raspberrypi,model-zero-2/i,
    modelThreads: 2,
    modelShare: 0.1,
    gpuLayers: 0,
    contextTokens: 512,
    batchTokens: 16,
    kvType: 'q8_0',
    speed: { memoryGBs: 1.8, promptGflops: 7, source: 'estimated from the data sheet' },
    advice: 'Rules, trees and the embedded model only: 512 MB leave no room for a language model.',
  },
  {
    id: 'pi-3',
    name: 'Raspberry Pi 3',
    matches: /raspberry pi (?:compute module )?3|raspberrypi,3/i,
    modelThreads: 3,
    modelShare: 0.25,
    gpuLayers: 0,
    contextTokens: 1024,
    batchTokens: 16,
    kvType: 'q8_0',
    speed: { memoryGBs: 1.8, promptGflops: 9, source: 'estimated from the data sheet' },
    advice: 'The embedded model or one of at most 200 MB; a heat sink keeps it from slowing down.',
  },
  {
    id: 'pi-4',
    name: 'Raspberry Pi 4',
    matches: /raspberry pi (?:compute module )?4|raspberrypi,4/i,
    modelThreads: 3,
    modelShare: 0.4,
    gpuLayers: 0,
    contextTokens: 2048,
    batchTokens: 32,
    kvType: 'f16',
    speed: { memoryGBs: 3.4, promptGflops: 22, source: 'published measurements of this board' },
    advice:
      'A 0.5B model in Q4_K_M answers in seconds; the journal is better kept on an SSD than on the SD card.',
  },
  {
    id: 'pi-5',
    name: 'Raspberry Pi 5',
    matches: /raspberry pi (?:compute module )?5|raspberrypi,5/i,
    modelThreads: 3,
    modelShare: 0.5,
    gpuLayers: 0,
    contextTokens: 4096,
    batchTokens: 64,
    kvType: 'f16',
    speed: { memoryGBs: 10.5, promptGflops: 80, source: 'published measurements of this board' },
    advice: 'A 1.5B model in Q4_K_M fits from 4 GB; use the active cooler, or long prompts slow it down.',
  },
  // AGX Orin before Orin Nano before Nano: the names contain one another.
  {
    id: 'jetson-orin-agx',
    name: 'NVIDIA Jetson AGX Orin',
    matches: /agx orin|nvidia,p3701/i,
    modelThreads: 6,
    modelShare: 0.5,
    gpuLayers: 999,
    contextTokens: 8192,
    batchTokens: 512,
    kvType: 'f16',
    speed: { memoryGBs: 123, promptGflops: 34_000, source: 'estimated from the data sheet' },
    advice: 'Models up to 8B in Q4_K_M run on the GPU; choose the power mode with nvpmodel.',
  },
  {
    id: 'jetson-orin-nano',
    name: 'NVIDIA Jetson Orin Nano or NX',
    matches: /orin n(?:ano|x)|nvidia,p3767/i,
    modelThreads: 4,
    modelShare: 0.45,
    gpuLayers: 999,
    contextTokens: 4096,
    batchTokens: 512,
    kvType: 'f16',
    speed: { memoryGBs: 41, promptGflops: 5000, source: 'estimated from the data sheet' },
    advice: 'Models up to 3B in Q4_K_M run on the GPU, which shares the memory with everything else.',
  },
  {
    id: 'jetson-nano',
    name: 'NVIDIA Jetson Nano',
    matches: /jetson nano|nvidia,p3450|nvidia,p3448/i,
    modelThreads: 3,
    modelShare: 0.35,
    gpuLayers: 0,
    contextTokens: 2048,
    batchTokens: 32,
    kvType: 'f16',
    speed: { memoryGBs: 7, promptGflops: 21, source: 'estimated from the data sheet' },
    advice: 'Its CUDA is too old for current builds: a 0.5B model on the CPU.',
  },
];

const MIN_MODEL_BYTES = 40 * 1024 * 1024;

/** The profile of a board; a sound guess from cores, memory and instruction set for one that is not known. */
export function profileOf(probe: HostProbe): Profile {
  const { board, cpu, memory } = probe;
  const words = `${board.model} ${board.compatible.join(' ')}`;
  const known = KNOWN.find(({ matches }) => matches.test(words));
  // One core stays free for the main loop: with all taken, every token waits for it.
  const spare = Math.max(1, cpu.cores - 1);
  const modelBytes = budget(memory.usableBytes, known?.modelShare ?? 0.4, memory.availableBytes);
  const card = probe.accelerators.some(({ backend }) => backend !== undefined);
  return {
    id: known?.id ?? 'generic',
    name: known?.name ?? (board.model === 'unknown' ? cpu.model : board.model),
    modelThreads: Math.min(known?.modelThreads ?? genericThreads(probe), spare),
    poolThreads: cpu.cores >= 4 ? 2 : 1,
    modelBytes,
    gpuLayers: known?.gpuLayers ?? (card ? 999 : 0),
    contextTokens: known?.contextTokens ?? (modelBytes >= 1e9 ? 4096 : 2048),
    batchTokens: known?.batchTokens ?? (card ? 512 : 128),
    kvType: known?.kvType ?? 'f16',
    speed: known?.speed ?? genericSpeed(probe),
    advice: known?.advice ?? 'This board is not in the table: measure with `ganglion model tune`.',
  };
}

/** Little cores hold the big ones up, since every layer waits for the slowest thread; so do two threads on one core. */
function genericThreads({ cpu }: HostProbe): number {
  const fast = cpu.clusters[0]?.cores ?? cpu.physicalCores;
  return Math.max(1, Math.min(8, fast, cpu.physicalCores));
}

/** Single-precision operations per core and cycle by instruction set: lanes × 2 units × 2 for the multiply-add. */
function flopsPerCycle(features: readonly string[]): number {
  if (features.includes('avx512f')) return 64;
  if (features.includes('avx2')) return 32;
  if (features.includes('asimddp')) return 16;
  return features.some((name) => name === 'asimd' || name === 'neon' || name === 'avx') ? 8 : 4;
}

/** Of the arithmetic a processor could do, what reading a prompt reaches: half, as on the boards that were measured. */
const PROMPT_SHARE = 0.5;

/** Arithmetic by clock and instruction set. Memory speed cannot be told from what the kernel says: it is measured. */
function genericSpeed({ cpu, accelerators }: HostProbe): BoardSpeed {
  const mhz = cpu.clusters[0]?.maxMHz;
  const graphics = accelerators.some(({ backend }) => backend !== undefined);
  if (mhz === undefined || graphics) return { source: 'nothing is known about this machine' };
  const gflops = cpu.physicalCores * (mhz / 1000) * flopsPerCycle(cpu.features) * PROMPT_SHARE;
  return { promptGflops: gflops, source: 'estimated from clock and instruction set' };
}

/** A share of the memory, and never more than is free now less room for the daemon itself. */
function budget(usableBytes: number, share: number, availableBytes: number): number {
  const daemonBytes = 160 * 1024 * 1024;
  const free = availableBytes > 0 ? availableBytes - daemonBytes : Infinity;
  const bytes = Math.floor(Math.min(usableBytes * share, free));
  return bytes >= MIN_MODEL_BYTES ? bytes : 0;
}
