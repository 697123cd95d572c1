/** The face of `devices`: what the rest of the runtime may import. */
export { effectOf, simulate, type EffectTarget } from './simulator/effects.ts';
export { SimulatedHouse, type Publish, type SimulatedHouseOptions } from './simulator/house.ts';
export {
  runSimulator,
  type RunningSimulator,
  type SimulatorClient,
  type SimulatorOptions,
} from './simulator/run.ts';
