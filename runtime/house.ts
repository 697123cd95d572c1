import { createRegistry } from '../devices/index.ts';
import type { HouseRegistry } from '../devices/index.ts';
import type { Config } from './config/load.ts';
import { readYaml } from './config/load.ts';
import { discoveryOptions } from './connect.ts';
import type { Log } from './contract/log.ts';
import type { Clock } from './contract/time.ts';
import { isGanglionError } from './errors.ts';
import type { Journal } from './journal/journal.ts';
import type { ProblemDesk } from './problems.ts';

const MAPPING = 'house';

/** The house as house.yaml, discovery and the last run know it. A house.yaml that cannot be read is a problem, not an end. */
export function openHouse(parts: {
  config: Config;
  journal: Journal;
  clock: Clock;
  log: Log;
  problems: ProblemDesk;
}): HouseRegistry {
  const { config, journal, clock, log, problems } = parts;
  const houseFile = readHouse(config, problems);
  const house = createRegistry({
    ...discoveryOptions(config),
    ...(houseFile === undefined ? {} : { houseFile }),
    store: {
      load: () => journal.decisions.document(MAPPING),
      save: (mapping) => journal.saveDocument(MAPPING, mapping),
    },
    clock,
    log,
  });
  reportHouse(house, problems);
  return house;
}

/** Says what discovery or house.yaml could not make sense of; the rest of the house stands. */
export function reportHouse(house: HouseRegistry, problems: ProblemDesk): void {
  for (const { where, message } of house.problems())
    problems.say('HOUSE_PROBLEM', where, `${where}: ${message}`);
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
