/** The plain unit a wire unit becomes: °F → °C (the value is converted with it), the rest as it is. */
export function sensorUnit(unit: string | undefined): string | undefined {
  if (unit === undefined || unit === '') return undefined;
  return unit === '°F' || unit === 'F' ? '°C' : unit;
}

/** Units of well-known fields, for dialects that do not say them. */
const UNITS: Readonly<Record<string, string>> = {
  temperature: '°C',
  device_temperature: '°C',
  dewpoint: '°C',
  humidity: '%',
  soil_moisture: '%',
  battery: '%',
  pressure: 'hPa',
  illuminance: 'lx',
  illuminance_lux: 'lx',
  power: 'W',
  apparent_power: 'VA',
  reactive_power: 'var',
  energy: 'kWh',
  energy_today: 'kWh',
  energy_yesterday: 'kWh',
  voltage: 'V',
  current: 'A',
  frequency: 'Hz',
  co2: 'ppm',
  eco2: 'ppm',
  tvoc: 'ppb',
  voc: 'ppb',
  pm25: 'µg/m³',
  pm10: 'µg/m³',
  linkquality: 'lqi',
  rssi: 'dBm',
};

export function knownUnit(property: string): string | undefined {
  return Object.hasOwn(UNITS, property) ? UNITS[property] : undefined;
}
