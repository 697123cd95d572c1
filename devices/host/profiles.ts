import type { HostProbe } from './probe.ts';

/** What a kind of board is good for: where `init` starts from before anything is measured. */
export interface Profile {
  readonly id:
    | 'pi-zero-2'
    | 'pi-3'
    | 'pi-4'
    | 'pi-5'
    | 'jetson-nano'
    | 'jetson-orin-nano'
    | 'jetson-orin-agx'
    | 'generic';
  readonly name: string;
  /** Threads for the model: never all cores, the main loop needs one. */
  readonly modelThreads: number;
  /** Workers of the action pool. */
  readonly poolThreads: number;
  /** Memory a model may take, bytes; 0: no language model here. */
  readonly modelBytes: number;
  /** Layers of a model to put on the GPU: 0 none, 999 all. */
  readonly gpuLayers: number;
  /** One sentence for people. */
  readonly advice: string;
}

interface Known {
  readonly id: Profile['id'];
  readonly name: string;
  readonly matches: RegExp;
  readonly modelThreads: number;
  /** Share of the usable memory a model may take. */
  readonly modelShare: number;
  readonly gpuLayers: number;
  readonly advice: string;
}

/** Orin AGX before Orin Nano before Nano: the names contain one another. */
const KNOWN: readonly Known[] = [
  {
    id: 'pi-zero-2',
    name: 'Raspberry Pi Zero 2 W',
    matches: /raspberry pi zero 2|raspberrypi,model-zero-2/i,
    modelThreads: 2,
    modelShare: 0.1,
    gpuLayers: 0,
    advice: 'Rules, trees and the embedded model only: 512 MB leave no room for a language model.',
  },
  {
    id: 'pi-3',
    name: 'Raspberry Pi 3',
    matches: /raspberry pi (?:compute module )?3|raspberrypi,3/i,
    modelThreads: 3,
    modelShare: 0.25,
    gpuLayers: 0,
    advice: 'The embedded model or one of at most 200 MB; a heat sink keeps it from slowing down.',
  },
  {
    id: 'pi-4',
    name: 'Raspberry Pi 4',
    matches: /raspberry pi (?:compute module )?4|raspberrypi,4/i,
    modelThreads: 3,
    modelShare: 0.4,
    gpuLayers: 0,
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
    advice: 'A 1.5B model in Q4_K_M fits from 4 GB; use the active cooler, or long prompts slow it down.',
  },
  {
    id: 'jetson-orin-agx',
    name: 'NVIDIA Jetson AGX Orin',
    matches: /agx orin|nvidia,p3701/i,
    modelThreads: 6,
    modelShare: 0.5,
    gpuLayers: 999,
    advice: 'Models up to 8B in Q4_K_M run on the GPU; choose the power mode with nvpmodel.',
  },
  {
    id: 'jetson-orin-nano',
    name: 'NVIDIA Jetson Orin Nano or NX',
    matches: /orin n(?:ano|x)|nvidia,p3767/i,
    modelThreads: 4,
    modelShare: 0.45,
    gpuLayers: 999,
    advice: 'Models up to 3B in Q4_K_M run on the GPU, which shares the memory with everything else.',
  },
  {
    id: 'jetson-nano',
    name: 'NVIDIA Jetson Nano',
    matches: /jetson nano|nvidia,p3450|nvidia,p3448/i,
    modelThreads: 3,
    modelShare: 0.35,
    gpuLayers: 0,
    advice: 'Its CUDA is too old for current builds: a 0.5B model on the CPU.',
  },
];

const MIN_MODEL_BYTES = 40 * 1024 * 1024;

/** The profile of a board; a sound guess from cores and memory for one that is not known. */
export function profileFor(probe: HostProbe): Profile {
  const { board, cpu, memory } = probe;
  const words = `${board.model} ${board.compatible.join(' ')}`;
  const known = KNOWN.find(({ matches }) => matches.test(words));
  // One core stays free for the main loop: with all taken, every token waits for it.
  const spare = Math.max(1, cpu.cores - 1);
  const modelBytes = budget(memory.usableBytes, known?.modelShare ?? 0.4, memory.availableBytes);
  return {
    id: known?.id ?? 'generic',
    name: known?.name ?? board.model,
    modelThreads: Math.min(known?.modelThreads ?? 8, spare),
    poolThreads: cpu.cores >= 4 ? 2 : 1,
    modelBytes,
    gpuLayers: known?.gpuLayers ?? (probe.accelerators.some(({ kind }) => kind === 'nvidia') ? 999 : 0),
    advice: known?.advice ?? 'This board is not in the table: measure with `ganglion model tune`.',
  };
}

/** A share of the memory, and never more than is free now less room for the daemon itself. */
function budget(usableBytes: number, share: number, availableBytes: number): number {
  const daemonBytes = 160 * 1024 * 1024;
  const free = availableBytes > 0 ? availableBytes - daemonBytes : Infinity;
  const bytes = Math.floor(Math.min(usableBytes * share, free));
  return bytes >= MIN_MODEL_BYTES ? bytes : 0;
}
