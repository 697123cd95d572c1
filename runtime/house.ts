import { createRegistry } from '../devices/index.ts';
import type { HouseRegistry } from '../devices/index.ts';
import type { Config } from './config/load.ts';
import { readYaml } from './config/load.ts';
import { discoveryOptions } from './connect.ts';
import type { Clock } from './contract/time.ts';
import { isGanglionError } from './errors.ts';
import type { Journal } from './journal/journal.ts';
import type { ProblemDesk } from './problems.ts';

/** The journal's document that the house is kept in. */
export const HOUSE_DOCUMENT = 'house';

/** The house as house.yaml, discovery and the last run know it. A house.yaml that cannot be read is a problem, not an end. */
export function openHouse(parts: {
  config: Config;
  /** Of actuators of extensions. */
  dialects: readonly string[];
  journal: Journal;
  clock: Clock;
  problems: ProblemDesk;
}): HouseRegistry {
  const { config, dialects, journal, clock, problems } = parts;
  const houseFile = readHouse(config, problems);
  return createRegistry({
    ...discoveryOptions(config),
    ...(houseFile === undefined ? {} : { houseFile }),
    dialects,
    store: mappingStore(journal),
    clock,
    onProblem: ({ where, message }) => problems.say('HOUSE_PROBLEM', where, `${where}: ${message}`),
  });
}

/**
 * The house as it is kept between runs. Where the disk could not be read at the start, this run does not know what it
 * holds: it leaves that alone until the next start rather than overwrite names and devices it has never seen.
 */
function mappingStore(journal: Journal): { load(): unknown; save(mapping: unknown): void } {
  let unread = false;
  return {
    load() {
      unread = journal.volatile;
      return journal.decisions.document(HOUSE_DOCUMENT);
    },
    save(mapping) {
      if (unread && (journal.volatile || journal.decisions.document(HOUSE_DOCUMENT) !== undefined)) return;
      unread = false;
      journal.saveDocument(HOUSE_DOCUMENT, mapping);
    },
  };
}

function readHouse(config: Config, problems: ProblemDesk): unknown {
  if (config.house === undefined) return undefined;
  try {
    return readYaml(config.house);
  } catch (error) {
    if (!isGanglionError(error)) throw error;
    problems.report(error, config.house);
    return undefined;
  }
}
