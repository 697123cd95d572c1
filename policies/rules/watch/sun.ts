/** Degrees; north and east positive. */
export interface Site {
  readonly latitude: number;
  readonly longitude: number;
}

const DAY = 86_400_000;
const RAD = Math.PI / 180;
/** The upper rim of the sun on a flat horizon: 34′ of refraction and 16′ of radius. */
const HORIZON_ELEVATION = -0.833;

/**
 * Where the sun stands, in degrees: elevation above the horizon without refraction, azimuth clockwise from north.
 * Equations of the NOAA Solar Calculator (gml.noaa.gov/grad/solcalc/calcdetails.html), after Meeus, "Astronomical
 * Algorithms"; within 0.01° for 1901–2099.
 */
export function sunPosition(
  wall: number,
  { latitude, longitude }: Site,
): { elevation: number; azimuth: number } {
  const { declination, equationMin } = orbit(wall);
  const minutes = (((wall % DAY) + DAY) % DAY) / 60_000;
  const solar = (minutes + equationMin + 4 * longitude + 2880) % 1440;
  const hourAngle = solar / 4 - 180;
  const lat = latitude * RAD;
  const dec = declination * RAD;
  const sinElevation =
    Math.sin(lat) * Math.sin(dec) + Math.cos(lat) * Math.cos(dec) * Math.cos(hourAngle * RAD);
  const east = -Math.cos(dec) * Math.sin(hourAngle * RAD);
  const north = Math.sin(dec) * Math.cos(lat) - Math.cos(dec) * Math.sin(lat) * Math.cos(hourAngle * RAD);
  return {
    elevation: Math.asin(Math.min(1, Math.max(-1, sinElevation))) / RAD,
    azimuth: (Math.atan2(east, north) / RAD + 360) % 360,
  };
}

/** Sunrise or sunset of the solar day whose noon falls into a calendar day (days since 1970); NaN where there is none. */
export function sunEvent(day: number, rising: boolean, { latitude, longitude }: Site): number {
  const midday = day * DAY + DAY / 2 - longitude * 4 * 60_000;
  let moment = midday;
  // The declination at the event instead of at noon: the third pass moves it by less than a second.
  for (let pass = 0; pass < 3; pass++) {
    const { declination, equationMin } = orbit(moment);
    const lat = latitude * RAD;
    const dec = declination * RAD;
    const cosine =
      Math.sin(HORIZON_ELEVATION * RAD) / (Math.cos(lat) * Math.cos(dec)) - Math.tan(lat) * Math.tan(dec);
    if (!(cosine >= -1 && cosine <= 1)) return Number.NaN;
    const halfDayMin = (Math.acos(cosine) / RAD) * 4;
    moment = midday + (-equationMin + (rising ? -halfDayMin : halfDayMin)) * 60_000;
  }
  return moment;
}

/** Declination in degrees, and solar minus mean time in minutes. */
function orbit(wall: number): { declination: number; equationMin: number } {
  const century = (wall / DAY + 2440587.5 - 2451545) / 36525;
  const meanLongitude = (280.46646 + century * (36000.76983 + century * 0.0003032)) % 360;
  const anomaly = 357.52911 + century * (35999.05029 - 0.0001537 * century);
  const eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century);
  const center =
    Math.sin(anomaly * RAD) * (1.914602 - century * (0.004817 + 0.000014 * century)) +
    Math.sin(2 * anomaly * RAD) * (0.019993 - 0.000101 * century) +
    Math.sin(3 * anomaly * RAD) * 0.000289;
  const node = (125.04 - 1934.136 * century) * RAD;
  const longitude = meanLongitude + center - 0.00569 - 0.00478 * Math.sin(node);
  const meanObliquity =
    23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60;
  const obliquity = (meanObliquity + 0.00256 * Math.cos(node)) * RAD;
  const y = Math.tan(obliquity / 2) ** 2;
  const l = meanLongitude * RAD;
  const m = anomaly * RAD;
  const equation =
    y * Math.sin(2 * l) -
    2 * eccentricity * Math.sin(m) +
    4 * eccentricity * y * Math.sin(m) * Math.cos(2 * l) -
    0.5 * y * y * Math.sin(4 * l) -
    1.25 * eccentricity * eccentricity * Math.sin(2 * m);
  return {
    declination: Math.asin(Math.sin(obliquity) * Math.sin(longitude * RAD)) / RAD,
    equationMin: (4 * equation) / RAD,
  };
}
