export { PAYLOAD_LIMITS, openPayload, parseJson, payloadText, type PayloadLimits } from './decode/payload.ts';
export { filterChain, type FilterChain, type FilterOptions, type HeldBack } from './filter/chain.ts';
export { Deadband, type DeadbandOptions } from './filter/deadband.ts';
export { fuseRedundant, type RedundantFusion, type RedundantSpec } from './fuse/redundant.ts';
export { StateStore, type StateCounters, type StateStoreOptions } from './fuse/state.ts';
export { MqttSource, type MqttCounters, type MqttSourceOptions } from './sources/mqtt.ts';
export type { Publication } from './sources/mqtt-outbox.ts';
export { HostSource, type HostSourceOptions } from './sources/host.ts';
export { ReplaySource, type ReplaySourceOptions } from './sources/replay.ts';
