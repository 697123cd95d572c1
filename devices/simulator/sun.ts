/** Where the simulated house stands, and when: mid-October at 52.5° north, sunrise about 6:30, sunset about 17:20 solar time. */
const LATITUDE = (52.5 * Math.PI) / 180;
const DECLINATION = (-9 * Math.PI) / 180;

/**
 * Height of the sun above the horizon in degrees at a local solar hour (0–24).
 * Source: the standard hour-angle formula, e.g. Meeus, Astronomical Algorithms, chapter 13.
 */
export function sunElevation(hour: number): number {
  const hourAngle = ((hour - 12) / 12) * Math.PI;
  const sine =
    Math.sin(LATITUDE) * Math.sin(DECLINATION) +
    Math.cos(LATITUDE) * Math.cos(DECLINATION) * Math.cos(hourAngle);
  return (Math.asin(sine) * 180) / Math.PI;
}

/**
 * Daylight outdoors in lux under a thinly clouded sky. Twilight falls by a factor of ten for each 3° below the
 * horizon; by day the light follows the sine of the elevation.
 */
export function daylight(elevation: number): number {
  if (elevation <= 0) return 400 * 10 ** (elevation / 3);
  return 400 + 60_000 * Math.sin((elevation * Math.PI) / 180);
}

/** Temperature outdoors in °C: coldest at five, warmest at three in the afternoon. */
export function outdoorTemperature(hour: number): number {
  return 9 + 4.5 * Math.cos(((hour - 15) / 24) * 2 * Math.PI);
}
