/** `light.*` matches whatever starts with `light.`; `*` everything; without `*` the whole text must be equal. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some(
    (pattern) => pattern === text || (pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1))),
  );
}
