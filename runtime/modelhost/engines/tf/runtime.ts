import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { messageOf } from '../../../errors.ts';

export interface TfLibraries {
  readonly core: typeof import('@tensorflow/tfjs-core');
  readonly layers: typeof import('@tensorflow/tfjs-layers');
  readonly converter: typeof import('@tensorflow/tfjs-converter');
}

/** `tensorflow`: libtensorflow through @tensorflow/tfjs-node. `wasm`: SIMD on one thread. `cpu`: plain JavaScript, every operation. */
export type TfBackend = 'tensorflow' | 'wasm' | 'cpu';

/** Not in the lock file: it is large, builds or downloads native parts when it is installed, and few boards can. */
const NATIVE_PACKAGE: string = '@tensorflow/tfjs-node';

/** The library, its backends and the right to use it: one model at a time, because the chosen backend is global to it. */
export class TfRuntime {
  readonly libraries: TfLibraries;
  /** Fastest first. */
  readonly backends: readonly TfBackend[];
  /** Why libtensorflow is not among the backends; undefined if it is, or if it is simply not installed. */
  readonly nativeProblem: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(libraries: TfLibraries, backends: readonly TfBackend[], nativeProblem: string | undefined) {
    this.libraries = libraries;
    this.backends = backends;
    this.nativeProblem = nativeProblem;
  }

  /** Runs `work` with that backend chosen, after everything that was asked for before. Throws what it throws. */
  async on<T>(backend: TfBackend, work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const { core } = this.libraries;
      // All of them have been started before: this only points at one.
      if (core.getBackend() !== backend) await core.setBackend(backend);
      return work();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/**
 * Imports TensorFlow.js: its core, both model formats and two backends, not the whole of `@tensorflow/tfjs`, which is two
 * and a half times as large. libtensorflow joins them where @tensorflow/tfjs-node is installed and loads.
 */
export async function loadTf(importNative = nativeImport()): Promise<TfRuntime> {
  const listeners = processListeners();
  const core = await import('@tensorflow/tfjs-core');
  // Silences advice to install tfjs-node and warnings for developers of the library.
  core.env().set('PROD', true);
  const [layers, converter, wasm] = await Promise.all([
    import('@tensorflow/tfjs-layers'),
    import('@tensorflow/tfjs-converter'),
    import('@tensorflow/tfjs-backend-wasm'),
    import('@tensorflow/tfjs-backend-cpu'),
  ]);
  // Without a path it would look for its binaries on a CDN or in the working folder.
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(dirname(entry) + sep);
  const starts = async (backend: TfBackend): Promise<boolean> => {
    try {
      return await core.setBackend(backend);
    } catch {
      // An old processor without the needed instructions, or a removed file: the next one does the same, more slowly.
      return false;
    }
  };
  let nativeProblem: string | undefined;
  try {
    await importNative?.();
  } catch (error) {
    nativeProblem = messageOf(error).split('\n')[0]!.slice(0, 200);
  }
  const backends: TfBackend[] = [];
  if (importNative !== undefined && nativeProblem === undefined) {
    if (await starts('tensorflow')) backends.push('tensorflow');
    else nativeProblem = 'its backend did not start';
  }
  if (await starts('wasm')) backends.push('wasm');
  backends.push('cpu');
  // Emscripten's handlers rethrow what nobody caught, which would hide where it came from.
  for (const [event, before] of listeners) {
    for (const added of process
      .listeners(event as 'uncaughtException')
      .filter((one) => !before.includes(one)))
      process.removeListener(event, added);
  }
  return new TfRuntime({ core, layers, converter }, backends, nativeProblem);
}

function processListeners(): readonly (readonly [string, readonly unknown[]])[] {
  return ['uncaughtException', 'unhandledRejection'].map(
    (event) => [event, process.listeners(event as 'uncaughtException')] as const,
  );
}

/** Imports libtensorflow's package; undefined where it is not installed. */
function nativeImport(): (() => Promise<unknown>) | undefined {
  try {
    createRequire(import.meta.url).resolve(NATIVE_PACKAGE);
  } catch {
    return undefined;
  }
  return () => import(NATIVE_PACKAGE);
}
