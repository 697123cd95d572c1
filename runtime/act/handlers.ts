import { dirname, resolve } from 'node:path';
import type { Extensions } from '../extensions.ts';
import type { DispatcherOptions } from './dispatcher.ts';
import { TOOL_DIALECT } from './interlocks.ts';

/**
 * Finds the module that carries a job out: a tool, an actuator of an extension, or the handler an entity names.
 * @param houseFile modules that house.yaml names by a relative path are found from its folder
 */
export function handlerFinder(
  extensions: Extensions,
  houseFile: string | undefined,
): DispatcherOptions['handlerFor'] {
  return ({ target }) => {
    const { dialect, address } = target;
    if (dialect === TOOL_DIALECT) {
      const name = String(address['name']);
      const tool = extensions.tools.get(name);
      return tool === undefined ? undefined : { module: tool.module, name, batch: false };
    }
    if (dialect === 'handler') {
      const name = address['handler'];
      const module = String(address['module']);
      return {
        module: module.startsWith('.') ? resolve(dirname(houseFile ?? ''), module) : module,
        name: typeof name === 'string' ? name : undefined,
        batch: false,
      };
    }
    const actuator = extensions.actuators.get(dialect);
    return actuator === undefined
      ? undefined
      : { module: actuator.module, name: dialect, batch: actuator.actuator.batch === true };
  };
}
