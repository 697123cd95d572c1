/**
 * The workload that every system under test gets: climate sensors and plugs as Zigbee2MQTT shows them, and two rules per
 * sensor: above `HOT` its plug is turned on, below `COLD` off, each on the change from false to true.
 */
export interface Workload {
  /** One sensor, one plug and two rules each. */
  readonly pairs: number;
  /** Of the readings and states; commands always travel with QoS 1, as the daemon sends those it may repeat. */
  readonly qos: 0 | 1;
}

export const HOT = 25;
export const COLD = 20;
/**
 * Messages of one sensor from one `turn_on` to the next; a `turn_off` lies in between. One message in fifty is a command:
 * twenty a second at 1000 messages/s, still more than the busiest house sees.
 */
const PERIOD = 100;

export interface BenchRule {
  readonly sensor: string;
  readonly plug: string;
  readonly above: boolean;
  readonly limit: number;
  readonly state: 'ON' | 'OFF';
}

export function sensorName(index: number): string {
  return `climate_${String(index).padStart(3, '0')}`;
}

export function plugName(index: number): string {
  return `plug_${String(index).padStart(3, '0')}`;
}

export function rulesOf({ pairs }: Workload): BenchRule[] {
  return Array.from({ length: pairs }, (_, index): BenchRule[] => {
    const names = { sensor: sensorName(index), plug: plugName(index) };
    return [
      { ...names, above: true, limit: HOT, state: 'ON' },
      { ...names, above: false, limit: COLD, state: 'OFF' },
    ];
  }).flat();
}

export interface Step {
  readonly payload: string;
  /** The command this message must set off, if any. */
  readonly expect: 'ON' | 'OFF' | undefined;
}

/** The `step`th message of one sensor. One in fifty sets off a command; the sensors do so at different times. */
export function sensorMessage(index: number, step: number): Step {
  const phase = (step + index * 7) % PERIOD;
  const expect = step < 2 ? undefined : phase === PERIOD / 2 ? 'ON' : phase === 0 ? 'OFF' : undefined;
  // Between the limits a slow wave, so that every message brings news.
  const calm = 22.5 + 2 * Math.sin(step / 7 + index);
  const temperature = expect === 'ON' ? 27 + (step % 5) / 10 : expect === 'OFF' ? 17 + (step % 5) / 10 : calm;
  const payload = JSON.stringify({
    battery: 97,
    humidity: Math.round(4500 + 500 * Math.sin(step / 11 + index)) / 100,
    linkquality: 80 + ((step * 13 + index) % 60),
    pressure: 1013.2,
    temperature: Math.round(temperature * 100) / 100,
    voltage: 3000 - (step % 40),
  });
  return { payload, expect };
}
