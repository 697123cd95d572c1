import { HostFiles } from './files.ts';
import { memoryOf, memoryPressureOf, type Memory, type MemoryPressure } from './memory.ts';
import { thermalOf, type Thermal } from './thermal.ts';

/** What changes by the second: how warm the board is, whether it slows itself down, and how much memory is left. */
export interface Vitals {
  readonly thermal: Thermal;
  readonly memory: Memory;
  /** Absent where the kernel does not tell. */
  readonly pressure?: MemoryPressure;
}

/** A dozen small reads, about a millisecond: meant to be called every few seconds. Never fails. */
export function lookAtVitals(fsRoot = '/'): Vitals {
  const files = new HostFiles(fsRoot);
  const pressure = memoryPressureOf(files);
  return {
    thermal: thermalOf(files),
    memory: memoryOf(files),
    ...(pressure === undefined ? {} : { pressure }),
  };
}
