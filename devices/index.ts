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
export { DIALS, type Dial } from './house/linker-command.ts';
export { labelOf, link, type LinkOptions } from './house/linker.ts';
export { type LinkResult } from './house/linker-types.ts';
export { isCommon, rank, type RankedMeaning } from './house/linker-rank.ts';
export { foreignWord, saysTooLittle, strayWord, type Pointed } from './house/linker-stray.ts';
export { clausesOf } from './house/linker-clauses.ts';
export { digitsOf } from './house/linker-words.ts';
export { singular } from './house/linker-tokenize.ts';
export { gist } from './house/linker-gist.ts';
export { type Gist } from './house/linker-intent.ts';
export { type LinkableHouse } from './house/linker-index.ts';
export { probeHost, type HostProbe, type ProbeProcess } from './host/probe.ts';
export { type Accelerator } from './host/accelerators.ts';
export { type Board } from './host/board.ts';
export { type Cpu, type CpuCluster } from './host/cpu.ts';
export { type Disk } from './host/disk.ts';
export { type Memory, type MemoryPressure } from './host/memory.ts';
export { type Power } from './host/power.ts';
export { type Thermal, type Throttle } from './host/thermal.ts';
export { openEnergyMeter, type EnergyMeter } from './host/energy.ts';
export { lookAtVitals, type Vitals } from './host/vitals.ts';
export {
  createGovernor,
  GOVERNOR_LEVELS,
  type Allowance,
  type Governor,
  type GovernorLevel,
  type GovernorState,
} from './host/governor.ts';
export { profileOf, type BoardSpeed, type Profile } from './host/profiles.ts';
export { CATALOGUE, type CatalogueModel } from './host/catalogue.ts';
export { type ContextChoice, type ModelShape } from './host/model-shape.ts';
export { measureMemoryGBs, speedMeasured } from './host/estimate.ts';
export { rankModels, type Candidate, type Ranked } from './host/recommend.ts';
export { costMs, median, type Measurement, type TuneSpec } from './host/tuner/measurement.ts';
export { COORDINATES, spaceOf, startOf, type Coordinate, type TuneSpace } from './host/tuner/space.ts';
export { searchSettings, type SearchResult, type SearchStep, type Trial } from './host/tuner/search.ts';
export {
  boardKey,
  identityOf,
  measuredHere,
  readTuning,
  tunedSpec,
  tuningFile,
  writeTuning,
  type TuningRecord,
} from './host/tuner/record.ts';
