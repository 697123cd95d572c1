/** The address, or undefined if it is none. `base`: what a relative one is relative to. */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
