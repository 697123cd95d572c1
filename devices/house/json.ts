/** Reading JSON of unknown shape: each gives undefined (or nothing) where the value is something else. */
export type Json = Readonly<Record<string, unknown>>;

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text of at most 512 characters: names, topics, units. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 512 ? value : undefined;
}

export function texts(value: unknown): readonly string[] {
  return array(value)
    .slice(0, 256)
    .map((entry) => (typeof entry === 'number' || typeof entry === 'boolean' ? String(entry) : text(entry)))
    .filter((entry) => entry !== undefined);
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function bool(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}
