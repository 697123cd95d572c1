import type { ActionRecord } from '../contract/api.ts';
import type { Log } from '../contract/log.ts';
import type { Reading } from '../contract/reading.ts';
import type { Clock } from '../contract/time.ts';
import type { GanglionError } from '../errors.ts';
import type { LogFiles } from './write-ahead-log.ts';

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepMs: number;
  readonly maxBytes: number;
  /** Told when writing stops working, with the error, and when it works again, with undefined. */
  readonly onHealth: (error: GanglionError | undefined) => void;
  /**
   * Told what the disk holds of earlier runs where it could be opened only after `open`; without what this run knows
   * better. Comes before the word that writing works again.
   */
  readonly onRecovered?: (recovered: Recovered) => void;
  readonly files?: LogFiles;
}

/** What a start finds: the latest value of every property, and the actions nobody knows the end of. */
export interface Recovered {
  readonly latest: readonly Pick<Reading, 'key' | 'value' | 'at'>[];
  readonly unfinished: readonly ActionRecord[];
}
