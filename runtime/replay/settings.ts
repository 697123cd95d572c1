import type { Config } from '../config/load.ts';

/** What of the configuration decides what policies do. */
export type ReplaySettings = Pick<Config, 'site' | 'fuse' | 'limits'>;
