// A decoder: a device that publishes "21.5;48;1013" on weather/<name>. What it yields are observations; with an empty
// device and a whole property key the value goes exactly there: sensor.weather_garden.temperature, say.

/** @type {import('ganglion').Decoder} */
const csv = {
  dialect: 'csv-weather',
  topics: ['weather/+'],
  decode(message) {
    const name = message.topic
      .split('/')[1]
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_');
    const [temperature, humidity, pressure] = Buffer.from(message.payload)
      .toString('utf8')
      .split(';')
      .map(Number);
    return [
      { field: 'temperature', value: temperature, unit: '°C' },
      { field: 'humidity', value: humidity, unit: '%' },
      { field: 'pressure', value: pressure, unit: 'hPa' },
    ]
      .filter(({ value }) => Number.isFinite(value))
      .map(({ field, value, unit }) => ({
        device: '',
        field: `sensor.weather_${name}.${field}`,
        value,
        unit,
      }));
  },
};

/** @type {import('ganglion').Extension} */
export default { name: 'csv-weather', decoders: [csv] };
