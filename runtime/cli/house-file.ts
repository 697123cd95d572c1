import { createRegistry } from '../../devices/index.ts';
import type { House } from '../contract/house.ts';
import { GanglionError } from '../errors.ts';
import { systemClock } from '../lib/clock.ts';

/** The house that a parsed house.yaml describes. Throws CONFIG_INVALID with everything that is wrong in it. */
export function houseFromFile(file: string, content: unknown): House {
  const registry = createRegistry({ houseFile: content, clock: systemClock });
  const problems = registry.problems();
  if (problems.length > 0) {
    throw new GanglionError('CONFIG_INVALID', {
      file,
      problems: problems.map(({ where, message }) => `${where}: ${message}`),
    });
  }
  return registry;
}
