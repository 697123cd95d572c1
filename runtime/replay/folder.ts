import { createRegistry } from '../../devices/index.ts';
import { readYaml } from '../config/load.ts';
import type { Config } from '../config/load.ts';
import { discoveryOptions } from '../connect.ts';
import type { House } from '../contract/house.ts';
import { HOUSE_DOCUMENT } from '../house.ts';
import { Archive } from '../journal/archive.ts';
import { systemClock } from '../lib/clock.ts';
import { JournalRecording } from './journal-recording.ts';
import type { Recording } from './recording.ts';

/** What a data folder tells of the past. */
export interface Past {
  readonly house: House;
  readonly recording: Recording;
  close(): void;
}

/**
 * Opens the data folder of a configuration, read only; a daemon may be using it. The house is the one the daemon knew last.
 * @throws GanglionError JOURNAL_ABSENT, JOURNAL_UNREADABLE, JOURNAL_CORRUPT, CONFIG_UNREADABLE, CONFIG_SYNTAX
 */
export function openPast(config: Config): Past {
  const archive = new Archive(config.data);
  try {
    const house = createRegistry({
      ...discoveryOptions(config),
      ...(config.house === undefined ? {} : { houseFile: readYaml(config.house) }),
      store: { load: () => archive.document(HOUSE_DOCUMENT), save: () => {} },
      clock: systemClock,
    });
    return { house, recording: new JournalRecording(archive), close: () => archive.close() };
  } catch (error) {
    archive.close();
    throw error;
  }
}
