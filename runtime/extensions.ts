import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Actuator, Tool } from './contract/actuator.ts';
import type { Decoder } from './contract/decoder.ts';
import type { Extension } from './contract/extension.ts';
import type { Rung } from './contract/rung.ts';
import type { Source } from './contract/source.ts';
import { GanglionError, messageOf } from './errors.ts';

/** All that extension modules brought, with the module each came from. */
export interface Extensions {
  readonly sources: readonly Source[];
  readonly decoders: readonly Decoder[];
  readonly rungs: readonly Rung[];
  readonly actuators: ReadonlyMap<string, { readonly module: string; readonly actuator: Actuator }>;
  readonly tools: ReadonlyMap<string, { readonly module: string; readonly tool: Tool }>;
  /** Modules that bring engines: the model host process loads them itself. */
  readonly engineModules: readonly string[];
}

/**
 * Imports the modules named under `extensions:`. They are trusted code. One that cannot be used is reported and left
 * out; the others load.
 */
export async function loadExtensions(
  modules: readonly string[],
  onProblem: (error: GanglionError) => void,
): Promise<Extensions> {
  const sources: Source[] = [];
  const decoders: Decoder[] = [];
  const rungs: Rung[] = [];
  const actuators = new Map<string, { module: string; actuator: Actuator }>();
  const tools = new Map<string, { module: string; tool: Tool }>();
  const engineModules: string[] = [];
  for (const module of modules) {
    try {
      const extension = await importExtension(module);
      sources.push(...checked(module, 'sources', extension.sources, ['name', 'start', 'stop']));
      decoders.push(...checked(module, 'decoders', extension.decoders, ['dialect', 'topics', 'decode']));
      rungs.push(...checked(module, 'rungs', extension.rungs, ['name', 'decide']));
      for (const actuator of checked(module, 'actuators', extension.actuators, ['name', 'perform']))
        actuators.set(actuator.name, { module, actuator });
      for (const tool of checked(module, 'tools', extension.tools, [
        'name',
        'description',
        'parameters',
        'run',
      ]))
        tools.set(tool.name, { module, tool });
      if (checked(module, 'engines', extension.engines, ['name', 'accepts', 'load']).length > 0)
        engineModules.push(module);
    } catch (error) {
      onProblem(
        error instanceof GanglionError
          ? error
          : new GanglionError(
              'EXTENSION_INVALID',
              { module, reason: `it cannot be loaded: ${messageOf(error)}` },
              { cause: error },
            ),
      );
    }
  }
  return { sources, decoders, rungs, actuators, tools, engineModules };
}

async function importExtension(module: string): Promise<Extension> {
  const loaded = (await import(isAbsolute(module) ? pathToFileURL(module).href : module)) as {
    default?: unknown;
  };
  const extension = loaded.default;
  if (typeof extension !== 'object' || extension === null) {
    throw new GanglionError('EXTENSION_INVALID', {
      module,
      reason: extension === undefined ? 'it has none' : `it is a ${typeof extension}`,
    });
  }
  return extension as Extension;
}

/** Every listed part with the members its interface asks for. */
function checked<T extends object>(
  module: string,
  list: string,
  parts: readonly T[] | undefined,
  members: readonly (keyof T & string)[],
): readonly T[] {
  if (parts === undefined) return [];
  if (!Array.isArray(parts))
    throw new GanglionError('EXTENSION_INVALID', { module, reason: `its ${list} are no list` });
  for (const [i, part] of parts.entries()) {
    const missing = members.find((member) => (part as T | undefined)?.[member] === undefined);
    if (missing !== undefined)
      throw new GanglionError('EXTENSION_INVALID', { module, reason: `its ${list}[${i}] has no ${missing}` });
  }
  return parts;
}
