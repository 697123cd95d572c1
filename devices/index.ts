export {
  createRegistry,
  type HouseRegistry,
  type RegistryLimits,
  type RegistryOptions,
} from './house/registry.ts';
export { zigbeePrefix, type DiscoveryOptions } from './house/discovery.ts';
export { readHouseFile, type Floor, type HouseDevice, type HouseFile } from './house/housefile.ts';
export type { MappingStore } from './house/mapping.ts';
export { encoderFor, ENCODED_DIALECTS } from './dialects/index.ts';
/** The face of `devices`: what the rest of the runtime may import. */
export { simulate } from './simulator/effects.ts';
export { SimulatedHouse, type Publish, type SimulatedHouseOptions } from './simulator/house.ts';
export {
  runSimulator,
  type RunningSimulator,
  type SimulatorClient,
  type SimulatorOptions,
} from './simulator/run.ts';
export { labelOf, link, type LinkOptions } from './house/linker.ts';
export { type LinkResult } from './house/linker-types.ts';
export { rank, type Ranked } from './house/linker-rank.ts';
export { gist } from './house/linker-gist.ts';
export { type Gist } from './house/linker-intent.ts';
export { type LinkableHouse } from './house/linker-index.ts';
export { probeHost, type Cpu, type Disk, type HostProbe, type ProbeProcess } from './host/probe.ts';
export { type Accelerator } from './host/accelerators.ts';
export { type Board } from './host/board.ts';
export { type Memory } from './host/memory.ts';
export { type Thermal } from './host/thermal.ts';
