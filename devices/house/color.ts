import { colorText, parseColor, type Rgb } from '../../runtime/contract/color.ts';

/** A colour as decoders hand it over: `xy:0.3,0.4`, `hs:120,100`, `rgb:255,0,0`, `hex:#ff0000`, or a bare name or hex. */
export function readColor(text: string): string | undefined {
  const cut = text.indexOf(':');
  const model = cut < 0 ? 'hex' : text.slice(0, cut);
  const rest = cut < 0 ? text : text.slice(cut + 1);
  if (model === 'hex') {
    const rgb = parseColor(rest);
    return rgb === undefined ? undefined : colorText(rgb);
  }
  const [a, b, c] = rest.split(',').map(Number);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return undefined;
  if (model === 'xy') return b === 0 ? undefined : colorText(rgbFromXy(a!, b!));
  if (model === 'hs') return colorText(rgbFromHs(a!, b!));
  return model === 'rgb' && Number.isFinite(c) ? colorText([a!, b!, c!]) : undefined;
}

/** CIE 1931 chromaticity → sRGB at full brightness (D65 matrix of IEC 61966-2-1). */
export function rgbFromXy(x: number, y: number): Rgb {
  const bigX = x / y;
  const bigZ = (1 - x - y) / y;
  const linear = [
    3.2404542 * bigX - 1.5371385 - 0.4985314 * bigZ,
    -0.969266 * bigX + 1.8760108 + 0.041556 * bigZ,
    0.0556434 * bigX - 0.2040259 + 1.0572252 * bigZ,
  ].map((channel) => Math.max(0, channel));
  const top = Math.max(...linear, 1e-9);
  const [r, g, b] = linear.map((channel) => Math.round(255 * gamma(channel / top)));
  return [r!, g!, b!];
}

/** sRGB → CIE 1931 chromaticity. Black, which has none, is the white point. */
export function xyFromRgb([r, g, b]: Rgb): readonly [number, number] {
  const red = linear(r / 255);
  const green = linear(g / 255);
  const blue = linear(b / 255);
  const x = 0.4124564 * red + 0.3575761 * green + 0.1804375 * blue;
  const y = 0.2126729 * red + 0.7151522 * green + 0.072175 * blue;
  const z = 0.0193339 * red + 0.119192 * green + 0.9503041 * blue;
  const sum = x + y + z;
  return sum === 0 ? [0.3127, 0.329] : [round4(x / sum), round4(y / sum)];
}

/** Hue 0–360°, saturation 0–100 % → sRGB at full brightness. */
export function rgbFromHs(hue: number, saturation: number): Rgb {
  const s = Math.min(100, Math.max(0, saturation)) / 100;
  const channel = (n: number): number => {
    const k = (n + hue / 60) % 6;
    return Math.round(255 * (1 - s * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

/** sRGB → hue 0–360°, saturation 0–100 %. */
export function hsFromRgb([r, g, b]: Rgb): readonly [number, number] {
  const top = Math.max(r, g, b);
  const span = top - Math.min(r, g, b);
  if (span === 0) return [0, 0];
  let hue: number;
  if (top === r) hue = ((g - b) / span) % 6;
  else if (top === g) hue = (b - r) / span + 2;
  else hue = (r - g) / span + 4;
  return [Math.round(((hue * 60 + 360) % 360) * 100) / 100, Math.round((span / top) * 10_000) / 100];
}

function gamma(channel: number): number {
  return channel <= 0.0031308 ? 12.92 * channel : 1.055 * channel ** (1 / 2.4) - 0.055;
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}

function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
