import type { Point } from '../../runtime/contract/house.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { compileTemplate } from '../../runtime/lib/template.ts';
import { follow, parsePath, pathOfTemplate, type Path } from './path.ts';
import { isObject, scalarOf } from './wire.ts';

export interface Content {
  text(): string | undefined;
  scalar(): Value | undefined;
  /** Undefined where the payload is no JSON. */
  json(): unknown;
}

/** A point made ready: what it reads of a message, and which topics it is for. */
export interface CompiledPoint {
  readonly point: Point;
  /** Absent for a topic without wildcards. */
  readonly levels: readonly string[] | undefined;
  /** Device and field for a topic the filter matches. */
  match(topic: string): { readonly device: string; readonly field: string } | undefined;
  /** Throws GanglionError TEMPLATE_…. */
  read(content: Content): unknown;
}

/** Throws GanglionError TEMPLATE_… or POINT_INVALID. */
export function compilePoint(point: Point): CompiledPoint {
  const wild = point.topic.includes('+') || point.topic.endsWith('#');
  const levels = wild ? point.topic.split('/') : undefined;
  return {
    point,
    levels,
    match: (topic) => matchLevels(point, levels ?? [], topic),
    read: readerOf(point),
  };
}

function readerOf(point: Point): (content: Content) => unknown {
  const { template, path } = point;
  if (template !== undefined) {
    const direct = pathOfTemplate(template);
    if (direct !== undefined) return (content) => scalarAt(content, direct);
    const compiled = compileTemplate(template);
    const wantsJson = template.includes('value_json');
    return (content) => {
      const value = content.text();
      if (value === undefined && !wantsJson) return undefined;
      const text = compiled.render({ value, value_json: wantsJson ? content.json() : undefined }).trim();
      return scalarOf(text);
    };
  }
  if (path !== undefined) {
    const parsed = parsePath(path);
    if (parsed === undefined) throw new GanglionError('POINT_INVALID', { topic: point.topic, path });
    return (content) => scalarAt(content, parsed);
  }
  return (content) => content.scalar();
}

function scalarAt(content: Content, path: Path): unknown {
  const value = follow(content.json(), path);
  return isObject(value) ? colorOf(value) : value;
}

/** The one object that is one value: a colour in whichever model. */
function colorOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const { r, g, b, x, y, h, s } = value;
  const all = (...parts: readonly unknown[]): boolean => parts.every((part) => Number.isFinite(part));
  if (all(h, s)) return `hs:${String(h)},${String(s)}`;
  if (all(x, y)) return `xy:${String(x)},${String(y)}`;
  return all(r, g, b) ? `rgb:${String(r)},${String(g)},${String(b)}` : undefined;
}

function matchLevels(
  point: Point,
  filter: readonly string[],
  topic: string,
): { readonly device: string; readonly field: string } | undefined {
  const levels = topic.split('/');
  const bound: string[] = [];
  for (const [i, level] of filter.entries()) {
    if (level === '#') return fill(point, bound);
    const here = levels[i];
    if (here === undefined || (level !== '+' && level !== here)) return undefined;
    if (level === '+') bound.push(here);
  }
  return levels.length === filter.length ? fill(point, bound) : undefined;
}

/** `{1}` is the first wildcard's level, as an id may hold it. */
function fill(point: Point, bound: readonly string[]): { device: string; field: string } {
  const put = (text: string): string =>
    text.replaceAll(/\{(\d)\}/g, (all, digit: string) => {
      const level = bound[Number(digit) - 1];
      return level === undefined ? all : slugify(level).slice(0, 64);
    });
  return { device: put(point.device), field: put(point.field) };
}
