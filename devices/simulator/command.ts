/** Longer payloads are nobody's command. */
const MAX_PAYLOAD_BYTES = 16_384;

export interface DeviceCommand {
  /** Friendly name. */
  readonly device: string;
  /** Undefined for a `/get`. */
  readonly set: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads `<base>/<name>/set`, `<base>/<name>/set/<attribute>` and `<base>/<name>/get`. The payload of a set is JSON,
 * or a bare word for the state. Undefined for anything else.
 */
export function parseCommand(
  base: string,
  topic: string,
  payload: string | Uint8Array,
): DeviceCommand | undefined {
  if (!topic.startsWith(`${base}/`) || payload.length > MAX_PAYLOAD_BYTES) return undefined;
  const path = topic.slice(base.length + 1);
  const match = /^(?<device>[^+#]{1,200}?)\/(?<verb>set|get)(?:\/(?<attribute>[a-z_]{1,40}))?$/.exec(path);
  const device = match?.groups?.['device'];
  if (match === null || device === undefined) return undefined;
  if (match.groups?.['verb'] === 'get') return { device, set: undefined };
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
  const value = parseValue(text);
  const attribute = match.groups?.['attribute'];
  if (attribute !== undefined) return { device, set: plain([[attribute, value]]) };
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { device, set: plain(Object.entries(value)) };
  return typeof value === 'string' ? { device, set: plain([['state', value]]) } : undefined;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}

/** An object without a prototype, so that no field a stranger sends is mistaken for an inherited one. */
function plain(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of entries) result[name] = value;
  return result;
}
