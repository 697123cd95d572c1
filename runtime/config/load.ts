import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { GanglionError, messageOf } from '../errors.ts';
import { fileReason } from '../lib/file-reason.ts';
import { isModelReference, parseModelReference } from '../modelhost/pull/reference.ts';
import { problemsOf } from './problems.ts';
import { configSchema } from './schema.ts';
import type { ConfigValues } from './schema.ts';

/** A checked configuration with every default filled in and every path absolute. Frozen. */
export interface Config extends ConfigValues {
  /** The file it came from; undefined when built in code. */
  readonly file: string | undefined;
}

/**
 * Reads YAML of at most 1 MiB into plain data.
 * @throws GanglionError CONFIG_UNREADABLE, CONFIG_SYNTAX
 */
export function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new GanglionError('CONFIG_UNREADABLE', { file, reason: fileReason(error) }, { cause: error });
  }
  return parseYaml(text, file);
}

/** @throws GanglionError CONFIG_SYNTAX */
export function parseYaml(text: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    throw new GanglionError('CONFIG_SYNTAX', {
      file,
      line: lines.linePos(error.pos[0]).line,
      reason: error.message,
    });
  }
  try {
    // A bound on aliases keeps a "billion laughs" file from growing.
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    throw new GanglionError('CONFIG_SYNTAX', { file, line: 1, reason: messageOf(cause) }, { cause });
  }
}

/** @throws GanglionError CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_INVALID (naming every problem) */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  return checkConfig(readYaml(path) ?? {}, { file: path });
}

/**
 * Checks a configuration built in code; relative paths are taken from `baseDir`, or from the file's folder.
 * @throws GanglionError CONFIG_INVALID
 */
export function checkConfig(input: unknown, options: { file?: string; baseDir?: string } = {}): Config {
  const result = configSchema.safeParse(input);
  const name = options.file ?? 'The configuration';
  const problems = result.success ? [] : problemsOf(result.error, configSchema, input);
  if (result.success) problems.push(...crossChecks(result.data));
  if (!result.success || problems.length > 0)
    throw new GanglionError('CONFIG_INVALID', { file: name, problems });
  const base = options.baseDir ?? (options.file === undefined ? process.cwd() : dirname(options.file));
  return deepFreeze({ ...absolutePaths(result.data, base), file: options.file });
}

/** What a schema cannot say: keys that only make sense together. */
function crossChecks(config: ConfigValues): string[] {
  const problems: string[] = [];
  if (!isLoopback(config.http.listen) && config.http.token === undefined) {
    problems.push(
      `http.token: Expected a token of at least 16 characters because http.listen is ${config.http.listen}, which others can reach, but received nothing`,
    );
  }
  const file = config.model?.file;
  if (file !== undefined && isModelReference(file)) {
    try {
      parseModelReference(file);
    } catch (error) {
      problems.push(`model.file: ${messageOf(error)}`);
    }
  }
  const broker = config.broker;
  if (
    typeof broker === 'object' &&
    'embedded' in broker &&
    !isLoopback(broker.embedded.listen) &&
    Object.keys(broker.embedded.users).length === 0
  ) {
    problems.push(
      `broker.embedded.users: Expected at least one user because broker.embedded.listen is ${broker.embedded.listen}, which others can reach, but received none`,
    );
  }
  return problems;
}

/** `127.0.0.1:1883`, `localhost:80`, `[::1]:80`. */
export function isLoopback(listen: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(listen);
}

function absolutePaths(config: ConfigValues, base: string): ConfigValues {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(base, path));
  const modelFiles = ({ file, lora }: ConfigValues['models'][string]) => ({
    file: isModelReference(file) ? file : absolute(file),
    lora: lora.map((adapter) => ({ ...adapter, file: absolute(adapter.file) })),
  });
  const broker = config.broker;
  return {
    ...config,
    data: absolute(config.data),
    ...(config.house === undefined ? {} : { house: absolute(config.house) }),
    ...(config.policies === undefined ? {} : { policies: absolute(config.policies) }),
    ...(config.models_folder === undefined ? {} : { models_folder: absolute(config.models_folder) }),
    ...(config.model === undefined ? {} : { model: { ...config.model, ...modelFiles(config.model) } }),
    models: Object.fromEntries(
      Object.entries(config.models).map(([name, model]) => [name, { ...model, ...modelFiles(model) }]),
    ),
    broker:
      typeof broker === 'object' && 'url' in broker
        ? {
            ...broker,
            ...(broker.ca === undefined ? {} : { ca: absolute(broker.ca) }),
            ...(broker.cert === undefined ? {} : { cert: absolute(broker.cert) }),
            ...(broker.key === undefined ? {} : { key: absolute(broker.key) }),
          }
        : broker,
    ...(config.sources === undefined
      ? {}
      : {
          sources: config.sources.map((source) =>
            'replay' in source
              ? { replay: { ...source.replay, file: absolute(source.replay.file) } }
              : source,
          ),
        }),
    extensions: config.extensions.map((name) =>
      name.startsWith('.') || isAbsolute(name) ? absolute(name) : name,
    ),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
