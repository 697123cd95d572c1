import type { House } from '../../contract/house.ts';
import type { Style } from '../style.ts';
import { clean } from '../text.ts';

export interface TalkOptions {
  readonly node: string;
  readonly url: string | undefined;
  readonly brokerUrl: string | undefined;
  readonly house: House;
  readonly demo: boolean;
  /** To be named with every command; undefined where the commands find the daemon by themselves. */
  readonly configFile: string | undefined;
  /** How this user calls the program: `ganglion`, or through npm. */
  readonly program: string;
}

/** The lines that say how to talk to a daemon that has just started. */
export function talkLines(options: TalkOptions, style: Style): string[] {
  const { url, program, house } = options;
  const light = [...house.entities()].find(
    (entity) => entity.kind === 'light' && entity.commands.includes('turn_on'),
  );
  const request = `turn on the ${clean(light?.name ?? 'kitchen light')
    .replaceAll('"', '')
    .toLowerCase()}`;
  const lines = [
    `${style.bold(`Ganglion ${clean(options.node)}`)} is up${options.demo ? style.warn(' with a SIMULATED house') : ''}.`,
  ];
  if (url !== undefined) lines.push(`  dashboard  ${style.accent(`${url}/`)}`);
  const config = options.configFile === undefined ? '' : ` --config ${options.configFile}`;
  lines.push(`  ask        ${program} ask${config} "${request}"`);
  if (url !== undefined) lines.push(`  look       curl -s ${url}/v1/state`);
  const publish = publishExample(options);
  if (publish !== undefined) lines.push(`  publish    ${publish}`);
  lines.push(`  stop       Ctrl-C`);
  return lines;
}

/** The motion sensor of the simulated hall; it announces itself a moment after the start. */
const DEMO_SENSOR = 'zigbee2mqtt/hall_sensor';

/** A motion message as Zigbee2MQTT would publish it, for a sensor this house has. */
function publishExample({ brokerUrl, house, demo }: TalkOptions): string | undefined {
  const sensor = [...house.entities()].find(
    ({ id, device }) => id.endsWith('_occupancy') && /^zigbee2mqtt\/[\w/.-]+$/.test(device),
  );
  const topic = demo ? DEMO_SENSOR : sensor?.device;
  if (brokerUrl === undefined || topic === undefined || !URL.canParse(brokerUrl)) return undefined;
  const { hostname, port } = new URL(brokerUrl);
  const where = `-h ${hostname} -p ${port === '' ? '1883' : port}`;
  return `mosquitto_pub ${where} -t ${topic} -m '{"occupancy":true,"illuminance":3}'`;
}
