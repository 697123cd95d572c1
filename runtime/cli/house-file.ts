import { createRegistry, type HouseRegistry } from '../../devices/index.ts';
import type { House } from '../contract/house.ts';
import { GanglionError } from '../errors.ts';
import { systemClock } from '../lib/clock.ts';

/** The house that a parsed house.yaml describes. Throws CONFIG_INVALID with everything that is wrong in it. */
export function houseFromFile(file: string, content: unknown): House {
  return houseOfRegistry(file, createRegistry({ houseFile: content, clock: systemClock }));
}

/** The same of a registry that has just read the file. Throws CONFIG_INVALID. */
export function houseOfRegistry(file: string, registry: HouseRegistry): House {
  const problems = registry.problems();
  if (problems.length === 0) return registry;
  throw new GanglionError('CONFIG_INVALID', {
    file,
    problems: problems.map(({ where, message }) => `${where}: ${message}`),
  });
}
