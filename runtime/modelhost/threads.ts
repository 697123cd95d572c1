import { availableParallelism } from 'node:os';

/**
 * CPU threads for a model unless the configuration says otherwise: all cores but one, at most 4.
 * A model that takes every core starves the main loop, and its own threads wait for the one that was pushed aside.
 */
export function defaultThreads(cores = availableParallelism()): number {
  return Math.min(4, Math.max(1, cores - 1));
}

/** Never all cores, however many are asked for. */
export function boundedThreads(wanted: number, cores = availableParallelism()): number {
  return Math.max(1, Math.min(Math.floor(wanted), cores - 1));
}
