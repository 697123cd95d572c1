/** (red, green, blue), each 0–255 */
export type Rgb = readonly [number, number, number];

/**
 * Colour names people and models use, as a lamp shows them: the hue at full brightness, because brightness is a
 * property of its own. The first name of a colour is the one that is reported.
 */
const NAMES: Readonly<Record<string, Rgb>> = {
  red: [255, 0, 0],
  green: [0, 255, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
  orange: [255, 140, 0],
  purple: [148, 0, 255],
  pink: [255, 130, 180],
  cyan: [0, 255, 255],
  magenta: [255, 0, 255],
  white: [255, 255, 255],
  turquoise: [72, 255, 235],
  teal: [0, 255, 200],
  violet: [190, 110, 255],
  lavender: [200, 180, 255],
  gold: [255, 200, 0],
  coral: [255, 127, 80],
  salmon: [255, 145, 130],
  lime: [130, 255, 0],
  indigo: [90, 0, 255],
  brown: [255, 80, 30],
};

export const COLOR_NAMES: readonly string[] = Object.keys(NAMES);

const HEX = /^#?([0-9a-f]{6})$/i;

/** `red`, `#ff0000`, `ff0000` → (255, 0, 0). Undefined for anything else. */
export function parseColor(text: string): Rgb | undefined {
  const name = text.trim().toLowerCase();
  if (Object.hasOwn(NAMES, name)) return NAMES[name];
  const hex = HEX.exec(name)?.[1];
  if (hex === undefined) return undefined;
  const bits = Number.parseInt(hex, 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

/** Brightest channel at 255. Black stays black. */
export function fullBright(rgb: Rgb): Rgb {
  const top = Math.max(rgb[0], rgb[1], rgb[2]);
  return top === 0 || top === 255 ? rgb : [(rgb[0] * 255) / top, (rgb[1] * 255) / top, (rgb[2] * 255) / top];
}

/** Largest channel difference of the two hues at full brightness, 0–255. */
function distance(a: Rgb, b: Rgb): number {
  const x = fullBright(a);
  const y = fullBright(b);
  return Math.max(Math.abs(x[0] - y[0]), Math.abs(x[1] - y[1]), Math.abs(x[2] - y[2]));
}

/** Lamps round coordinates to a byte each and gamuts clip; this is what that costs at worst. */
const SAME = 14;

/** Whether a lamp that shows one also shows the other: names and hexadecimal, brightness apart, within rounding. */
export function sameColor(a: string, b: string): boolean {
  if (a === b) return true;
  const x = parseColor(a);
  const y = parseColor(b);
  return x !== undefined && y !== undefined && distance(x, y) <= SAME;
}

/** The name of a colour that has one, else `#rrggbb`. */
export function colorText(rgb: Rgb): string {
  for (const name of COLOR_NAMES) if (distance(rgb, NAMES[name]!) <= 6) return name;
  const byte = (channel: number): string =>
    Math.min(255, Math.max(0, Math.round(channel)))
      .toString(16)
      .padStart(2, '0');
  return `#${byte(rgb[0])}${byte(rgb[1])}${byte(rgb[2])}`;
}
