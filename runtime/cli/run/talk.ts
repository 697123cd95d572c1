import type { House } from '../../contract/house.ts';
import type { Style } from '../style.ts';
import { clean } from '../text.ts';

export interface TalkOptions {
  readonly node: string;
  readonly url: string | undefined;
  readonly brokerUrl: string | undefined;
  readonly house: House;
  readonly demo: boolean;
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
  lines.push(`  ask        ${program} ask "${request}"`);
  if (url !== undefined) lines.push(`  look       curl -s ${url}/v1/state`);
  const publish =
    options.brokerUrl === undefined ? undefined : publishExample(options.brokerUrl, options.demo);
  if (publish !== undefined) lines.push(`  publish    ${publish}`);
  lines.push(`  stop       Ctrl-C`);
  return lines;
}

function publishExample(brokerUrl: string, demo: boolean): string | undefined {
  let url: URL;
  try {
    url = new URL(brokerUrl);
  } catch {
    return undefined;
  }
  const where = `mosquitto_pub -h ${url.hostname} -p ${url.port === '' ? '1883' : url.port}`;
  // The button of the simulated hall is there for people to press.
  return demo
    ? `${where} -t zigbee2mqtt/hall_motion -m '{"occupancy":true,"illuminance":3}'`
    : `${where} -t zigbee2mqtt/hall_motion -m '{"occupancy":true}'`;
}
