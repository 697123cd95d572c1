import { GanglionError } from '../../../errors.ts';

/** What the grammar holds an answer to. */
const HELD = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'minProperties',
  'maxProperties',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'format',
  'enum',
  'const',
  'oneOf',
  'anyOf',
  '$ref',
  '$defs',
]);
/** What says nothing about which answers are valid. */
const NOTES = new Set([
  'title',
  'description',
  'default',
  'examples',
  '$schema',
  '$id',
  '$comment',
  'deprecated',
]);
const FORMATS = new Set(['date-time', 'time', 'date']);
const MAX_DEPTH = 32;

type Schema = Readonly<Record<string, unknown>>;

/**
 * The same schema in the words the grammar builder knows: `anyOf` as `oneOf`, notes left out.
 * Throws MODEL_QUESTION_INVALID for anything that would silently not be held to, naming where it stands.
 */
export function toSupportedSchema(schema: object, file: string): object {
  return convert(schema, { file, path: '#', depth: 0 });
}

interface Place {
  readonly file: string;
  readonly path: string;
  readonly depth: number;
}

function convert(schema: unknown, place: Place): object {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw unfit(place, 'a JSON schema object', JSON.stringify(schema) ?? 'nothing');
  if (place.depth > MAX_DEPTH) throw unfit(place, `schemas nested at most ${MAX_DEPTH} deep`, 'deeper ones');
  const from = schema as Schema;
  const unknown = Object.keys(from).find((key) => !HELD.has(key) && !NOTES.has(key));
  if (unknown !== undefined) throw unfit(place, `only the keywords ${[...HELD].join(', ')}`, unknown);
  const says = ['type', 'enum', 'const', 'oneOf', 'anyOf', '$ref'].some((key) => key in from);
  if (!says) throw unfit(place, 'a type, an enum, a const, oneOf, anyOf or $ref', 'none of them');
  if ('format' in from && !FORMATS.has(String(from['format'])))
    throw unfit(place, `the format ${[...FORMATS].join(', ')}`, String(from['format']));
  if ('oneOf' in from && 'anyOf' in from) throw unfit(place, 'oneOf or anyOf', 'both');
  if (typeof from['$ref'] === 'string' && !from['$ref'].startsWith('#/$defs/'))
    throw unfit(place, 'references into #/$defs/', from['$ref']);
  const rest =
    from['type'] === 'object' && !('properties' in from) && !('additionalProperties' in from)
      ? // Any object; the grammar builder would take it for one without members.
        { additionalProperties: true }
      : {};
  const held = Object.fromEntries(
    Object.entries(from).flatMap(([key, value]): [string, unknown][] => {
      if (NOTES.has(key)) return [];
      // Every property named is written, required or not: valid either way.
      if (key === 'required') return [];
      return [[key === 'anyOf' ? 'oneOf' : key, part(key, value, place)]];
    }),
  );
  return { ...held, ...rest };
}

function part(key: string, value: unknown, { file, path, depth }: Place): unknown {
  const at = (step: string): Place => ({ file, path: `${path}/${step}`, depth: depth + 1 });
  if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object'))
    return convert(value, at(key));
  if (key === 'oneOf' || key === 'anyOf' || key === 'prefixItems') {
    if (!Array.isArray(value)) throw unfit(at(key), 'a list', typeof value);
    return value.map((each, i) => convert(each, at(`${key}/${i}`)));
  }
  if (key === 'properties' || key === '$defs') {
    if (typeof value !== 'object' || value === null) throw unfit(at(key), 'an object', typeof value);
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, convert(each, at(`${key}/${name}`))]),
    );
  }
  return value;
}

function unfit({ file, path }: Place, expected: string, received: string): GanglionError {
  return new GanglionError('MODEL_QUESTION_INVALID', {
    file,
    expected: `${expected} at ${path} of the schema`,
    received: received.slice(0, 100),
  });
}
