import type { HostFiles } from './files.ts';

export interface Thermal {
  /** Of the CPU's own zone, else the hottest; absent where there is no sensor. */
  readonly celsius?: number;
  /** Why the board runs slower than it could, or did since it started; empty: it does not. */
  readonly throttled: readonly (
    | 'under-voltage'
    | 'frequency-capped'
    | 'throttled'
    | 'soft-temperature-limit'
  )[];
  /** False where the board does not tell. */
  readonly throttleKnown: boolean;
}

/** Bits of the Raspberry Pi firmware's `get_throttled`: now (0–3); the same 16 higher: since it started. */
const PI_BITS = ['under-voltage', 'frequency-capped', 'throttled', 'soft-temperature-limit'] as const;

export function thermalOf(files: HostFiles): Thermal {
  const zones = files
    .list('sys/class/thermal')
    .filter((name) => name.startsWith('thermal_zone'))
    .map((name) => ({
      type: files.text(`sys/class/thermal/${name}/type`) ?? '',
      milli: files.number(`sys/class/thermal/${name}/temp`),
    }))
    .flatMap(({ type, milli }) => (milli === undefined ? [] : [{ type, celsius: milli / 1000 }]))
    // Jetsons have zones that read -256 °C while their part is switched off.
    .filter(({ celsius }) => celsius > -50 && celsius < 150);
  const cpu = zones.find(({ type }) => /cpu|soc|x86_pkg/i.test(type));
  const hottest = zones.reduce<number | undefined>(
    (max, zone) => Math.max(max ?? zone.celsius, zone.celsius),
    undefined,
  );
  const celsius = cpu?.celsius ?? hottest;
  const bits = throttleBits(files);
  return {
    ...(celsius === undefined ? {} : { celsius }),
    throttled: PI_BITS.filter((_, bit) => (((bits ?? 0) | ((bits ?? 0) >> 16)) & (1 << bit)) !== 0),
    throttleKnown: bits !== undefined,
  };
}

function throttleBits(files: HostFiles): number | undefined {
  const text =
    files.text('sys/devices/platform/soc/soc:firmware/get_throttled') ??
    files.text('sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled') ??
    files.text('sys/class/hwmon/hwmon0/get_throttled');
  return text !== undefined && /^(?:0x)?[0-9a-f]+$/i.test(text) ? parseInt(text, 16) : undefined;
}
