import type { PolicyFile, ToolSignature } from '../../policies/index.ts';
import type { Config } from '../config/load.ts';
import type { House } from '../contract/house.ts';
import type { Recording } from './recording.ts';
import type { ReplayFiring, ReplayResult } from './result.ts';

/** What of the configuration decides what policies do. */
export type ReplaySettings = Pick<Config, 'site' | 'fuse' | 'limits'>;

export interface ReplayOptions {
  /** Texts of policies; all of them run side by side, drafts too. */
  readonly files: readonly PolicyFile[];
  /** Only these are reported on; the others run for the sake of conflicts, priorities and vetoes. Default: all. */
  readonly about?: readonly string[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  readonly recording: Recording;
  /** Wall clock, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** So long before `fromMs` the engine starts, so that windows, `for` and cooldowns have their past. Default: what the policies need, a day at most. */
  readonly warmupMs?: number;
  /** Opposite calls of two policies on one entity within this time are a conflict. Default 60 s. */
  readonly conflictMs?: number;
  /** Firings shown in full for each policy. Default 5. */
  readonly examples?: number;
  /** Told of every firing, also beyond the examples. */
  readonly onFiring?: (firing: ReplayFiring) => void;
  /** Told now and then how far it is, 0–1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs policies over recorded readings, by the same engine and the clock of the recording: what would they have done?
 * Readings stay as they were, whatever the policies would have done about them. Gives way to others every few
 * milliseconds, so it may run inside of a daemon.
 *
 * @throws GanglionError TIMEZONE_UNKNOWN, FUSION_INVALID; the signal's reason when it is aborted
 */
export declare function replayPolicies(options: ReplayOptions): Promise<ReplayResult>;
