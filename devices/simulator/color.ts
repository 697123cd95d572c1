/** A colour as Zigbee2MQTT publishes it: CIE 1931 xy besides hue (0–360) and saturation (0–100). */
export interface ColorState {
  readonly x: number;
  readonly y: number;
  readonly hue: number;
  readonly saturation: number;
}

type Rgb = readonly [number, number, number];

/** Reads `{hex}`, `{r,g,b}`, `{hue,saturation}`, `{h,s}` or `{x,y}`; undefined for anything else. */
export function readColor(input: unknown): ColorState | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(input).slice(0, 8));
  const number = (...names: string[]): number | undefined => {
    for (const name of names) {
      const value = fields.get(name);
      if (typeof value === 'number' && Number.isFinite(value)) return value;
    }
    return undefined;
  };
  const hex = fields.get('hex');
  const match = typeof hex === 'string' ? /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex) : null;
  if (match !== null) {
    return fromRgb([parseInt(match[1]!, 16), parseInt(match[2]!, 16), parseInt(match[3]!, 16)]);
  }
  const [r, g, b] = [number('r'), number('g'), number('b')];
  if (r !== undefined && g !== undefined && b !== undefined) return fromRgb([r, g, b]);
  const [hue, saturation] = [number('hue', 'h'), number('saturation', 's')];
  if (hue !== undefined && saturation !== undefined) {
    return fromRgb(rgbOf(((hue % 360) + 360) % 360, Math.min(100, Math.max(0, saturation))));
  }
  const [x, y] = [number('x'), number('y')];
  if (x !== undefined && y !== undefined && x >= 0 && y > 0 && x <= 1 && y <= 1) {
    return { x, y, ...hueOf(rgbOfXy(x, y)) };
  }
  return undefined;
}

function fromRgb(rgb: Rgb): ColorState {
  const [r, g, b] = rgb.map((channel) => linear(Math.min(255, Math.max(0, channel)) / 255)) as unknown as Rgb;
  // sRGB to CIE XYZ under D65 (IEC 61966-2-1).
  const x = 0.4124 * r + 0.3576 * g + 0.1805 * b;
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const z = 0.0193 * r + 0.1192 * g + 0.9505 * b;
  const sum = x + y + z;
  const xy = sum === 0 ? { x: 0.3127, y: 0.329 } : { x: round(x / sum), y: round(y / sum) };
  return { ...xy, ...hueOf(rgb) };
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}

function gamma(channel: number): number {
  const clipped = Math.min(1, Math.max(0, channel));
  return clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055;
}

function rgbOfXy(x: number, y: number): Rgb {
  const [bigX, bigZ] = [x / y, (1 - x - y) / y];
  const r = 3.2406 * bigX - 1.5372 - 0.4986 * bigZ;
  const g = -0.9689 * bigX + 1.8758 + 0.0415 * bigZ;
  const b = 0.0557 * bigX - 0.204 + 1.057 * bigZ;
  const peak = Math.max(r, g, b, 1e-6);
  return [gamma(r / peak) * 255, gamma(g / peak) * 255, gamma(b / peak) * 255];
}

function rgbOf(hue: number, saturation: number): Rgb {
  const channel = (n: number): number => {
    const k = (n + hue / 60) % 6;
    return 255 * (1 - (saturation / 100) * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

function hueOf([r, g, b]: Rgb): { hue: number; saturation: number } {
  const max = Math.max(r, g, b);
  const span = max - Math.min(r, g, b);
  if (span === 0) return { hue: 0, saturation: 0 };
  let sector = (r - g) / span + 4;
  if (max === r) sector = (g - b) / span;
  else if (max === g) sector = (b - r) / span + 2;
  return { hue: Math.round((sector * 60 + 360) % 360), saturation: Math.round((100 * span) / max) };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
