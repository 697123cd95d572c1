export { StateStore, type StateCounters, type StateStoreOptions } from './fuse/state.ts';
