import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Engine } from '../../contract/engine.ts';
import type { Extension } from '../../contract/extension.ts';
import { GanglionError, messageOf } from '../../errors.ts';

/** The engines of a user's extension module: an absolute path or a package name. Throws EXTENSION_INVALID. */
export async function loadExtensionEngines(module: string): Promise<readonly Engine[]> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(isAbsolute(module) ? pathToFileURL(module).href : module)) as typeof loaded;
  } catch (error) {
    throw new GanglionError('EXTENSION_INVALID', { module, reason: messageOf(error) }, { cause: error });
  }
  const extension = loaded.default as Partial<Extension> | null | undefined;
  const engines = extension?.engines ?? [];
  const broken = engines.find(
    (engine) => typeof engine.load !== 'function' || typeof engine.accepts !== 'function',
  );
  if (broken !== undefined) {
    throw new GanglionError('EXTENSION_INVALID', {
      module,
      reason: `its engine ${broken.name} lacks load or accepts`,
    });
  }
  return engines;
}
