import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { GanglionError, messageOf } from '../../runtime/errors.ts';

/**
 * llama.cpp's quantizer, out of the libraries node-llama-cpp ships, called through koffi.
 * Only the quantizer's worker process imports this file: a crash in here ends that process.
 */
export interface QuantizeLibrary {
  /** Resolves to 0 when `output` is written, otherwise what went wrong has been logged. */
  quantize(input: string, output: string, options: NativeOptions): Promise<number>;
}

export interface NativeOptions {
  readonly ftype: number;
  readonly threads: number;
  readonly allowRequantize: boolean;
  /** Bytes of tensor rows kept in memory at once. */
  readonly bufferBytes: number;
}

/** `level`: ggml's, 4 is an error, 5 continues the line before. */
export type NativeLog = (level: number, text: string) => void;

/** `struct llama_model_quantize_params` of llama.h, in order. */
const PARAMS = {
  nthread: 'int32_t',
  ftype: 'int32_t',
  output_tensor_type: 'int32_t',
  token_embedding_type: 'int32_t',
  allow_requantize: 'bool',
  quantize_output_tensor: 'bool',
  only_copy: 'bool',
  pure: 'bool',
  keep_split: 'bool',
  dry_run: 'bool',
  imatrix: 'void *',
  kv_overrides: 'void *',
  tt_overrides: 'void *',
  prune_layers: 'void *',
  max_buf_size: 'uint64_t',
} as const;

/** What `llama_model_quantize_default_params` of the library we were written for returns. */
const DEFAULTS: Readonly<Record<keyof typeof PARAMS, number | boolean | null>> = {
  nthread: 0,
  ftype: 7,
  output_tensor_type: 43,
  token_embedding_type: 43,
  allow_requantize: false,
  quantize_output_tensor: true,
  only_copy: false,
  pure: false,
  keep_split: false,
  dry_run: false,
  imatrix: null,
  kv_overrides: null,
  tt_overrides: null,
  prune_layers: null,
  max_buf_size: 8 * 2 ** 30,
};

/** Throws QUANTIZE_LIBRARY where the library is missing, does not load or is not the one we know. */
export function loadQuantizeLibrary(log: NativeLog): QuantizeLibrary {
  const folder = binariesFolder();
  try {
    // Each one needs the symbols of the one before.
    koffi.load(find(folder, /^(lib)?ggml-base\.(so|dylib|dll)$/), { global: true });
    koffi.load(find(folder, /^(lib)?ggml(\.v?[\d.]+)?\.(so|dylib|dll)$/), { global: true });
    const llama = koffi.load(find(folder, /^(lib)?llama(\.v?[\d.]+)?\.(so|dylib|dll)$/), { global: true });

    const logType = koffi.proto('void llama_log(int level, const char *text, void *data)');
    const logPointer = koffi.register(log, koffi.pointer(logType));
    llama.func('llama_log_set', 'void', [koffi.pointer(logType), 'void *'])(logPointer, null);
    llama.func('void llama_backend_init()')();

    const params = koffi.struct('llama_model_quantize_params', PARAMS);
    const defaults = checkedDefaults(llama);
    const call = llama.func('llama_model_quantize', 'uint32_t', ['str', 'str', koffi.pointer(params)]);
    return {
      quantize: (input, output, options) =>
        new Promise((resolve, reject) => {
          const given = {
            ...defaults,
            nthread: options.threads,
            ftype: options.ftype,
            allow_requantize: options.allowRequantize,
            max_buf_size: options.bufferBytes,
          };
          call.async(input, output, given, (error: unknown, status: number) => {
            if (error === null || error === undefined) resolve(status);
            else reject(unusable(messageOf(error), error));
          });
        }),
    };
  } catch (error) {
    if (error instanceof GanglionError) throw error;
    throw unusable(messageOf(error), error);
  }
}

/**
 * A newer library may have other parameters; passing ours would then be read as something else. So its defaults must be
 * those we know. They are read into a struct with spare room, lest a larger one be written past the end of ours.
 */
function checkedDefaults(llama: ReturnType<typeof koffi.load>): Record<string, unknown> {
  const roomy = koffi.struct({ ...PARAMS, spare: koffi.array('uint8_t', 256) });
  const found = llama.func('llama_model_quantize_default_params', roomy, [])() as Record<string, unknown>;
  const defaults: Record<string, unknown> = {};
  for (const [name, expected] of Object.entries(DEFAULTS)) {
    const received = typeof found[name] === 'bigint' ? Number(found[name]) : found[name];
    if (received !== expected) {
      throw unusable(
        `its quantizer's default for ${name} is ${String(received)} instead of ${String(expected)}, so it is another version`,
      );
    }
    defaults[name] = found[name];
  }
  return defaults;
}

function binariesFolder(): string {
  const system =
    { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string] ?? process.platform;
  const arch = process.arch === 'arm' ? 'armv7l' : process.arch;
  const names = [`${system}-${arch}`, `${system}-${arch}-metal`];
  for (const name of names) {
    try {
      const entry = fileURLToPath(import.meta.resolve(`@node-llama-cpp/${name}`));
      return join(dirname(dirname(entry)), 'bins', name);
    } catch {
      // Not this one; the error below names both.
    }
  }
  throw unusable(
    `there is none for ${process.platform} on ${process.arch} (@node-llama-cpp/${names.join(' or ')})`,
  );
}

function find(folder: string, pattern: RegExp): string {
  const name = readdirSync(folder).find((file) => pattern.test(file));
  if (name === undefined) throw unusable(`${folder} has no file like ${String(pattern)}`);
  return join(folder, name);
}

function unusable(reason: string, cause?: unknown): GanglionError<'QUANTIZE_LIBRARY'> {
  return new GanglionError('QUANTIZE_LIBRARY', { reason }, { cause });
}
